import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const around = new URL('full-queue.py', import.meta.url).pathname;

/** The last bytes of the packets that the last program's interface took, in order. */
let took: number[] = [];

/** What a program prints that sends to an interface whose queue is full; undefined where there can be none. */
function program(lines: string): unknown {
  const preamble = `
    import { performance } from 'node:perf_hooks';
    import { constants as c, errnos, Socket } from '@sockeye/core';
    const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    const to = Buffer.from([c.AF_INET, 0, 0, 9, 10, 77, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
    // UDP tells of a full queue only those who asked for errors: ip(7), IP_RECVERR.
    const make = () => { const s = Socket.create(c.AF_INET, c.SOCK_DGRAM); s.setsockopt(c.IPPROTO_IP, c.IP_RECVERR, 1);
      s.connectSync(to); return s; };
    const socket = make();
    const x = Buffer.from('x');
    const fill = () => { let n = 0; while (socket.trySend(x) === 1) n++; return n; };
    const drain = () => process.stdout.write('drain\\n');
    const failed = async (promise) => { const began = performance.now();
      try { return await promise; } catch (error) {
        return { code: error.code, cause: error.cause?.code, ms: performance.now() - began, message: error.message }; } };
    const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n');`;
  const node = [process.execPath, '--input-type=module', '-e', preamble + lines];
  const { status, stdout, stderr, error } = spawnSync('unshare', ['-n', 'python3', around, ...node], {
    encoding: 'utf8',
    timeout: 15_000,
  });
  if (error !== undefined || status === 77 || (status === 1 && stderr.startsWith('unshare')))
    return undefined;
  if (status !== 0) throw new Error(`status ${status}: ${stderr}`);
  const printed = stdout.trim().split('\n');
  took = printed.flatMap((line) => (line.startsWith('took ') ? [Number(line.slice(5))] : []));
  return JSON.parse(printed.find((line) => !line.startsWith('took ')) ?? 'null');
}

const WITHOUT = 'a TUN interface in a network namespace takes root, unshare, python3, ip and tc';

