/** Look-ups that hang: whom they hold up, how they are given up, and what they leave. */
import { describe, expect, it } from 'vitest';
import { cannotIsolate, isolated } from './isolated.ts';

const reason = cannotIsolate();

describe('while look-ups hang', () => {
  it('Node.js’s pool is free: files are read and its own look-ups go on', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const { status, output } = await isolated(
      { resolver: 'silent' },
      `
      await silent();
      const hanging = Array.from({ length: 20 }, (_, i) =>
        core.getaddrinfo('host' + i + '.example', 80).catch(() => {}));
      const also = [core.gethostbyname('a.example'), core.getnameinfo(new Uint8Array(16).fill(2, 0, 1).fill(9, 4, 8))];
      for (const one of also) one.catch(() => {});
      const seen = [await counted(2)];
      const files = await Promise.all(Array.from({ length: 50 }, () => readFile('/etc/hosts', 'utf8')));
      const found = await dns.promises.lookup('full');
      seen.push(lookups());
      console.log(seen.join(), files.length, found.address, soon());
      process.exit();`,
    );
    expect({ status, output }).toEqual({ status: 0, output: '2,2 50 192.0.2.10 true' });
  });

  it('the other way round: Node.js’s hang, ours are answered', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const { output } = await isolated(
      { resolver: 'silent', timeout: 8000 },
      `
      await silent();
      for (let i = 0; i < 8; i++) dns.lookup('host' + i + '.example', () => {});
      await pause(50);
      const [first] = await core.getaddrinfo('full', 'http', { type: c.SOCK_STREAM });
      const { name } = await core.gethostbyname('alias');
      console.log(first.address.readUInt16BE(2), name, soon());
      // Leaving takes as long as Node.js's own look-ups do.
      process.kill(process.pid, 'SIGKILL');`,
    );
    expect(output).toBe('80 full.example.org true');
  });

  it('numeric hosts are answered all the same, a thousand of them without a thread', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const { status, output } = await isolated(
      { resolver: 'silent' },
      `
      const threads = () => readdirSync('/proc/self/task').length;
      const before = threads();
      const most = [];
      const ask = async (i) => {
        const [first] = await core.getaddrinfo(i % 2 ? '192.0.2.1' : '2001:db8::1', i, { type: c.SOCK_STREAM });
        const { host, service } = await core.getnameinfo(first.address, { flags: c.NI_NUMERICHOST | c.NI_NUMERICSERV });
        if (i % 100 === 0) most.push(threads());
        return host + service;
      };
      const said = await Promise.all(Array.from({ length: 1000 }, (_, i) => ask(i)));
      console.log(new Set(said).size, said[7], said[8], Math.max(...most) - before, lookups());
      await silent();
      core.getaddrinfo('a.example', 80).catch(() => {}); core.getaddrinfo('b.example', 80).catch(() => {});
      await Promise.all(Array.from({ length: 1000 }, (_, i) => ask(i)));
      console.log(await counted(2), soon());
      process.exit();`,
    );
    expect({ status, output }).toEqual({ status: 0, output: '1000 192.0.2.17 2001:db8::18 0 0\n2 true' });
  });

  it('who came first is served first; one that is aborted or late leaves the queue and gives its place', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const { status, output } = await isolated(
      { resolver: 'silent' },
      `
      const asked = await silent();
      const names = () => asked.map((data) => { let at = 12; return data.subarray(at + 1, at + 1 + data[at]).toString(); });
      const stops = [];
      const ask = (name, options = {}) => {
        const stop = new AbortController(); stops.push(stop);
        return core.gethostbyname(name + '.example', { signal: stop.signal, ...options })
          .catch((error) => console.log(name, error.name, error.code));
      };
      const all = ['a', 'b', 'c', 'd', 'e'].map((name) => ask(name));
      const late = ask('late', { timeout: 200 });
      const known = core.gethostbyname('full').then(({ name }) => console.log(name));
      await late;
      while (names().length < 2) await pause(10);
      // The first two are asked at the same time, in either order.
      console.log(names().sort().join(), await counted(2));
      stops[2].abort();
      await all[2];
      stops[0].abort();
      await all[0];
      while (names().length < 3) await pause(10);
      console.log(names().sort().join(), await counted(3));
      stops[1].abort(); stops[3].abort(); stops[4].abort();
      await Promise.all(all);
      await known;
      console.log(soon());
      // And with nobody waiting, the process ends, though threads are still stuck.
      process.on('exit', () => console.log('ended', soon()));`,
    );
    expect({ status, output: output.split('\n') }).toEqual({
      status: 0,
      output: [
        'late SocketError ERR_SOCKET_TIMEOUT',
        'a,b 2',
        'c AbortError ABORT_ERR',
        'a AbortError ABORT_ERR',
        'a,b,d 3',
        'b AbortError ABORT_ERR',
        'd AbortError ABORT_ERR',
        'e AbortError ABORT_ERR',
        'full.example.org',
        'true',
        'ended true',
      ],
    });
  });

  it('no more than eight threads are ever stuck, and those behind wait', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const { status, output } = await isolated(
      { resolver: 'silent' },
      `
      await silent();
      const codes = await Promise.all(Array.from({ length: 40 }, (_, i) =>
        core.getaddrinfo('host' + i + '.example', 80, { timeout: 20 + 10 * i }).catch((error) => error.code)));
      console.log(new Set(codes).size, codes[0], await counted(8));
      const last = await core.getaddrinfo('full', 80, { timeout: 300 }).catch((error) => error.code);
      console.log(last, await counted(8), soon());`,
    );
    expect({ status, output }).toEqual({
      status: 0,
      output: '1 ERR_SOCKET_TIMEOUT 8\nERR_SOCKET_TIMEOUT 8 true',
    });
  });

  it('a process and its workers end at once; what others wait for goes on', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const { status, output } = await isolated(
      { resolver: 'silent' },
      `
      import { Worker } from 'node:worker_threads';
      await silent();
      const hang = \`
        import { getaddrinfo } from '@sockeye/core';
        import { parentPort } from 'node:worker_threads';
        for (let i = 0; i < 5; i++) getaddrinfo('host' + i + '.example', 80).catch(() => {});
        parentPort.postMessage('asked');\`;
      const workers = Array.from({ length: 3 }, () => new Worker(hang, { eval: true }));
      await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
      const during = await counted(2);
      // It stands behind the fifteen of the workers.
      const mine = core.getaddrinfo('full', 80);
      await Promise.all(workers.map((worker) => worker.terminate()));
      console.log(during, (await mine).length > 0, soon());
      core.getaddrinfo('mine.example', 80).catch(() => {});
      process.on('exit', () => console.log('exit', soon()));
      setTimeout(() => process.exit(), 50);`,
    );
    expect({ status, output }).toEqual({ status: 0, output: '2 true true\nexit true' });
  });
});

