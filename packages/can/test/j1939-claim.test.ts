import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CANNOT_CLAIM_DELAY, CLAIM_TIME, type ClaimAction, ClaimMachine } from '../src/j1939/claim.ts';

const machine = (name: bigint, ...addresses: number[]): ClaimMachine =>
  new ClaimMachine({ name, addresses, random: () => 0.5 });

/** One that has claimed its first address at the time 0 + 250. */
function claimed(name: bigint, ...addresses: number[]): ClaimMachine {
  const one = machine(name, ...addresses);
  one.start(0);
  one.sent(0);
  expect(one.tick(CLAIM_TIME)).toEqual([{ do: 'claimed', address: addresses[0] }]);
  return one;
}

describe('the claim of an address', () => {
  it('is sent, and stands when nobody has contested it for 250 ms after it was on the bus', () => {
    const one = machine(5n, 0x80);
    expect(one.state).toBe('idle');
    expect(one.start(1000)).toEqual([{ do: 'claim', address: 0x80 }]);
    expect([one.state, one.address, one.due]).toEqual(['claiming', 0x80, 1250]);
    one.sent(1100);
    expect(one.due).toBe(1350);
    expect(one.tick(1349)).toEqual([]);
    expect(one.tick(1350)).toEqual([{ do: 'claimed', address: 0x80 }]);
    expect([one.state, one.due, one.holder(0x80)]).toEqual(['claimed', undefined, 5n]);
  });

  it('is sent again to a higher NAME, at any time', () => {
    const one = machine(5n, 0x80);
    one.start(0);
    expect(one.heard({ name: 6n, address: 0x80 }, 100)).toEqual([{ do: 'claim', address: 0x80 }]);
    expect(one.state).toBe('claiming');
    one.sent(100);
    expect(one.tick(250)).toEqual([]);
    expect(one.tick(350)).toEqual([{ do: 'claimed', address: 0x80 }]);
    expect(one.heard({ name: 6n, address: 0x80 }, 9000)).toEqual([{ do: 'claim', address: 0x80 }]);
    expect(one.heard({ name: 1n, address: 0x81 }, 9001)).toEqual([]);
    expect(one.state).toBe('claimed');
  });

  it('is lost to a lower NAME: the next address is tried, and at last "cannot claim" is said, after a delay', () => {
    const one = claimed(5n, 0x80, 0x81);
    expect(one.heard({ name: 4n, address: 0x80 }, 1000)).toEqual([
      { do: 'lost', address: 0x80, to: 4n },
      { do: 'claim', address: 0x81 },
    ]);
    expect(one.heard({ name: 3n, address: 0x81 }, 1100)).toEqual([
      { do: 'lost', address: 0x81, to: 3n },
      { do: 'failed' },
    ]);
    expect([one.state, one.address, one.due]).toEqual([
      'cannot-claim',
      undefined,
      1100 + CANNOT_CLAIM_DELAY / 2,
    ]);
    expect(one.tick(1100)).toEqual([]);
    expect(one.tick(1200)).toEqual([{ do: 'cannot-claim' }]);
    expect(one.due).toBeUndefined();
    // One of them is given up by its holder.
    expect(one.heard({ name: 3n, address: 0xfe }, 2000)).toEqual([]);
    expect(one.start(2001)).toEqual([{ do: 'claim', address: 0x81 }]);
  });

  it('leaves out what lower NAMEs are known to have, and moves to what nobody has before it contests', () => {
    const one = machine(5n, 0x80, 0x81, 0x82, 0x83);
    one.heard({ name: 1n, address: 0x80 }, 0);
    expect(one.start(1)).toEqual([{ do: 'claim', address: 0x81 }]);
    one.heard({ name: 9n, address: 0x82 }, 2);
    expect(one.heard({ name: 2n, address: 0x81 }, 3)[1]).toEqual({ do: 'claim', address: 0x83 });
    expect(one.heard({ name: 3n, address: 0x83 }, 4)[1]).toEqual({ do: 'claim', address: 0x82 });
  });

  it('is told to who asks: the address, or that there is none, or nothing before it began', () => {
    const one = machine(5n, 0x80);
    expect(one.requested(0)).toEqual([]);
    one.start(0);
    expect(one.requested(1)).toEqual([{ do: 'claim', address: 0x80 }]);
    one.heard({ name: 4n, address: 0x80 }, 2);
    one.tick(200);
    expect(one.due).toBeUndefined();
    expect(one.requested(300)).toEqual([]);
    expect(one.requested(310)).toEqual([]);
    expect(one.due).toBe(300 + CANNOT_CLAIM_DELAY / 2);
    expect(one.tick(400)).toEqual([{ do: 'cannot-claim' }]);
  });

  it('ends silently when another has the NAME; who has claimed says so, not too often', () => {
    const late = machine(5n, 0x80);
    late.start(0);
    expect(late.heard({ name: 5n, address: 0x81 }, 10)).toEqual([{ do: 'duplicate', address: 0x81 }]);
    expect([late.state, late.due]).toEqual(['stopped', undefined]);
    expect(late.requested(11)).toEqual([]);
    expect(late.heard({ name: 4n, address: 0x80 }, 12)).toEqual([]);
    const early = claimed(5n, 0x80);
    const duplicate: ClaimAction = { do: 'duplicate', address: 0x81 };
    expect(early.heard({ name: 5n, address: 0x81 }, 1000)).toEqual([
      duplicate,
      { do: 'claim', address: 0x80 },
    ]);
    expect(early.heard({ name: 5n, address: 0x81 }, 1001)).toEqual([duplicate]);
    expect(early.heard({ name: 5n, address: 0x81 }, 1251)).toEqual([
      duplicate,
      { do: 'claim', address: 0x80 },
    ]);
  });

  it('goes where it is commanded, unless a lower NAME is there', () => {
    const one = claimed(5n, 0x80);
    one.heard({ name: 4n, address: 0x20 }, 500);
    expect(one.commanded(0x20, 1000)).toEqual([]);
    expect(one.commanded(0x80, 1000)).toEqual([]);
    expect(one.commanded(0x21, 1000)).toEqual([{ do: 'claim', address: 0x21 }]);
    expect([one.state, one.due]).toEqual(['claiming', 1250]);
    expect(() => one.commanded(0xfe, 1001)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  });

  it('refuses what is no NAME and no address', () => {
    const make = (name: unknown, addresses: unknown): (() => ClaimMachine) => {
      const options = { name, addresses } as ConstructorParameters<typeof ClaimMachine>[0];
      return () => new ClaimMachine(options);
    };
    expect(make(5, [1])).toThrow(/^name must be a bigint/);
    expect(make(5n, [])).toThrow(/^addresses must be one address or more/);
    expect(make(5n, 7)).toThrow(/^addresses must be an array/);
    expect(make(5n, [1, 254])).toThrow(/^addresses\[1\] must be a whole number from 0 to 253/);
  });
});

/** A bus in memory: what is sent is heard by all others, each after a while of its own, in the order in which it was sent. */
class Bus {
  now = 0;
  readonly #machines: readonly ClaimMachine[];
  readonly #delays: readonly number[];
  #events: { at: number; run: () => void }[] = [];
  #drawn = 0;

  constructor(machines: readonly ClaimMachine[], delays: readonly number[]) {
    this.#machines = machines;
    this.#delays = delays;
  }

  later(after: number, run: () => void): void {
    this.#events.push({ at: this.now + after, run });
  }

  act(from: ClaimMachine, actions: readonly ClaimAction[]): void {
    for (const action of actions) {
      if (action.do !== 'claim' && action.do !== 'cannot-claim') continue;
      const address = action.do === 'claim' ? action.address : 0xfe;
      // A frame is on the bus for all at once; arbitration takes some time.
      const delay = this.#delays[this.#drawn++ % this.#delays.length] ?? 0;
      this.later(delay, () => {
        if (action.do === 'claim' && from.address !== address) return;
        from.sent(this.now);
        for (const other of this.#machines) {
          if (other !== from) this.act(other, other.heard({ name: from.name, address }, this.now));
        }
      });
    }
  }

  /** Runs until nothing is due any more: the number of events that took. */
  run(): number {
    for (let steps = 0; ; steps++) {
      if (steps > 50_000) throw new Error('it never comes to rest');
      const due = this.#machines.map((one) => one.due ?? Number.POSITIVE_INFINITY);
      const timer = Math.min(...due);
      this.#events.sort((a, b) => a.at - b.at);
      const [event] = this.#events;
      if (event === undefined && timer === Number.POSITIVE_INFINITY) return steps;
      if (event !== undefined && event.at <= timer) {
        this.#events.shift();
        this.now = Math.max(this.now, event.at);
        event.run();
      } else {
        this.now = Math.max(this.now, timer);
        const one = this.#machines[due.indexOf(timer)] as ClaimMachine;
        this.act(one, one.tick(this.now));
      }
    }
  }
}

describe('many on one bus', () => {
  const party = fc.record({
    names: fc.uniqueArray(fc.bigInt({ min: 1n, max: 1000n }), { minLength: 1, maxLength: 8 }),
    addresses: fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 6 }), {
      minLength: 8,
      maxLength: 8,
    }),
    starts: fc.array(fc.integer({ min: 0, max: 800 }), { minLength: 8, maxLength: 8 }),
    delays: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 20 }),
    seed: fc.integer({ min: 0, max: 255 }),
  });

  it('come to rest: no address twice, the lowest NAME where it wants to be, and none without an address for no reason', () => {
    fc.assert(
      fc.property(party, ({ names, addresses, starts, delays, seed }) => {
        const lists = names.map((_, at) => addresses[at] as number[]);
        const machines = names.map(
          (name, at) =>
            new ClaimMachine({ name, addresses: lists[at] as number[], random: () => seed / 256 }),
        );
        const bus = new Bus(machines, delays);
        for (const [at, one] of machines.entries())
          bus.later(starts[at] as number, () => bus.act(one, one.start(bus.now)));
        bus.run();
        const held = new Map<number, bigint>();
        for (const one of machines) {
          expect(['claimed', 'cannot-claim']).toContain(one.state);
          if (one.address === undefined) continue;
          expect(held.has(one.address)).toBe(false);
          held.set(one.address, one.name);
        }
        const lowest = names.indexOf(names.reduce((a, b) => (a < b ? a : b)));
        expect(machines[lowest]?.address).toBe(lists[lowest]?.[0]);
        for (const [at, one] of machines.entries()) {
          if (one.state !== 'cannot-claim') continue;
          // Others have been, or are, in all that it may have; lower ones.
          expect(lists[at]?.every((address) => one.holder(address) !== undefined)).toBe(true);
          expect(lists[at]?.every((address) => (one.holder(address) as bigint) < one.name)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('whatever is heard in whatever order, it neither throws nor holds an address that a lower NAME has claimed since', () => {
    const address = fc.integer({ min: 0, max: 255 });
    const event = fc.oneof(
      fc.record({
        kind: fc.constant('heard' as const),
        name: fc.bigInt({ min: 0n, max: 9n }),
        address: fc.integer({ min: 0, max: 8 }),
      }),
      fc.record({
        kind: fc.constant('heard' as const),
        name: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        address,
      }),
      fc.record({
        kind: fc.constantFrom('requested' as const, 'tick' as const, 'sent' as const, 'start' as const),
      }),
      fc.record({ kind: fc.constant('commanded' as const), address: fc.integer({ min: 0, max: 253 }) }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(event, fc.integer({ min: 0, max: 300 })), { maxLength: 60 }),
        (events) => {
          const one = machine(5n, 1, 2, 3);
          let now = 0;
          one.start(now);
          for (const [what, pause] of events) {
            now += pause;
            if (what.kind === 'heard') one.heard(what, now);
            else if (what.kind === 'commanded') one.commanded(what.address, now);
            else if (what.kind === 'requested') one.requested(now);
            else if (what.kind === 'tick') one.tick(now);
            else if (what.kind === 'sent') one.sent(now);
            else if (one.state === 'cannot-claim') one.start(now);
            if (what.kind === 'heard' && what.name < 5n && what.address < 254) {
              expect(one.address).not.toBe(what.address);
            }
            if (one.state === 'claiming') expect(one.due).toBeLessThanOrEqual(now + CLAIM_TIME);
            if (one.state === 'claimed' || one.state === 'claiming') expect(one.address).toBeDefined();
            else expect(one.address).toBeUndefined();
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
