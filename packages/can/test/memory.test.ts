import { afterEach, describe, expect, it } from 'vitest';
import { ext, std } from '../src/id.ts';
import { VirtualCan } from '../src/memory.ts';
import { formatFrame, parseFrame } from '../src/text.ts';
import { describeBus } from './bus-contract.ts';

const refusal = (code: string): object => expect.objectContaining({ code });

let wire = new VirtualCan();
afterEach(() => {
  wire = new VirtualCan();
});

describeBus('in memory', { make: async () => wire.open(), confirms: true, burst: 2000 });
/** The wire of this test, made anew where it is not one of these. */
function plain(): VirtualCan {
  if (wire.fd) wire = new VirtualCan({ fd: false, xl: false });
  return wire;
}
describeBus('in memory, classic frames alone', {
  make: async () => plain().open(),
  confirms: true,
  lacks: ['fd', 'esi', 'xl'],
});

describe('a bus in memory', () => {
  it('filters as the kernel does', async () => {
    const sender = wire.open();
    const masked = wire.open({ filters: [{ id: 0x100, mask: 0x700 }, ext(0x200)] });
    const joined = wire.open({
      joinFilters: true,
      filters: [
        { id: 0x100, mask: 0x700 },
        { id: 0x123, inverted: true },
      ],
    });
    const deaf = wire.open({ filters: [] });
    for (const text of ['123#', '124#', '223#', '00000200#', '1FF#', '00000123#']) {
      await sender.send(parseFrame(text));
    }
    const all = async (node: typeof masked): Promise<string[]> => {
      const texts: string[] = [];
      for (;;) {
        try {
          texts.push(formatFrame(await node.recv({ timeout: 0 })));
        } catch {
          return texts;
        }
      }
    };
    expect(await all(masked)).toEqual(['123#', '124#', '00000200#', '1FF#']);
    expect(await all(joined)).toEqual(['124#', '1FF#']);
    expect(await all(deaf)).toEqual([]);
  });

  it('gives own frames back to who asks for them', async () => {
    const own = wire.open({ receiveOwn: true });
    const other = wire.open();
    await own.send({ id: 1 });
    expect((await own.recv()).direction).toBe('own');
    expect((await other.recv()).direction).toBe('rx');
  });

  it('reports errors to who asks for their class', async () => {
    const all = wire.open({ filters: [], errors: true });
    const busOff = wire.open({ errors: ['busOff'] });
    const none = wire.open();
    wire.report({ id: ext(0x04), error: true, data: new Uint8Array(8) });
    wire.report({ id: ext(0x40), error: true, data: new Uint8Array(8) });
    expect([(await all.recv()).id, (await all.recv()).id]).toEqual([ext(4), ext(0x40)]);
    expect((await busOff.recv()).id).toEqual(ext(0x40));
    await expect(none.recv({ timeout: 0 })).rejects.toEqual(refusal('ERR_SOCKET_TIMEOUT'));
    expect(() => wire.report({ id: 1 })).toThrow(refusal('ERR_INVALID_ARG_VALUE'));
  });

  it('goes down, which is told once, and comes up', async () => {
    const [one, other] = [wire.open(), wire.open()];
    await one.send({ id: 1 });
    const waiting = wire.open().recv();
    const looping = one.frames().next();
    wire.setUp(false);
    await expect(waiting).rejects.toEqual(refusal('ENETDOWN'));
    await expect(looping).rejects.toEqual(refusal('ENETDOWN'));
    await expect(one.send({ id: 2 })).rejects.toEqual(refusal('ENETDOWN'));
    // What came before comes first.
    expect((await other.recv()).id).toEqual(std(1));
    await expect(other.recv()).rejects.toEqual(refusal('ENETDOWN'));
    wire.setUp(true);
    await one.send({ id: 3 });
    expect((await other.recv()).id).toEqual(std(3));
  });

  it('drops what a queue has no room for, and counts it', async () => {
    const [one, other] = [wire.open(), wire.open({ queue: 3 })];
    for (const id of [1, 2, 3, 4, 5]) await one.send({ id });
    expect(other.dropped).toBe(2);
    const slow = other.frames();
    await one.send({ id: 6 });
    expect(slow.dropped).toBe(1);
    expect((await slow.next()).value?.id).toEqual(std(1));
  });

  it('refuses options that are none', () => {
    expect(() => new VirtualCan({ fd: 1 as never })).toThrow(refusal('ERR_INVALID_ARG_TYPE'));
    expect(() => wire.open({ queue: 0 })).toThrow(refusal('ERR_OUT_OF_RANGE'));
    expect(() => wire.open({ errors: ['nonsense' as never] })).toThrow(refusal('ERR_INVALID_ARG_VALUE'));
    expect(() => wire.open({ filters: 5 as never })).toThrow(refusal('ERR_INVALID_ARG_TYPE'));
  });
});