describe('a full queue of the interface (ENOBUFS)', () => {
  it('is what these tests provoke, and the try form says so', (context) => {
    const said = program(
      `say([fill(), socket.trySend(x) === -errnos.ENOBUFS, socket.tryWait(c.POLLOUT) === c.POLLOUT]);`,
    );
    if (said === undefined) return context.skip(WITHOUT);
    expect(said).toEqual([4, true, true]);
  });

  it('is waited out by send, sendTo and sendAll in their order, counted, without spinning', (context) => {
    const said = program(`
      fill();
      const byte = (value) => Buffer.from([value]);
      let done = 0;
      const sends = [socket.send(byte(1)), socket.sendTo(byte(2), to), socket.sendAll(byte(3)),
        socket.sendMsg([byte(0), byte(4)])];
      for (const send of sends) send.then(() => done++);
      const used = process.cpuUsage();
      await pause(300);
      const { user, system } = process.cpuUsage(used);
      const before = done;
      drain();
      const counts = await Promise.all(sends);
      drain();
      const { waits, wouldBlocks, noBuffers, pauses } = socket.counters;
      say({ before, counts, quiet: (user + system) / 1000 < 100, waits, wouldBlocks,
        counted: noBuffers > 5 && noBuffers < 30 && pauses > 4 && pauses <= noBuffers });`);
    if (said === undefined) return context.skip(WITHOUT);
    const counts = [1, 1, null, 2];
    expect(said).toEqual({ before: 0, counts, quiet: true, waits: 4, wouldBlocks: 0, counted: true });
    // The four that filled it, and then the others as they were sent.
    expect(took).toEqual([...Array(4).fill('x'.charCodeAt(0)), 1, 2, 3, 4]);
  });

  it('is bounded by the caller’s timeout and ended by a signal or a close', (context) => {
    const said = program(`
      fill();
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 30);
      const first = failed(socket.send(x, { timeout: 50 }));
      const behind = failed(socket.send(x, { timeout: 20 }));
      const aborted = failed(socket.send(x, { signal: controller.signal }));
      const all = [await first, await behind, await aborted, await failed(socket.send(x, { timeout: 0 })),
        await failed(socket.send(x, { flags: c.MSG_DONTWAIT }))];
      const closing = failed(socket.send(x));
      await pause(10);
      socket.close();
      all.push(await closing);
      say(all.map(({ code, cause, ms }) => [code, cause ?? null, ms]));`);
    if (said === undefined) return context.skip(WITHOUT);
    const rows = said as [string, string | number | null, number][];
    expect(rows.map(([code, cause]) => [code, cause])).toEqual([
      ['ERR_SOCKET_TIMEOUT', 'ENOBUFS'],
      // It stood behind the first, and never asked.
      ['ERR_SOCKET_TIMEOUT', 'ENOBUFS'],
      // The reason of the signal, a DOMException with its old number.
      ['ABORT_ERR', 20],
      ['ERR_SOCKET_TIMEOUT', 'ENOBUFS'],
      ['ENOBUFS', null],
      ['ECANCELED', null],
    ]);
    expect(rows[0]?.[2]).toBeGreaterThanOrEqual(50);
    expect(rows[0]?.[2]).toBeLessThan(500);
  });

  it('is waited for 30 s without a timeout, by all who wait together, and then said', (context) => {
    const said = program(`
      fill();
      const began = performance.now();
      const sends = [failed(socket.send(x)), failed(socket.sendTo(x, to)), failed(socket.send(x))];
      await pause(50);
      const real = performance.now.bind(performance);
      performance.now = () => real() + 29_000;
      await pause(200);
      const early = await Promise.race([sends[0], pause(1).then(() => 'waiting')]);
      performance.now = () => real() + 30_000;
      const all = await Promise.all(sends);
      drain();
      await pause(20);
      say({ early, codes: all.map(({ code }) => code), hint: all[0].message.includes('txqueuelen'), after: await socket.send(x) });`);
    if (said === undefined) return context.skip(WITHOUT);
    expect(said).toEqual({
      early: 'waiting',
      codes: ['ENOBUFS', 'ENOBUFS', 'ENOBUFS'],
      hint: true,
      after: 1,
    });
  });

  it('is waited out by the Sync forms too, with the same bounds', (context) => {
    const said = program(`
      fill();
      const sync = (call) => { const began = performance.now(); const used = process.cpuUsage();
        let result; try { result = call(); } catch (error) { result = [error.code, error.cause?.code ?? null]; }
        const { user, system } = process.cpuUsage(used);
        return [result, performance.now() - began >= 100, (user + system) / 1000 < 50]; };
      const timeout = 100;
      const full = [sync(() => socket.sendSync(x, { timeout })), sync(() => socket.sendToSync(x, to, { timeout })),
        sync(() => socket.sendAllSync(x, { timeout })), sync(() => socket.sendMsgSync([x], { timeout })),
        sync(() => socket.sendSync(x, { flags: c.MSG_DONTWAIT }))[0]];
      drain();
      say([full, socket.sendSync(x), socket.sendToSync(x, to)]);`);
    if (said === undefined) return context.skip(WITHOUT);
    const out = [['ERR_SOCKET_TIMEOUT', 'ENOBUFS'], true, true];
    expect(said).toEqual([[out, out, out, out, ['ENOBUFS', null]], 1, 1]);
  });

  it('leaves receives alone, and lets the process end when the socket is not referenced', (context) => {
    const said = program(`
      fill();
      socket.send(x).catch(() => {});
      const reading = socket.recv(8, { timeout: 30 }).catch((error) => error.code);
      const code = await reading;
      socket.unref();
      say(code);`);
    if (said === undefined) return context.skip(WITHOUT);
    expect(said).toBe('ERR_SOCKET_TIMEOUT');
  });
});
