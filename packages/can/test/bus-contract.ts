/** What every CanBus keeps, whatever carries its frames: a function of what makes nodes of one bus. */
import { afterEach, describe, expect, it, type TestContext } from 'vitest';
import type { CanBus, ReceivedFrame } from '../src/bus.ts';
import type { CanFrameFields } from '../src/frame.ts';
import { ext, std } from '../src/id.ts';
import { formatFrame, parseFrame } from '../src/text.ts';

export interface BusTraits {
  /** Makes one more node of the bus; those of one test share it. */
  readonly make: () => Promise<CanBus>;
  /** Frees what {@link make} stands on, after each test and its nodes. */
  readonly after?: () => Promise<void> | void;
  /** Why it cannot run here. */
  readonly without?: string | undefined;
  /** Kinds of frames that do not come through as they are. */
  readonly lacks?: readonly ('fd' | 'xl' | 'len8Dlc' | 'remote' | 'remote length' | 'esi')[];
  /** Whether it tells when a frame was on the bus. */
  readonly confirms: boolean;
  /** Frames in one go that no buffer on the way is too small for. */
  readonly burst?: number;
}

const SOON = { timeout: 10_000 };
const refusal = (code: string): object => expect.objectContaining({ code });

const FRAMES: readonly (readonly [
  text: string,
  needs?: 'fd' | 'xl' | 'len8Dlc' | 'remote' | 'remote length' | 'esi',
])[] = [
  ['123#DEADBEEF'],
  ['000#'],
  ['7FF#0102030405060708'],
  ['00000123#11'],
  ['1FFFFFFF#0102030405060708'],
  ['123#R', 'remote'],
  ['12345678#R4', 'remote length'],
  ['123#1122334455667788_B', 'len8Dlc'],
  ['123##0', 'fd'],
  [`077##1${'09'.repeat(64)}`, 'fd'],
  ['1FFFFFFF##0AABBCCDDEEFF001122334455', 'fd'],
  ['123##3AABB', 'esi'],
  ['00123#80:00:00000000#11', 'xl'],
  [`00242#81:07:40000123#${'5A'.repeat(1000)}`, 'xl'],
];

