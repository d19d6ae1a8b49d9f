import { constants, platform, Socket } from '@sockeye/core';
import { afterEach, describe, expect, it } from 'vitest';
import { CanSocket } from '../src/can-socket.ts';
import { ext } from '../src/id.ts';
import { J1939, Nmea2000, type Nmea2000Message, type Nmea2000Messages } from '../src/j1939.ts';
import { VirtualCan } from '../src/memory.ts';

const BUS = process.env.SOCKEYE_VCAN ?? 'vcan0';
/** Position and time of a satellite receiver; fast. Wind data; a frame. */
const GNSS = 129029;
const WIND = 130306;
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (at * 13) & 0xff);
const code = (word: string): object => expect.objectContaining({ code: word });

function whyNot(): string | undefined {
  if (platform !== 'linux') return 'J1939 sockets are Linux only';
  try {
    Socket.create(constants.AF_CAN, constants.SOCK_DGRAM, constants.CAN_J1939).close();
    J1939.open(BUS).close();
    return undefined;
  } catch (error) {
    return `no J1939 on a virtual CAN bus ${BUS}: ${(error as Error).message}`;
  }
}

const reason = whyNot();
const things: { close(): Promise<void> }[] = [];
function keep<T extends { close(): Promise<void> }>(thing: T): T {
  things.push(thing);
  return thing;
}

async function next(messages: Nmea2000Messages): Promise<Nmea2000Message> {
  const { value } = await messages.next();
  if (value === undefined) throw new Error('closed');
  return value;
}

afterEach(async () => {
  await Promise.all(things.splice(0).map((thing) => thing.close()));
});
describe('NMEA 2000', () => {
  const fast = [GNSS, 126996];
  const named = { fast, address: 0x23 };
  const ends = {
    'memory to memory': async () => {
      const wire = new VirtualCan();
      const to = new Nmea2000(keep(wire.open()), { fast, address: 0x42 });
      return { from: new Nmea2000(keep(wire.open()), named), to };
    },
    'frames to J1939': async () => ({
      from: new Nmea2000(keep(await CanSocket.open(BUS)), named),
      to: new Nmea2000(keep(J1939.open(BUS, { address: 0x42 })), { fast }),
    }),
    'J1939 to frames': async () => ({
      from: new Nmea2000(keep(J1939.open(BUS, { address: 0x23 })), {
        fast: (pgn: number) => fast.includes(pgn),
      }),
      to: new Nmea2000(keep(await CanSocket.open(BUS)), { fast, address: 0x42 }),
    }),
  };

  it.for(
    Object.keys(ends) as (keyof typeof ends)[],
  )('goes from %s, of one frame and of many', async (which, context) => {
    if (which !== 'memory to memory' && reason !== undefined) return context.skip(reason);
    const { from, to } = await ends[which]();
    const messages = to.messages({ signal: AbortSignal.timeout(15_000) });
    const some = to.messages({ pgn: [WIND], signal: AbortSignal.timeout(15_000) });
    const sent = [
      { pgn: GNSS, data: pattern(223), priority: 3 },
      { pgn: WIND, data: pattern(6), priority: 2 },
      { pgn: GNSS, data: pattern(7), priority: 3 },
      // Proprietary: to one, and to all.
      { pgn: 126720, data: pattern(40), priority: 6, to: 0x42 },
      { pgn: 130820, data: pattern(5), priority: 7 },
    ];
    // At once: frames of two messages do not mix.
    await Promise.all(sent.map((message) => from.send(message)));
    for (const { pgn, data, priority, to } of sent) {
      const message = await next(messages);
      expect(message).toMatchObject({ pgn, priority, from: 0x23, to: to ?? 0xff });
      expect([...message.data]).toEqual([...data]);
    }
    expect(messages.counters).toEqual({ messages: 4, outOfOrder: 0, timedOut: 0, evicted: 0, stray: 0 });
    expect((await next(some)).pgn).toBe(WIND);
    await some.return();
    await messages.return();
    expect(await messages.next()).toEqual({ done: true, value: undefined });
  });

  it('leaves out what is for others, and what is none', async () => {
    const wire = new VirtualCan();
    const [bus, other] = [keep(wire.open()), keep(wire.open())];
    const [one, all] = [
      new Nmea2000(other, { fast, address: 0x42 }),
      new Nmea2000(bus, { fast, address: 1 }),
    ];
    const messages = one.messages({ signal: AbortSignal.timeout(15_000) });
    await all.send({ pgn: 126720, to: 0x43, data: pattern(20) });
    await bus.send({ id: 0x123, data: pattern(8) });
    await bus.send({ id: ext(0x09f80501), remote: true });
    await bus.send({ id: ext(0x09f80501), data: new Uint8Array(0) });
    await all.send({ pgn: WIND, data: pattern(3) });
    expect((await next(messages)).pgn).toBe(WIND);
    expect(messages.counters.stray).toBe(1);
    await messages.return();
  });

  it('that is none is refused', async () => {
    const bus = keep(new VirtualCan().open());
    const network = new Nmea2000(bus, { fast, address: 0x23 });
    await expect(network.send({ pgn: GNSS, data: pattern(224) })).rejects.toThrow(
      /^data must be at most 223 bytes;/,
    );
    await expect(network.send({ pgn: WIND, data: pattern(9) })).rejects.toThrow(
      /^data must be at most 8 bytes: 0x1fd02 is not among `fast`/,
    );
    await expect(network.send({ pgn: GNSS, to: 5, data: pattern(9) })).rejects.toThrow(
      /^to must be undefined/,
    );
    await expect(network.send({ pgn: 126721, data: pattern(9) })).rejects.toThrow(/^pgn must be 0x1ef00/);
    await expect(new Nmea2000(bus, { fast }).send({ pgn: WIND, data: pattern(2) })).rejects.toThrow(
      /^address must be given to the constructor/,
    );
    await expect(
      network.send({ pgn: WIND, data: pattern(2) }, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({
      code: 'ABORT_ERR',
    });
    expect(() => new Nmea2000(bus, { fast, address: 254 })).toThrow(/^address must be/);
    expect(() => new Nmea2000(bus, { fast: [1] })).toThrow(code('ERR_INVALID_ARG_VALUE'));
    expect(() => new Nmea2000(bus, { fast: 5 as never })).toThrow(/^fast must be a list/);
    expect(() => new Nmea2000(bus, { fast, timeout: 0 })).toThrow(/^timeout must be/);
    if (reason === undefined) {
      expect(() => new Nmea2000(keep(J1939.open(BUS)), { fast, address: 5 })).toThrow(
        /^address must be undefined over a J1939/,
      );
    }
    expect(() => network.messages({ pgn: 0x40000 })).toThrow(code('ERR_OUT_OF_RANGE'));
  });
});