describe('without a name server', () => {
  it.each([
    ['refusing', 'no name server answered; /etc/resolv.conf has 127.0.0.1'],
    ['missing', 'no name server answered: there is no /etc/resolv.conf'],
  ] as const)('%s: TRY_AGAIN and EAI_AGAIN, which say where to look', async (resolver, words) => {
    const { status, output } = await isolated(
      { resolver },
      `
      const say = (error) => console.log(error.name, error.code, error.syscall, error.message.includes(${JSON.stringify(words)}));
      await core.getaddrinfo('nobody.example', 80).catch(say);
      try { core.getaddrinfoSync('nobody.example', 80); } catch (error) { say(error); }
      await core.gethostbyname('nobody.example').catch(say);
      const [nobody] = await core.getaddrinfo('192.0.2.99', 80);
      await core.getnameinfo(nobody.address, { flags: c.NI_NAMEREQD }).catch(say);
      await core.gethostbyaddr(nobody.address).catch((error) => console.log(error.code, error.message.includes('192.0.2.99')));
      console.log((await core.gethostbyname('full')).name, await core.getfqdn('nobody'), soon());`,
    );
    expect({ status, output: output.split('\n') }).toEqual({
      status: 0,
      output: [
        'SocketError EAI_AGAIN getaddrinfo true',
        'SocketError EAI_AGAIN getaddrinfo true',
        'SocketError TRY_AGAIN gethostbyname true',
        'SocketError EAI_AGAIN getnameinfo true',
        'TRY_AGAIN true',
        'full.example.org nobody true',
      ],
    });
  });
});

describe('after look-ups', () => {
  it('no memory, thread or descriptor is lost, over thousands', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const { status, output } = await isolated(
      { resolver: 'refusing' },
      `
      const [{ address }] = core.getaddrinfoSync('127.0.0.1', 80);
      const round = async () => {
        for (let i = 0; i < 200; i++) {
          await Promise.all([
            core.getaddrinfo('127.0.0.1', i), core.getaddrinfo('localhost', 'http', { flags: c.AI_CANONNAME }),
            core.getnameinfo(address), core.gethostbyname('full'), core.gethostbyaddr(address), core.getservbyport(80),
            core.getaddrinfo('full', 1, { timeout: 0.01 }).catch(() => {}),
            core.gethostbyname('x'.repeat(300)).catch(() => {}), core.getprotobyname('none').catch(() => {}),
          ]);
          core.interfaces(); core.ifNameIndex(); core.getaddrinfoSync('::1', i);
        }
        gc(); gc();
      };
      for (let i = 0; i < 4; i++) await round();
      const descriptors = readdirSync('/proc/self/fd').length;
      const before = process.memoryUsage.rss();
      for (let i = 0; i < 12; i++) await round();
      // Of 28,800 calls, 400 bytes lost in each would be 11 MB.
      const grown = (process.memoryUsage.rss() - before) / 2 ** 20;
      for (let i = 0; i < 50 && lookups() > 0; i++) await pause(20);
      console.log(grown < 11 || grown, readdirSync('/proc/self/fd').length - descriptors, lookups());`,
    );
    expect({ status, output }).toEqual({ status: 0, output: 'true 0 0' });
  });
});
