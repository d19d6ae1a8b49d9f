import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Prefix, prefix } from '../src/prefix.ts';
import { PrefixTable } from '../src/prefix-table.ts';
import { addressBytes, seeded } from './many.ts';

/** Few different bits in few different places, so that prefixes meet, part and are found again. */
const bits = fc.oneof(fc.constantFrom(0, 0x80, 0x81, 0xc0, 0xff), fc.nat(255));
const prefixes = fc
  .tuple(fc.constantFrom(4, 16), bits, bits, bits, fc.nat(128))
  .map(([size, a, b, c, length]) => {
    const bytes = new Uint8Array(size);
    bytes.set([a, b], 0);
    bytes[size - 1] = c;
    return prefix(bytes, length % (size * 8 + 1), { clear: true });
  });

/** The table's promise in its plainest form. */
class Model {
  readonly map = new Map<string, [Prefix, number]>();
  longest(address: Uint8Array): [Prefix, number] | undefined {
    let best: [Prefix, number] | undefined;
    for (const entry of this.map.values()) {
      if (entry[0].contains(address) && (best === undefined || entry[0].length > best[0].length))
        best = entry;
    }
    return best;
  }
  sorted(): [string, number][] {
    return [...this.map.values()].sort(([a], [b]) => a.compare(b)).map(([p, value]) => [String(p), value]);
  }
}

const shown = (table: PrefixTable<number>): [string, number][] =>
  Array.from(table, ([p, value]) => [String(p), value]);

