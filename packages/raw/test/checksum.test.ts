import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  completeChecksum,
  fillIcmpChecksum,
  fillTransportChecksum,
  internetChecksum,
  judgeTransportChecksum,
  onesComplementSum,
  pseudoHeaderSum,
  transportChecksum,
} from '../src/checksum.ts';
import { parseHex } from './hex.ts';

/** The definition, slowly: RFC 1071, section 1, with BigInt and one fold at the end. */
function byDefinition(bytes: Uint8Array): number {
  let sum = 0n;
  for (let at = 0; at < bytes.length; at += 2) sum += BigInt((bytes[at]! << 8) | (bytes[at + 1] ?? 0));
  while (sum > 0xffffn) sum = (sum & 0xffffn) + (sum >> 16n);
  return Number(sum);
}

describe('the Internet checksum', () => {
  it("sums RFC 1071's example (section 3) as the RFC does", () => {
    const bytes = parseHex('0001 f203 f4f5 f6f7');
    expect(onesComplementSum(bytes)).toBe(0xddf2);
    expect(internetChecksum(bytes)).toBe(0xffff - 0xddf2);
    // In parts: the carry moves on (section 2 (A), sums can be taken in any order).
    expect(onesComplementSum(bytes.subarray(4), onesComplementSum(bytes.subarray(0, 4)))).toBe(0xddf2);
  });

  it('pads an odd last byte with zero', () => {
    expect(onesComplementSum(Uint8Array.of(0x12))).toBe(0x1200);
    expect(onesComplementSum(Uint8Array.of(0xff, 0xff, 0x01))).toBe(0x0100);
  });

  it('is the definition, whatever the bytes and however many', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        expect(onesComplementSum(bytes)).toBe(byDefinition(bytes));
      }),
    );
    const many = new Uint8Array(1_000_001).fill(0xff);
    expect(onesComplementSum(many)).toBe(byDefinition(many));
  });

  it('takes bytes and a 16-bit start only', () => {
    expect(() => onesComplementSum([1, 2] as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
    expect(() => onesComplementSum(new Uint8Array(2), 0x10000)).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
  });
});

describe('transport checksums', () => {
  const addresses = fc.oneof(
    fc.tuple(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 4, maxLength: 4 })),
    fc.tuple(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    ),
  );

  it('sums the pseudo-header of RFC 768 and of RFC 8200, section 8.1, field by field', () => {
    fc.assert(
      fc.property(addresses, fc.nat(255), fc.nat(0xffff), ([source, destination], protocol, length) => {
        const pseudo =
          source.length === 4
            ? [...source, ...destination, 0, protocol, length >>> 8, length & 0xff]
            : [...source, ...destination, 0, 0, length >>> 8, length & 0xff, 0, 0, 0, protocol];
        expect(pseudoHeaderSum(source, destination, protocol, length)).toBe(
          byDefinition(Uint8Array.from(pseudo)),
        );
      }),
    );
  });

  it('fills in what then adds up to nothing, and a changed bit does not', () => {
    const segment = fc.uint8Array({ minLength: 20, maxLength: 200 });
    fc.assert(
      fc.property(
        addresses,
        fc.constantFrom(6, 17, 58),
        segment,
        fc.nat(159),
        ([from, to], protocol, bytes, bit) => {
          const sum = fillTransportChecksum(from, to, protocol, bytes);
          expect(transportChecksum(from, to, protocol, bytes)).toBe(0);
          if (protocol === 17) expect(sum).not.toBe(0);
          bytes[bit >>> 3]! ^= 1 << (bit & 7);
          expect(transportChecksum(from, to, protocol, bytes)).not.toBe(0);
        },
      ),
    );
  });

  it('fills in ICMP without a pseudo-header', () => {
    const message = parseHex('0800 0000 0001 0002 6162');
    expect(fillIcmpChecksum(message)).toBe(internetChecksum(parseHex('0800 0001 0002 6162')));
    expect(internetChecksum(message)).toBe(0);
  });

  it('refuses protocols without one, and addresses that are not a pair', () => {
    const segment = new Uint8Array(20);
    const four = new Uint8Array(4);
    const value = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(() => fillTransportChecksum(four, four, 1, segment)).toThrow(value);
    expect(() => transportChecksum(four, new Uint8Array(16), 6, segment)).toThrow(value);
    expect(() => transportChecksum(new Uint8Array(5), new Uint8Array(5), 6, segment)).toThrow(value);
    const range = expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' });
    expect(() => fillTransportChecksum(four, four, 6, new Uint8Array(17))).toThrow(range);
  });
});

describe('what a checksum field says', () => {
  const addresses = [4, 16].map(
    (length) => [new Uint8Array(length).fill(7), new Uint8Array(length).fill(9)] as const,
  );

  it('right, wrong, absent, and the partial sum that offload leaves, which completing makes right', () => {
    const segment = fc.uint8Array({ minLength: 20, maxLength: 60 });
    fc.assert(
      fc.property(
        fc.constantFrom(...addresses),
        fc.constantFrom(6, 17, 58),
        segment,
        fc.nat(7),
        ([source, target], protocol, bytes, at) => {
          const field = { 6: 16, 17: 6, 58: 2 }[protocol] ?? 0;
          const packet = new Uint8Array(at + bytes.length + 3);
          packet.set(bytes, at);
          const end = at + bytes.length;
          const judge = () => judgeTransportChecksum(source, target, protocol, packet, at, end);
          const view = packet.subarray(at, end);
          fillTransportChecksum(source, target, protocol, view);
          expect(judge()).toBe('right');
          const right = packet.slice();
          const sum = pseudoHeaderSum(source, target, protocol, bytes.length);
          packet.set([sum >>> 8, sum & 0xff], at + field);
          const partial = judge();
          // Of sums that are the same for both, the complete one is taken.
          if (partial !== 'right') expect(partial).toBe('partial');
          completeChecksum(packet, at, at + field, end);
          expect(judge()).toBe('right');
          if (protocol === 17) expect(packet).toEqual(right);
          packet[at] = (packet[at] ?? 0) ^ 0x10;
          expect(judge()).toBe('wrong');
        },
      ),
    );
  });

  it('UDP without one, over IPv4 alone; refusals', () => {
    const [four, sixteen] = addresses;
    const udp = new Uint8Array(8);
    expect(judgeTransportChecksum(...(four ?? fail()), 17, udp)).toBe('absent');
    expect(judgeTransportChecksum(...(sixteen ?? fail()), 17, udp)).toBe('wrong');
    expect(() => judgeTransportChecksum(...(four ?? fail()), 1, udp)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(() => judgeTransportChecksum(...(four ?? fail()), 6, udp)).toThrow(
      /segment at offset 0 must be 18 bytes or more; got 8/,
    );
    expect(() => completeChecksum(udp, 0, 7)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  });
});

function fail(): never {
  throw new Error('no addresses');
}
