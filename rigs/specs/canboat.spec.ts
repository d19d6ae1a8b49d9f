/** NMEA 2000: what our fast-packets say to canboat, and its to us. */
import { createRequire } from 'node:module';
import { encodeFastPacket, FastPacketReassembler } from '@sockeye/can/j1939/fast-packet';
import { decodePduId, encodePduId } from '@sockeye/can/j1939/pgn';
import { describe, expect, it } from 'vitest';

/** As far as is used, what canboatjs takes and gives. */
interface Message {
  readonly pgn: number;
  readonly src: number;
  readonly dst: number;
  readonly prio: number;
  readonly fields: Readonly<Record<string, unknown>>;
}
interface Parser {
  on(event: 'error' | 'warning', listener: (of: object, error: unknown) => void): void;
  parseString(line: string): Message | undefined;
}
interface Canboat {
  readonly FromPgn: new (options: object) => Parser;
  toPgn(message: Message): Buffer | undefined;
  pgnToCandump3(message: Message): string[];
}

/** It is installed apart, by scripts/setup.mjs before the tests. */
function load(): Canboat | string {
  try {
    return createRequire(new URL('../canboat/package.json', import.meta.url))('@canboat/canboatjs');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    return 'canboatjs is not installed: npm ci --prefix rigs/canboat --no-bin-links --ignore-scripts';
  }
}
const canboat = load();

/**
 * Fast-packets to all and to one, of 13 to 134 bytes. Of what is behind the end of a list canboat makes
 * further entries, all 0.
 */
const MESSAGES: readonly Message[] = [
  {
    pgn: 126996,
    src: 0x23,
    dst: 255,
    prio: 6,
    fields: {
      nmea2000Version: 2.1,
      productCode: 1234,
      modelId: 'Sockeye',
      softwareVersionCode: '1.0',
      modelVersion: 'A',
      modelSerialCode: '4711',
      loadEquivalency: 1,
    },
  },
  {
    pgn: 127489,
    src: 1,
    dst: 255,
    prio: 2,
    fields: { oilPressure: 301_000, temperature: 355.12, alternatorPotential: 13.81 },
  },
  {
    pgn: 129029,
    src: 7,
    dst: 255,
    prio: 3,
    fields: { sid: 9, latitude: 54.5, longitude: 10.25, altitude: 12.5, numberOfSvs: 11, hdop: 0.84 },
  },
  {
    pgn: 129038,
    src: 9,
    dst: 255,
    prio: 4,
    fields: { userId: 211_234_560, longitude: 10.1234567, latitude: 54.3, cog: 1.5, sog: 6.25 },
  },
  {
    pgn: 126464,
    src: 3,
    dst: 0x40,
    prio: 6,
    fields: {
      functionCode: 'Transmit PGN list',
      list: [{ pgn: 126996 }, { pgn: 129029 }, { pgn: 60928 }, { pgn: 59904 }],
    },
  },
];

function withoutEmpty(message: Message | undefined): Message | undefined {
  const list = message?.fields.list;
  if (message === undefined || !Array.isArray(list)) return message;
  return { ...message, fields: { ...message.fields, list: list.filter(({ pgn }) => pgn !== 0) } };
}

const candump = (id: number, data: Uint8Array): string =>
  `(1700000000.000001) can0 ${id.toString(16).padStart(8, '0').toUpperCase()}#${Buffer.from(data).toString('hex').toUpperCase()}`;

describe.each(MESSAGES)('$pgn', (message) => {
  const { pgn, src, dst, prio, fields } = message;

  it('in our frames is read by canboat', (context) => {
    if (typeof canboat === 'string') return context.skip(canboat);
    const data = canboat.toPgn(message);
    if (data === undefined) throw new Error('canboat makes nothing of it');
    expect(data.length).toBeGreaterThan(8);
    const { value: id } = encodePduId({ pgn, priority: prio, source: src, destination: dst });
    const parser = new canboat.FromPgn({});
    const wrong: unknown[] = [];
    for (const event of ['error', 'warning'] as const) parser.on(event, (_, error) => wrong.push(error));
    for (const sequence of [0, 7]) {
      const frames = encodeFastPacket(data, sequence);
      const read = frames.map((frame) => parser.parseString(candump(id, frame)));
      expect(wrong).toEqual([]);
      expect(read.slice(0, -1)).toEqual(Array(frames.length - 1).fill(undefined));
      expect(withoutEmpty(read.at(-1))).toMatchObject({ pgn, src, dst, prio, fields });
    }
  });

  it('in its frames is read by us', (context) => {
    if (typeof canboat === 'string') return context.skip(canboat);
    const reassembler = new FastPacketReassembler();
    const whole: (Uint8Array | undefined)[] = canboat.pgnToCandump3(message).map((line) => {
      const [, id = '', hex = ''] = /([0-9a-fA-F]{8})#([0-9a-fA-F]+)$/.exec(line) ?? [];
      const parts = decodePduId(Number.parseInt(id, 16));
      expect(parts).toEqual({ pgn, priority: prio, source: src, destination: dst });
      return reassembler.push({ ...parts, data: new Uint8Array(Buffer.from(hex, 'hex')) }, 0);
    });
    expect(whole.slice(0, -1)).toEqual(Array(whole.length - 1).fill(undefined));
    expect(Buffer.from(whole.at(-1) as Uint8Array).equals(canboat.toPgn(message) as Buffer)).toBe(true);
    expect(reassembler.counters).toMatchObject({ messages: 1, stray: 0, outOfOrder: 0 });
  });
});