describe('PrefixTable', () => {
  it('finds the longest prefix', () => {
    const table = new PrefixTable<string>([
      ['0.0.0.0/0', 'default'],
      ['10.0.0.0/8', 'ten'],
      ['10.1.0.0/16', 'one'],
      [prefix('10.1.2.3/32'), 'host'],
      ['2001:db8::/32', 'documentation'],
    ]);
    expect(table.lookup('192.0.2.1')).toBe('default');
    expect(table.lookup('10.2.0.1')).toBe('ten');
    expect(table.lookup('10.1.2.4')).toBe('one');
    expect(table.lookup(Uint8Array.of(10, 1, 2, 3))).toBe('host');
    expect(table.lookup('2001:db8::1%eth0')).toBe('documentation');
    expect(table.lookup('2001:db9::1')).toBeUndefined();
    expect(table.match('2001:db9::1')).toBeUndefined();
    const [found, value] = table.match('10.1.255.255') ?? [];
    expect([String(found), value]).toEqual(['10.1.0.0/16', 'one']);
    expect(table.get('10.0.0.0/8')).toBe('ten');
    expect(table.get('10.0.0.0/9')).toBeUndefined();
    expect(table.size).toBe(5);
  });

  it('keeps undefined as a value', () => {
    const table = new PrefixTable<undefined>([['10.0.0.0/8', undefined]]);
    expect(table.has('10.0.0.0/8')).toBe(true);
    expect(table.size).toBe(1);
    expect(table.match('10.0.0.1')).toHaveLength(2);
    expect(table.delete('10.0.0.0/8')).toBe(true);
    expect(table.has('10.0.0.0/8')).toBe(false);
  });

  it('may change while it is gone through', () => {
    const table = new PrefixTable<number>([
      ['10.0.0.0/8', 1],
      ['11.0.0.0/8', 2],
      ['::/0', 3],
    ]);
    for (const [p] of table) table.delete(p);
    expect(table.size).toBe(0);
    expect([...table]).toEqual([]);
  });

  it.each([
    ['lookup', 5, 'ERR_INVALID_ARG_TYPE'],
    ['lookup', '10.0.0', 'ERR_INVALID_ARG_VALUE'],
    ['lookup', new Uint8Array(6), 'ERR_INVALID_ARG_VALUE'],
    ['match', null, 'ERR_INVALID_ARG_TYPE'],
    ['get', '10.0.0.1', 'ERR_INVALID_ARG_VALUE'],
    ['set', '10.0.0.1/8', 'ERR_INVALID_ARG_VALUE'],
    ['delete', {}, 'ERR_INVALID_ARG_TYPE'],
    ['has', 7, 'ERR_INVALID_ARG_TYPE'],
  ] as const)('%s(%j) throws %s', (method, argument, name) => {
    const table = new PrefixTable<number>();
    expect(() => table[method](argument as never, 0)).toThrow(expect.objectContaining({ code: name }));
    expect(table.size).toBe(0);
  });

  it('does what a plain map does, step by step', () => {
    const step = fc.record({
      what: fc.constantFrom('set', 'set', 'delete'),
      which: fc.nat(29),
      value: fc.nat(),
    });
    fc.assert(
      fc.property(
        fc.array(prefixes, { minLength: 1, maxLength: 30 }),
        fc.array(step, { maxLength: 80 }),
        (pool, steps) => {
          const table = new PrefixTable<number>();
          const model = new Model();
          for (const { what, which, value } of steps) {
            const p = pool[which % pool.length]!;
            if (what === 'set') {
              table.set(p, value);
              model.map.set(String(p), [p, value]);
            } else expect(table.delete(String(p))).toBe(model.map.delete(String(p)));
            expect(table.size).toBe(model.map.size);
            for (const each of pool) {
              expect(table.get(each)).toBe(model.map.get(String(each))?.[1]);
              expect(table.has(each)).toBe(model.map.has(String(each)));
              for (const address of [each.bytes, each.last()]) {
                const [found, want] = [table.match(address), model.longest(address)];
                expect(found && [String(found[0]), found[1]]).toEqual(want && [String(want[0]), want[1]]);
                expect(table.lookup(address)).toBe(want?.[1]);
              }
            }
            expect(shown(table)).toEqual(model.sorted());
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('does so when it is large', () => {
    const random = seeded(3);
    // Many short ones, which lie over parts of the jump table, and longer ones below the same few.
    const some = (): Prefix => {
      const size = random(2) ? 4 : 16;
      const bytes = Uint8Array.from({ length: size }, (_, i) => (i === 0 ? random(256) : random(4) * 0x41));
      return prefix(bytes, random(3) ? random(18) : random(size * 8 + 1), { clear: true });
    };
    const table = new PrefixTable<number>();
    const model = new Map<string, number>();
    const longest = (address: Uint8Array): number | undefined => {
      for (let length = address.length * 8; length >= 0; length--) {
        const value = model.get(String(prefix(address, length, { clear: true })));
        if (value !== undefined) return value;
      }
      return undefined;
    };
    let found = 0;
    for (let i = 0; i < 40_000; i++) {
      const p = some();
      // It grows to thousands, shrinks to next to nothing, and grows again.
      if (random(100) < (i % 20_000 < 14_000 ? 90 : 5)) {
        table.set(p, i);
        model.set(String(p), i);
      } else {
        const [first] = i % 2 ? [p] : model.keys();
        if (first !== undefined) expect(table.delete(first)).toBe(model.delete(String(first)));
      }
      if (i % 8 === 0) {
        const { bytes } = some();
        const value = longest(bytes);
        if (value !== undefined) found++;
        expect(table.lookup(bytes)).toBe(value);
      }
    }
    expect(found).toBeGreaterThan(1000);
    expect(table.byteLength).toBeGreaterThan(2 * 2 ** 18);
    expect(new Map(shown(table))).toEqual(model);
  });

  it('gives back what deletions leave, and goes on', () => {
    const table = new PrefixTable<number>();
    const nth = (n: number): string => `10.${n >> 8}.${n & 255}.0/24`;
    for (let n = 0; n < 10_000; n++) table.set(nth(n), n);
    const full = table.byteLength;
    expect(full).toBeGreaterThan(2 ** 18);
    for (let n = 0; n < 10_000; n++) {
      if (n % 1000 !== 0) expect(table.delete(nth(n))).toBe(true);
      // At most 4n nodes of 28 bytes in arrays that are at most half empty, the jump table, and an empty table of IPv6.
      if (n % 500 === 0) expect(table.byteLength).toBeLessThan(table.size * 4 * 2 * 28 + 2 ** 18 + 1000);
    }
    expect(table.byteLength).toBeLessThan(4000);
    expect(shown(table).map(([, value]) => value)).toEqual(Array.from({ length: 10 }, (_, n) => n * 1000));
    for (let n = 0; n < 10_000; n++) table.set(nth(n), -n);
    for (let n = 0; n < 10_000; n++) if (table.lookup(`10.${n >> 8}.${n & 255}.9`) !== -n) expect(n).toBe(-1);
    expect(table.byteLength).toBe(full);
  });

  it('holds 100 000 prefixes of each version, in the memory that it states, and lets go of it', () => {
    const random = seeded(7);
    for (const size of [4, 16]) {
      const table = new PrefixTable<number>();
      const all: Prefix[] = [];
      while (table.size < 100_000) {
        const bytes = addressBytes(random);
        const p = prefix(
          bytes
            .slice(size === 4 ? 12 : 0)
            .map((byte, i) => (size === 4 ? byte ^ random(256) : i ? byte : 32)),
          8 + random(size * 8 - 7),
          {
            clear: true,
          },
        );
        if (table.has(p)) continue;
        all.push(p);
        table.set(p, table.size);
      }
      expect(all).toHaveLength(100_000);
      all.forEach((p, i) => {
        if (table.get(p) !== i) expect(table.get(p)).toBe(i);
      });
      // Fewer than 2n nodes, of 28 or 40 bytes with the value, in arrays that are at most half empty, and the jump table.
      expect(table.byteLength).toBeLessThan(100_000 * 2 * 2 * (size === 4 ? 28 : 40) + 2 ** 18);
      const before = table.byteLength;
      for (const p of all) if (!table.delete(p)) expect(String(p)).toBe('deleted');
      expect([...table]).toEqual([]);
      // Freed nodes are taken again.
      all.forEach((p, i) => {
        table.set(p, i);
      });
      expect(table.byteLength).toBe(before);
      table.clear();
      expect(table.size).toBe(0);
      expect(table.byteLength).toBeLessThan(1000);
    }
  });
});