export function describeBus(
  name: string,
  { make, after, without, lacks = [], confirms, burst = 100 }: BusTraits,
): void {
  const nodes: CanBus[] = [];
  const node = async (context: TestContext): Promise<CanBus> => {
    if (without !== undefined) context.skip(without);
    const made = await make();
    nodes.push(made);
    return made;
  };
  const pair = async (context: TestContext): Promise<[CanBus, CanBus]> => [
    await node(context),
    await node(context),
  ];
  afterEach(async () => {
    for (const one of nodes.splice(0)) await one.close();
    await after?.();
  });
  const numbered = (count: number): CanFrameFields[] =>
    Array.from({ length: count }, (_, n) => ({ id: n, data: Uint8Array.of(n, n >> 8) }));
  const idsOf = (frames: readonly ReceivedFrame[]): number[] => frames.map(({ id }) => id.value);
  const upTo = (count: number): number[] => [...Array(count).keys()];
  /** Takes from an iteration. */
  const take = async (frames: AsyncIterator<ReceivedFrame>, count: number): Promise<number[]> => {
    const ids: number[] = [];
    while (ids.length < count) {
      const { value, done } = await frames.next();
      if (done) break;
      ids.push(value.id.value);
    }
    return ids;
  };

  describe(`the contract of a bus: ${name}`, () => {
    it('carries frames of its kinds as they are, both ways', async (context) => {
      const [one, other] = await pair(context);
      const texts = FRAMES.filter(([, needs]) => needs === undefined || !lacks.includes(needs)).map(
        ([text]) => text,
      );
      for (const [from, to] of [
        [one, other],
        [other, one],
      ] as const) {
        const got: string[] = [];
        for (const text of texts) {
          await from.send(parseFrame(text), SOON);
          const frame = await to.recv(SOON);
          expect(['rx', 'tx']).toContain(frame.direction);
          got.push(formatFrame(frame));
        }
        expect(got).toEqual(texts);
      }
    });

    it('says when a frame came', async (context) => {
      const [one, other] = await pair(context);
      const before = BigInt(Date.now()) * 1_000_000n;
      await one.send({ id: 1 }, SOON);
      const { timestampNs } = await other.recv(SOON);
      const late = BigInt(Date.now() + 1000) * 1_000_000n;
      // Clocks may differ by what one of them rounds off.
      expect(timestampNs).toBeGreaterThan(before - 1_000_000_000n);
      expect(timestampNs).toBeLessThan(late);
    });

    it('refuses frames of kinds that it does not carry, and goes on', async (context) => {
      const [one, other] = await pair(context);
      if (!one.fd) {
        await expect(one.send(parseFrame('123##0'), SOON)).rejects.toEqual(refusal('EINVAL'));
      }
      if (!one.xl) {
        await expect(one.send(parseFrame('00123#80:00:00000000#11'), SOON)).rejects.toEqual(
          refusal('EINVAL'),
        );
      }
      await one.send({ id: 7 }, SOON);
      expect((await other.recv(SOON)).id).toEqual(std(7));
    });

    it('refuses what is no frame, no option and no filter', async (context) => {
      const one = await node(context);
      await expect(one.send({ id: 0x800 })).rejects.toEqual(refusal('ERR_INVALID_ARG_VALUE'));
      await expect(one.send(null as never)).rejects.toEqual(refusal('ERR_INVALID_ARG_TYPE'));
      await expect(one.send({ id: 1, data: new Uint8Array(9) })).rejects.toEqual(refusal('ERR_OUT_OF_RANGE'));
      await expect(one.send({ id: 1 }, { timeout: -1 })).rejects.toEqual(refusal('ERR_OUT_OF_RANGE'));
      await expect(one.recv({ timeout: Number.NaN })).rejects.toEqual(refusal('ERR_OUT_OF_RANGE'));
      await expect(one.recv({ timeout: '5' as never })).rejects.toEqual(refusal('ERR_INVALID_ARG_TYPE'));
      await expect(one.recv({ signal: 5 as never })).rejects.toEqual(refusal('ERR_INVALID_ARG_TYPE'));
      expect(() => one.frames({ filters: [{ id: 0x800 }] })).toThrow(refusal('ERR_INVALID_ARG_VALUE'));
      expect(() => one.frames(5 as never)).toThrow(refusal('ERR_INVALID_ARG_TYPE'));
      expect(() => one.batches({ max: 0 })).toThrow(refusal('ERR_OUT_OF_RANGE'));
    });

    it('keeps frames that nobody reads yet, in order', async (context) => {
      const [one, other] = await pair(context);
      for (const frame of numbered(50)) await one.send(frame, SOON);
      const got: ReceivedFrame[] = [];
      for (let n = 0; n < 50; n++) got.push(await other.recv(SOON));
      expect(idsOf(got)).toEqual(upTo(50));
      expect(got.map(({ data }) => data[0])).toEqual(upTo(50));
    });

    it('gives a sender nothing of its own', async (context) => {
      const [one, other] = await pair(context);
      await one.send({ id: 1 }, SOON);
      await other.recv(SOON);
      await other.send({ id: 2 }, SOON);
      expect((await one.recv(SOON)).id).toEqual(std(2));
    });

    it('a burst arrives whole and in order, at an iteration', async (context) => {
      const [one, other] = await pair(context);
      const reading = take(other.frames(), burst);
      await Promise.all(numbered(burst).map((frame) => one.send(frame, SOON)));
      expect(await reading).toEqual(upTo(burst));
    });

    it('every iteration gets every frame, from the call that made it on; with filters, what passes', async (context) => {
      const [one, other] = await pair(context);
      const all = other.frames();
      const some = other.frames({ filters: [{ id: 2, mask: 0x7fe }, ext(9)] });
      for (const id of [1, 2, ext(2), 3, ext(9), 9]) await one.send({ id }, SOON);
      expect(await take(all, 6)).toEqual([1, 2, 2, 3, 9, 9]);
      expect(await take(some, 3)).toEqual([2, 3, 9]);
      await all.return();
      await one.send({ id: 3 }, SOON);
      expect(await take(some, 1)).toEqual([3]);
      await some.return();
      expect(await some.next()).toEqual({ done: true, value: undefined });
    });

    it('an iteration that is left leaves what it has not taken', async (context) => {
      const [one, other] = await pair(context);
      for (const frame of numbered(20)) await one.send(frame, SOON);
      const ids: number[] = [];
      for await (const { id } of other.frames()) {
        ids.push(id.value);
        if (ids.length === 5) break;
      }
      for await (const { id } of other.frames()) {
        ids.push(id.value);
        if (ids.length === 12) break;
      }
      while (ids.length < 20) ids.push((await other.recv(SOON)).id.value);
      expect(ids).toEqual(upTo(20));
    });

    it('receives at once get a frame each', async (context) => {
      const [one, other] = await pair(context);
      const waiting = Array.from({ length: 20 }, () => other.recv(SOON));
      for (const frame of numbered(20)) await one.send(frame, SOON);
      expect(idsOf(await Promise.all(waiting))).toEqual(upTo(20));
    });

    it('a receive with filters gets what passes', async (context) => {
      const [one, other] = await pair(context);
      const waiting = other.recv({ ...SOON, filters: [std(5)] });
      for (const frame of numbered(10)) await one.send(frame, SOON);
      expect((await waiting).data[0]).toBe(5);
    });

    it('times out, is aborted, and reads on', async (context) => {
      const [one, other] = await pair(context);
      await expect(other.recv({ timeout: 5 })).rejects.toEqual(refusal('ERR_SOCKET_TIMEOUT'));
      await expect(other.recv({ timeout: 0 })).rejects.toEqual(refusal('ERR_SOCKET_TIMEOUT'));
      const abort = new AbortController();
      const { signal } = abort;
      const waiting = Promise.allSettled([other.recv({ signal }), take(other.frames({ signal }), 1)]);
      setImmediate(() => abort.abort('enough'));
      const aborted = {
        status: 'rejected',
        reason: { name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' },
      };
      expect(await waiting).toMatchObject([aborted, aborted]);
      await expect(other.recv({ signal })).rejects.toEqual(refusal('ABORT_ERR'));
      await expect(other.send({ id: 1 }, { signal })).rejects.toEqual(refusal('ABORT_ERR'));
      await expect(other.frames({ signal }).next()).rejects.toEqual(refusal('ABORT_ERR'));
      await one.send({ id: 3 }, SOON);
      expect((await other.recv(SOON)).id).toEqual(std(3));
    });

    it('gives batches of views, which copy() keeps', async (context) => {
      const [one, other] = await pair(context);
      const sent = numbered(40);
      const kept: ReceivedFrame[] = [];
      let stale: (() => unknown) | undefined;
      const reading = (async () => {
        for await (const batch of other.batches({ max: 16 })) {
          if (stale !== undefined) expect(stale).toThrow(refusal('ERR_SOCKET_STALE'));
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(16);
          for (const view of batch) {
            expect(view.data[0]).toBe(view.id.value);
            kept.push(view.copy());
            stale = () => view.data;
          }
          if (kept.length === 40) return;
        }
      })();
      for (const frame of sent) await one.send(frame, SOON);
      await reading;
      expect(idsOf(kept)).toEqual(upTo(40));
      expect(kept.map(({ data }) => data[0])).toEqual(upTo(40));
    });

    it('batches and iterations beside each other get every frame', async (context) => {
      const [one, other] = await pair(context);
      const ids: number[] = [];
      const batches = (async () => {
        for await (const batch of other.batches({ max: 8 })) {
          for (const { id } of batch) ids.push(id.value);
          if (ids.length === 60) return;
        }
      })();
      const frames = take(other.frames(), 60);
      for (const frame of numbered(60)) await one.send(frame, SOON);
      expect(await frames).toEqual(upTo(60));
      await batches;
      expect(ids).toEqual(upTo(60));
    });

    it('what is sent may be changed afterwards, and what is received is the receiver’s', async (context) => {
      const [one, other, third] = [await node(context), await node(context), await node(context)];
      const data = Uint8Array.of(1, 2, 3);
      await one.send({ id: 1, data }, SOON);
      data.fill(9);
      const got = await other.recv(SOON);
      expect([...got.data]).toEqual([1, 2, 3]);
      got.data.fill(8);
      expect([...(await third.recv(SOON)).data]).toEqual([1, 2, 3]);
    });

    it(`a send is confirmed${confirms ? '' : ', or that it cannot be is said'}`, async (context) => {
      const [one, other] = await pair(context);
      const sent = one.send({ id: 5, data: Uint8Array.of(1) }, { ...SOON, confirm: true });
      if (!confirms) {
        await expect(sent).rejects.toEqual(refusal('ENOTSUP'));
        return;
      }
      await sent;
      expect((await other.recv(SOON)).id).toEqual(std(5));
      // It is nobody's to receive.
      await other.send({ id: 6 }, SOON);
      expect((await one.recv(SOON)).id).toEqual(std(6));
    });

    it('when it is closed, who waits is told, iterations end, and calls are refused', async (context) => {
      const one = await node(context);
      expect(one.closed).toBe(false);
      const waiting = Promise.allSettled([one.recv(SOON), one.recv()]);
      const iterating = take(one.frames(), 1);
      const batch = one.batches().next();
      await new Promise((resolve) => setImmediate(resolve));
      await one.close();
      const canceled = { status: 'rejected', reason: { code: 'ECANCELED' } };
      expect(await waiting).toMatchObject([canceled, canceled]);
      expect(await iterating).toEqual([]);
      expect(await batch).toEqual({ done: true, value: undefined });
      expect(one.closed).toBe(true);
      await expect(one.recv()).rejects.toEqual(refusal('EBADF'));
      await expect(one.send({ id: 1 })).rejects.toEqual(refusal('EBADF'));
      expect(await one.frames().next()).toEqual({ done: true, value: undefined });
      await one.close();
    });

    it('is closed by the end of its block', async (context) => {
      const made = await node(context);
      {
        await using bus = made;
        expect(bus.closed).toBe(false);
      }
      expect(made.closed).toBe(true);
    });
  });
}
