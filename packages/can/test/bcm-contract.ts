/** What a broadcast manager promises, whoever does the work. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BroadcastManager, CyclicJob, Watch, WatchEvent } from '../src/bcm.ts';
import type { BcmFrame } from '../src/bcm-message.ts';
import { ext, std } from '../src/id.ts';
import { formatFrame, parseFrame } from '../src/text.ts';

/** Another node of the bus. */
export interface Peer {
  send(text: string): Promise<void>;
  /** What came since the last call, with its time in milliseconds; waits until there are so many. */
  take(count: number): Promise<{ readonly text: string; readonly ms: number }[]>;
  /** What came since the last call. */
  now(): string[];
  close(): void;
}

export interface Place {
  readonly manager: BroadcastManager;
  readonly peer: Peer;
  close(): void;
}

export const refusal = (code: string): object => expect.objectContaining({ code });
export const frameOf = (text: string): BcmFrame => {
  const frame = parseFrame(text);
  if (frame.xl) throw new Error(`${text} is an XL frame`);
  return frame;
};
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const median = (numbers: number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number;
const gaps = (frames: readonly { ms: number }[]): number[] =>
  frames.slice(1).map(({ ms }, index) => ms - frames[index]!.ms);

/** An event as it is compared. */
export function word(event: WatchEvent | undefined): string {
  if (event?.type !== 'changed') return event?.type ?? 'end';
  const message = event.message === undefined ? '' : `${event.message}:`;
  return `${event.resumed ? 'resumed ' : ''}${message}${formatFrame(event.frame)}`;
}

/** The next events, as {@link word}s. */
async function words(watch: Watch, count: number): Promise<string[]> {
  const events: string[] = [];
  for (let index = 0; index < count; index++) events.push(word((await watch.next()).value));
  return events;
}

export function describeBroadcastManager(
  name: string,
  open: () => Promise<Place>,
  reason: string | undefined,
): void {
  describe(name, () => {
    let place: Place;
    let manager: BroadcastManager;
    let peer: Peer;

    beforeEach(async (context) => {
      if (reason !== undefined) context.skip(reason);
      place = await open();
      ({ manager, peer } = place);
    });

    afterEach(() => {
      if (reason === undefined) place.close();
    });

    describe('a job', () => {
      it('sends at once, then at its period, until it is stopped', async () => {
        const job = await manager.cyclic(frameOf('123#DEADBEEF'), { every: 20 });
        expect(job.by).toBe(manager.by);
        expect(peer.now().length + (await peer.take(1)).length).toBeGreaterThan(0);
        const frames = await peer.take(20);
        for (const { text } of frames) expect(text).toBe('123#DEADBEEF');
        expect(median(gaps(frames))).toBeGreaterThan(15);
        expect(job.stopped).toBe(false);
        job.stop();
        job.stop();
        expect(job.stopped).toBe(true);
        expect(await job.ended).toBeUndefined();
        await pause(30);
        peer.now();
        await pause(80);
        expect(peer.now()).toEqual([]);
        for (const call of [
          () => job.update(new Uint8Array(1)),
          () => job.status(),
          () => job.retime({ every: 5 }),
        ])
          expect(call).toThrow(refusal('EBADF'));
        await expect(job.counted()).rejects.toEqual(refusal('EBADF'));
      });

      it('has a beginning of its own, and says when that is over', async () => {
        using job = await manager.cyclic(frameOf('123#01'), { first: { count: 8, every: 10 }, every: 300 });
        const over = job.counted({ timeout: 5000 });
        const frames = await peer.take(11);
        await over;
        await job.counted({ timeout: 5000 });
        const later = median(gaps(frames.slice(7)));
        expect(later).toBeGreaterThan(200);
        expect(median(gaps(frames.slice(0, 8)))).toBeLessThan(later);
        expect(job.status()).toMatchObject({ every: 300, first: { count: 0, every: 10 } });
      });

      it('of a beginning alone is over with it, and can be timed anew', async () => {
        using job = await manager.cyclic(frameOf('123#01'), { first: { count: 3, every: 5 } });
        await job.counted({ timeout: 5000 });
        await pause(60);
        expect(peer.now()).toHaveLength(3);
        expect(job.status()).toMatchObject({ every: undefined, first: { count: 0, every: 5 } });
        job.retime({ every: 5 });
        await peer.take(3);
        expect(job.status()).toMatchObject({ by: manager.by, every: 5, first: undefined });
        using one = await manager.cyclic(frameOf('124#01'), { first: { count: 1, every: 5 } });
        await one.counted({ timeout: 5000 });
        using never = await manager.cyclic(frameOf('125#01'), { first: { count: 9, every: 5000 } });
        await expect(never.counted({ timeout: 20 })).rejects.toEqual(refusal('ERR_SOCKET_TIMEOUT'));
        await expect(never.counted({ signal: AbortSignal.abort() })).rejects.toEqual(refusal('ABORT_ERR'));
        const waiting = never.counted();
        never.stop();
        await expect(waiting).rejects.toEqual(refusal('ECANCELED'));
      });

      it('changes what it sends and keeps its beat', async () => {
        using job = await manager.cyclic(frameOf('123#00'), { every: 50 });
        const [first] = await peer.take(1);
        // Each of these would start the period anew, or send a frame, if they touched it.
        const end = performance.now() + 800;
        let changes = 0;
        while (performance.now() < end) {
          job.update(Uint8Array.of(++changes & 0xff));
          await pause(7);
        }
        const meanwhile = peer.now();
        expect(meanwhile.length).toBeGreaterThan(0);
        expect(meanwhile.length).toBeLessThan(20);
        const frames = await peer.take(5);
        expect(frames.map(({ text }) => text)).not.toContain(first?.text);
        expect(median(gaps(frames))).toBeGreaterThan(40);
        job.update(frameOf('124#FF'));
        expect(job.frames.map((frame) => formatFrame(frame))).toEqual(['124#FF']);
        expect(job.status().frames.map((frame) => formatFrame(frame))).toEqual(['124#FF']);
      });

      it('sends a changed frame at once where it is told to', async () => {
        using job = await manager.cyclic(frameOf('123#00'), { every: 5000 });
        expect((await peer.take(1))[0]?.text).toBe('123#00');
        job.update(Uint8Array.of(1));
        await pause(30);
        expect(peer.now()).toEqual([]);
        job.update(Uint8Array.of(2, 3), { announce: true });
        expect((await peer.take(1))[0]?.text).toBe('123#0203');
        job.retime({ every: 10 }, { restart: true });
        await peer.take(3);
      });

      it('announces the last frame of its beginning, and says so', async () => {
        using job = await manager.cyclic(frameOf('123#00'), { first: { count: 2, every: 5000 } });
        const over = job.counted({ timeout: 5000 });
        job.update(Uint8Array.of(1), { announce: true });
        await over;
        expect((await peer.take(2)).map(({ text }) => text)).toEqual(['123#00', '123#01']);
      });

      it('sends a sequence in turn, which may become shorter and not longer', async () => {
        const texts = ['123#01', '12345678#02', '123#R'];
        using job = await manager.cyclic(texts.map(frameOf), { every: 5 });
        const seen = (await peer.take(7)).map(({ text }) => text);
        expect(seen).toEqual([...texts, ...texts, ...texts].slice(0, 7));
        expect(() => job.update(texts.map(() => Uint8Array.of(1)))).toThrow(/remote request/);
        job.update([Uint8Array.of(7), Uint8Array.of(8)]);
        await pause(20);
        peer.now();
        const next = (await peer.take(4)).map(({ text }) => text);
        expect(new Set(next)).toEqual(new Set(['123#07', '12345678#08']));
        expect(next[0]).toBe(next[2]);
        expect(() => job.update(texts.map(frameOf))).toThrow(refusal('ERR_OUT_OF_RANGE'));
        job.update([frameOf('123#0A'), frameOf('123#0B')], { fromFirst: true, announce: true });
      });

      it('has 256 frames at most', async () => {
        const frame = (index: number): BcmFrame => frameOf(`123#${index.toString(16).padStart(4, '0')}`);
        const frames = Array.from({ length: 256 }, (_, index) => frame(index));
        using job = await manager.cyclic(frames, { every: 1 });
        expect(job.frames).toHaveLength(256);
        const seen = await peer.take(257);
        expect(seen[255]?.text).toBe('123#00FF');
        expect(seen[256]?.text).toBe('123#0000');
        await expect(manager.cyclic([...frames, frame(0)], { every: 1 })).rejects.toThrow(
          /1 to 256 frames; got 257/,
        );
        await expect(manager.cyclic([], { every: 1 })).rejects.toEqual(refusal('ERR_OUT_OF_RANGE'));
      });

      it('is one of many with the same identifier', async () => {
        const jobs: CyclicJob[] = [];
        for (const data of ['01', '02', '03'])
          jobs.push(await manager.cyclic(frameOf(`123#${data}`), { every: 10 }));
        const seen = (await peer.take(30)).map(({ text }) => text);
        for (const text of ['123#01', '123#02', '123#03'])
          expect(seen.filter((one) => one === text).length).toBeGreaterThan(4);
        jobs[0]!.stop();
        jobs[1]!.update(Uint8Array.of(9));
        await pause(30);
        peer.now();
        const after = new Set((await peer.take(10)).map(({ text }) => text));
        expect(after).toEqual(new Set(['123#09', '123#03']));
        expect(jobs[2]!.status().frames).toHaveLength(1);
        manager.close();
        expect(jobs.map(({ stopped }) => stopped)).toEqual([true, true, true]);
        expect(await jobs[2]!.ended).toBeUndefined();
        await expect(manager.cyclic(frameOf('123#'), { every: 10 })).rejects.toEqual(refusal('EBADF'));
      });

      it('sends FD frames', async () => {
        const text = `123##1${'A5'.repeat(64)}`;
        using job = await manager.cyclic([frameOf(text), frameOf('00000123##0')], { every: 5 });
        expect((await peer.take(3)).map((frame) => frame.text)).toEqual([text, '00000123##0', text]);
        expect(() => job.update([frameOf('123#01'), frameOf('123#01')])).toThrow(/all FD frames/);
        await expect(manager.cyclic([frameOf(text), frameOf('123#')], { every: 5 })).rejects.toThrow(
          /^frames must be all FD/,
        );
      });

      it('is refused what it cannot be', async () => {
        const frame = frameOf('123#01');
        const refused = async (timing: object, words: RegExp, frames: unknown = frame): Promise<void> => {
          await expect(manager.cyclic(frames as BcmFrame, timing)).rejects.toThrow(words);
        };
        await refused({}, /^timing must be with `every` or `first`/);
        await refused({ every: 0 }, /^every must be from 0\.001/);
        await refused({ every: -1 }, /^every must be/);
        await refused({ every: Number.NaN }, /^every must be/);
        await refused({ every: Number.POSITIVE_INFINITY }, /^every must be/);
        await refused({ every: '10' }, /^every must be a number of milliseconds/);
        await refused({ every: 0.5 }, /^every must be at least 1 ms \(`least` allows less\); got 0\.5/);
        await refused({ every: 10, least: 20 }, /^every must be at least 20 ms/);
        await refused({ every: 10, first: { count: 0, every: 10 } }, /^first\.count must be/);
        await refused({ every: 10, first: { count: 1, every: 0.2 } }, /^first\.every must be at least 1 ms/);
        await refused({ every: 10, first: 3 }, /^first must be an object/);
        await refused(null as never, /^timing must be an object/);
        await refused({ every: 10 }, /^frame must be an object/, null);
        await refused({ every: 10 }, /^data must be empty on a remote frame/, {
          id: 1,
          remote: true,
          data: new Uint8Array(1),
        });
        await refused({ every: 10 }, /^data must be at most 8 bytes/, { id: 1, data: new Uint8Array(9) });
        await refused({ every: 10 }, /ext\(0x800\)/, { id: 0x800 });
        await refused({ every: 10 }, /^frame\.xl must be false/, {
          xl: true,
          id: 1,
          data: new Uint8Array(1),
        });
        using job = await manager.cyclic(frame, {
          every: 0.5,
          least: 0.25,
          first: { count: 1, every: 0.25 },
        });
        expect(() => job.update('x' as never)).toThrow(refusal('ERR_INVALID_ARG_TYPE'));
        expect(() => job.update([])).toThrow(refusal('ERR_OUT_OF_RANGE'));
        expect(() => job.update(new Uint8Array(9))).toThrow(refusal('ERR_OUT_OF_RANGE'));
        expect(() => job.retime({ every: 0 })).toThrow(refusal('ERR_OUT_OF_RANGE'));
        await expect(job.counted({ timeout: -1 })).rejects.toEqual(refusal('ERR_OUT_OF_RANGE'));
      });
    });

    describe('a watch', () => {
      it('tells every frame of its identifier, and no other', async () => {
        using watch = manager.watch(std(0x123));
        using other = manager.watch(ext(0x123));
        for (const text of ['123#01', '00000123#02', '124#03', '123#01', '123#R', '123##0'])
          await peer.send(text);
        expect(await words(watch, 2)).toEqual(['123#01', '123#01']);
        expect(await words(other, 1)).toEqual(['00000123#02']);
        await peer.send('123#');
        expect(await words(watch, 1)).toEqual(['123#']);
        expect(watch.by).toBe(manager.by);
      });

      it('tells what changed in its mask', async () => {
        using watch = manager.watch(0x123, { mask: Uint8Array.of(0xf0, 0, 0x01) });
        for (const data of ['000000', '0F0000', '1F0000', '1FFF00', '1FFF02', '1FFF03', '1FFF0301', '0000'])
          await peer.send(`123#${data}`);
        expect(await words(watch, 4)).toEqual(['123#000000', '123#1F0000', '123#1FFF03', '123#0000']);
        using length = manager.watch(0x123, { mask: new Uint8Array(0), checkLength: true });
        for (const data of ['01', '02', '0203', '0304']) await peer.send(`123#${data}`);
        expect(await words(length, 2)).toEqual(['123#01', '123#0203']);
      });

      it('tells FD frames, of their whole length', async () => {
        const mask = new Uint8Array(64);
        mask[63] = 1;
        using watch = manager.watch(0x123, { fd: true, mask });
        const texts = ['00', '02', '03', '01'].map((last) => `123##0${'00'.repeat(63)}${last}`);
        for (const text of ['123#01', ...texts]) await peer.send(text);
        expect(await words(watch, 2)).toEqual([texts[0], texts[2]]);
      });

      it('tells at most one in a time, the last', async () => {
        using watch = manager.watch(0x123, { mask: Uint8Array.of(0xff), throttle: 300 });
        for (const data of ['01', '02', '03', '04']) await peer.send(`123#${data}`);
        const began = performance.now();
        expect(await words(watch, 2)).toEqual(['123#01', '123#04']);
        expect(performance.now() - began).toBeGreaterThan(100);
        expect(watch.status()).toEqual({ by: manager.by, throttle: 300, absentAfter: undefined });
      });

      it('tells of an absence once, and of what comes then', async () => {
        using watch = manager.watch(0x123, { mask: Uint8Array.of(0xff), absentAfter: 60 });
        expect(await words(watch, 1)).toEqual(['absent']);
        await peer.send('123#01');
        expect(await words(watch, 1)).toEqual(['resumed 123#01']);
        expect(await words(watch, 1)).toEqual(['absent']);
        await pause(150);
        await peer.send('123#01');
        expect(await words(watch, 2)).toEqual(['resumed 123#01', 'absent']);
        expect(watch.status()).toMatchObject({ absentAfter: 60, throttle: undefined });
        using silent = manager.watch(0x124, {
          mask: Uint8Array.of(0xff),
          absentAfter: 60,
          announceResume: false,
        });
        await peer.send('124#01');
        expect(await words(silent, 2)).toEqual(['124#01', 'absent']);
        for (const data of ['01', '02']) await peer.send(`124#${data}`);
        expect(await words(silent, 1)).toEqual(['resumed 124#02']);
      });

      it('begins to wait for a frame when it is told to', async () => {
        using watch = manager.watch(0x123, { absentAfter: 40, absentAtStart: false });
        await pause(100);
        await peer.send('123#01');
        expect(await words(watch, 2)).toEqual(['123#01', 'absent']);
        using still = manager.watch(0x124, { absentAfter: 40, absentAtStart: false, autoTimer: false });
        await peer.send('124#01');
        await pause(100);
        await peer.send('124#02');
        expect(await words(still, 2)).toEqual(['124#01', '124#02']);
        still.rearm();
        expect(await words(still, 1)).toEqual(['absent']);
        expect(still.status()).toMatchObject({ absentAfter: 40 });
      });

      it('tells apart messages that share an identifier', async () => {
        using watch = manager.watch(0x123, {
          multiplex: {
            mask: Uint8Array.of(0xff),
            messages: [
              { value: Uint8Array.of(1) },
              { value: Uint8Array.of(2), mask: Uint8Array.of(0xff, 0xf0) },
            ],
          },
        });
        for (const data of ['0100', '0200', '0300', '0100', '0201', '0101', '0210', '0300', '01'])
          await peer.send(`123#${data}`);
        expect(await words(watch, 5)).toEqual([
          '0:123#0100',
          '1:123#0200',
          '0:123#0101',
          '1:123#0210',
          '0:123#01',
        ]);
      });

      it('tells remote requests', async () => {
        using watch = manager.watch(0x123, { remote: true });
        for (const text of ['123#01', '123#R', '124#R', '123#R4']) await peer.send(text);
        expect(await words(watch, 2)).toEqual(['123#R', '123#R4']);
      });

      it('ends when it is left, closed or aborted, and with its manager', async () => {
        const left = manager.watch(0x123);
        await peer.send('123#01');
        for await (const event of left) {
          expect(word(event)).toBe('123#01');
          break;
        }
        expect(left.closed).toBe(true);
        expect(await left.next()).toEqual({ done: true, value: undefined });
        expect(() => left.rearm()).toThrow(refusal('EBADF'));
        expect(() => left.status()).toThrow(refusal('EBADF'));

        const abort = new AbortController();
        const watch = manager.watch(0x123, { signal: abort.signal });
        const waiting = watch.next();
        abort.abort(new Error('enough'));
        await expect(waiting).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
        expect(watch.closed).toBe(true);
        const late = manager.watch(0x123, { signal: abort.signal });
        await expect(late.next()).rejects.toEqual(refusal('ABORT_ERR'));
        expect(late.closed).toBe(true);

        const last = manager.watch(0x123);
        const two = [last.next(), last.next()];
        manager.close();
        expect(await Promise.all(two)).toEqual(two.map(() => ({ done: true, value: undefined })));
        expect(() => manager.watch(0x123)).toThrow(refusal('EBADF'));
      });

      it('is refused what it cannot be', () => {
        const refused = (options: object, words: RegExp, id: unknown = 0x123): void => {
          expect(() => manager.watch(id as number, options)).toThrow(words);
        };
        refused({ mask: new Uint8Array(9) }, /^mask must be at most 8 bytes/);
        refused({ mask: new Uint8Array(65), fd: true }, /^mask must be at most 64 bytes/);
        refused({ mask: [1] }, /^mask must be a Uint8Array/);
        refused({ throttle: 0 }, /^throttle must be from 0\.001/);
        refused({ absentAfter: -1 }, /^absentAfter must be/);
        refused({ absentAfter: '5' }, /^absentAfter must be a number/);
        refused({ fd: 1 }, /^fd must be true or false/);
        refused({ fd: true, remote: true }, /^remote must be false with `fd`/);
        refused({ remote: true, mask: new Uint8Array(1) }, /^mask must be undefined with `remote`/);
        refused({ signal: 5 }, /^signal must be an AbortSignal/);
        refused({}, /ext\(0x800\)/, 0x800);
        refused({}, /^id must be/, 'x');
        const mask = Uint8Array.of(0x0f);
        const value = Uint8Array.of(1);
        refused({ multiplex: { mask, messages: [] } }, /^multiplex\.messages must be 1 to 256/);
        refused(
          { multiplex: { mask, messages: Array(257).fill({ value }) } },
          /^multiplex\.messages must be 1 to 256/,
        );
        refused(
          { multiplex: { mask, messages: [{ value: Uint8Array.of(0x10) }] } },
          /messages\[0\]\.value must be within/,
        );
        refused(
          { multiplex: { mask: new Uint8Array(9), messages: [{ value }] } },
          /^multiplex\.mask must be at most 8/,
        );
        refused(
          { multiplex: { mask, messages: [{ value }] }, mask },
          /^mask must be undefined with `multiplex`/,
        );
        manager.watch(0x123, { multiplex: { mask, messages: Array(256).fill({ value }) } }).close();
      });
    });

    describe('an answer', () => {
      it('is what a remote request gets', async () => {
        using answer = manager.answer(frameOf('123#0102'));
        await pause(10);
        await peer.send('123#R');
        expect((await peer.take(1))[0]?.text).toBe('123#0102');
        answer.update(Uint8Array.of(3));
        expect(formatFrame(answer.frame)).toBe('123#03');
        for (const text of ['124#R', '123#05', '00000123#R', '123#R2']) await peer.send(text);
        expect((await peer.take(1))[0]?.text).toBe('123#03');
        expect(() => answer.update(frameOf('124#01'))).toThrow(/identifier of the answer, 123/);
        answer.stop();
        expect(await answer.ended).toBeUndefined();
        expect(() => answer.update(Uint8Array.of(1))).toThrow(refusal('EBADF'));
        peer.now();
        await peer.send('123#R');
        await pause(50);
        expect(peer.now()).toEqual([]);
        expect(() => manager.answer(frameOf('123#R'))).toThrow(/a data frame/);
        expect(() => manager.answer(frameOf('123##0'))).toThrow(/a classic frame/);
        expect(() => manager.answer(null as never)).toThrow(refusal('ERR_INVALID_ARG_TYPE'));
      });
    });
  });
}
