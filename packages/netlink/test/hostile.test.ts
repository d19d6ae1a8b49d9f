import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Attributes, AttributeWriter } from '../src/attributes.ts';
import { decodeCanParameters, decodeCanStatistics } from '../src/can.ts';
import { decodeGatewayRule } from '../src/can-gateway.ts';
import { MalformedNetlinkError } from '../src/errors.ts';
import { decodeAcknowledgement } from '../src/extended-ack.ts';
import { decodeFamily, decodeGeneric } from '../src/generic.ts';
import { decodeInterfaceAddress } from '../src/interface-address.ts';
import { decodeLink } from '../src/link.ts';
import {
  decodeMessages,
  encodeMessage,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLMSG_DONE,
  NLMSG_ERROR,
} from '../src/message.ts';
import { decodeNeighbour } from '../src/neighbour.ts';
import { decodeRoute } from '../src/route.ts';
import { decodeInetDiag, decodePacketDiag, decodeUnixDiag } from '../src/sock-diag.ts';

const acknowledgement = (flags: number, type: number) => (body: Uint8Array) =>
  decodeAcknowledgement({ type, flags, sequence: 1, port: 1, body });

const decoders: Record<string, (bytes: Uint8Array) => unknown> = {
  decodeMessages,
  attributes: (bytes) => [...new Attributes(bytes)],
  decodeLink,
  decodeInterfaceAddress,
  decodeRoute,
  decodeNeighbour,
  decodeCanParameters,
  decodeCanStatistics,
  decodeGatewayRule,
  decodeGeneric,
  decodeFamily,
  decodeInetDiag,
  decodeUnixDiag,
  decodePacketDiag,
  'an error with attributes': acknowledgement(NLM_F_ACK_TLVS, NLMSG_ERROR),
  'a capped error with attributes': acknowledgement(NLM_F_ACK_TLVS | NLM_F_CAPPED, NLMSG_ERROR),
  'an end with attributes': acknowledgement(NLM_F_ACK_TLVS | 2, NLMSG_DONE),
};

/** Attributes with any type and data, of which one length may lie. */
const attributes = fc
  .tuple(
    fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.uint8Array({ maxLength: 40 })), { maxLength: 12 }),
    fc.uint8Array({ maxLength: 80 }),
    fc.option(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 0xffff }))),
  )
  .map(([all, header, lie]) => {
    const out = new AttributeWriter().struct(header);
    for (const [type, data] of all) out.data(type, data);
    const bytes = out.bytes();
    if (lie !== null && bytes.length >= 4) {
      const at = (lie[0] % (bytes.length >> 2)) * 4;
      bytes.set(new Uint8Array(Uint16Array.of(lie[1]).buffer), at);
    }
    return bytes;
  });

describe('whatever the bytes are', () => {
  it.each(Object.keys(decoders))('%s gives values or MalformedNetlinkError', (name) => {
    const decode = decoders[name] as (bytes: Uint8Array) => unknown;
    let refused = 0;
    fc.assert(
      fc.property(fc.oneof(attributes, fc.uint8Array({ maxLength: 400 })), (bytes) => {
        // Beside bytes that are not its own.
        const room = new Uint8Array(bytes.length + 16).fill(0xff);
        room.set(bytes, 8);
        try {
          decode(room.subarray(8, 8 + bytes.length));
        } catch (error) {
          refused++;
          expect(error).toBeInstanceOf(MalformedNetlinkError);
          const { offset } = error as MalformedNetlinkError;
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(offset).toBeLessThanOrEqual(bytes.length);
        }
      }),
      { numRuns: 400 },
    );
    expect(refused).toBeGreaterThan(0);
  });

  it('attributes come out as they went in, also nested', () => {
    const pair = fc.tuple(fc.integer({ min: 0, max: 0x3fff }), fc.uint8Array({ maxLength: 300 }));
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 20 }), (all) => {
        const out = new AttributeWriter().nest(7, (inside) => {
          for (const [type, data] of all) inside.data(type, data);
        });
        const bytes = out.bytes();
        expect(bytes.length % 4).toBe(0);
        const [outer] = new Attributes(bytes);
        expect(outer).toMatchObject({ type: 7, nested: true, networkOrder: false });
        const back = [...(new Attributes(bytes).nested(7) ?? [])];
        expect(back.map(({ type, data }) => [type, [...data]])).toEqual(
          all.map(([type, data]) => [type, [...data]]),
        );
      }),
    );
  });

  it('messages come out as they went in, several of a datagram', () => {
    const one = fc.record({
      type: fc.integer({ min: 0, max: 0xffff }),
      flags: fc.integer({ min: 0, max: 0xffff }),
      sequence: fc.integer({ min: 0, max: 0xffffffff }),
      port: fc.integer({ min: 0, max: 0xffffffff }),
      body: fc.uint8Array({ maxLength: 50 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 6 }), (all) => {
        const datagram = Buffer.concat(all.map(({ body, ...fields }) => encodeMessage(fields, body)));
        expect(decodeMessages(datagram).map((each) => ({ ...each, body: [...each.body] }))).toEqual(
          all.map((each) => ({ ...each, body: [...each.body] })),
        );
        // Cut anywhere within the last one, it is refused.
        if (datagram.length > 0) {
          const cut = datagram.subarray(0, datagram.length - 4);
          expect(() => decodeMessages(cut)).toThrow(MalformedNetlinkError);
        }
      }),
    );
  });

  it('a lying length says where and what', () => {
    const bytes = new AttributeWriter().u32(1, 5).u32(2, 6).bytes();
    bytes[8] = 200;
    expect(() => new Attributes(bytes)).toThrow(
      /attribute at offset 8 must be a length from 4 to 8; got 200/,
    );
    expect(() => new Attributes(new AttributeWriter().u8(3, 1).bytes()).u32(3)).toThrow(
      /at offset 4 must be 4 bytes; got 1/,
    );
    expect(() => new AttributeWriter().u64(1, -1n)).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
    expect(new Attributes(new AttributeWriter().u64(1, 2n ** 64n - 1n).bytes()).u64(1)).toBe(2n ** 64n - 1n);
    expect(() => new AttributeWriter().data(1, new Uint8Array(65_532))).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
    expect(() =>
      new AttributeWriter().nest(1, (inside) => {
        inside.data(2, new Uint8Array(40_000)).data(3, new Uint8Array(40_000));
      }),
    ).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  });
});
