import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Attributes, AttributeWriter, Netlink, type NetlinkOptions, Rtnetlink } from '../src/index.ts';
import { decodeLink, encodeLinkQuery, encodeLinkSettings, IFINFOMSG_SIZE, IFLA } from '../src/link.ts';
import { RTM, RTNLGRP } from '../src/numbers.ts';
import { Pending } from '../src/pending.ts';
import { Namespace, whyNoNetlink } from './namespace.ts';

const reason = whyNoNetlink();
const sockets: Netlink[] = [];

function open(options: NetlinkOptions = {}): Netlink {
  const socket = Netlink.open(options);
  sockets.push(socket);
  return socket;
}

beforeEach((context) => {
  if (reason !== undefined) context.skip(reason);
});

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

const links = { name: 'RTM_GETLINK', type: RTM.GETLINK, body: encodeLinkQuery(undefined) };
const lo = { name: 'RTM_GETLINK', type: RTM.GETLINK, body: encodeLinkQuery('lo') };

describe('a netlink socket', () => {
  it('answers requests and dumps that are made side by side, each its own', async () => {
    const socket = open();
    const missing = { ...lo, body: encodeLinkQuery('nowhere') };
    const answers = await Promise.allSettled([
      socket.dump(links),
      socket.request(lo),
      socket.request(missing),
      socket.dump(links),
      socket.request(lo),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'ENODEV' });
      else for (const { type } of answer.value) expect(type).toBe(RTM.NEWLINK);
    }
    const [one, , , other] = answers as PromiseFulfilledResult<unknown[]>[];
    expect(one?.value.length).toBe(other?.value.length);
    expect(one?.value.length).toBeGreaterThan(0);
  });

  it('says what the kernel says of an attribute: words, place and policy', async () => {
    const socket = open();
    const header = new Uint8Array(IFINFOMSG_SIZE);
    // A link's MTU is 32 bits.
    const short = new AttributeWriter().struct(header).data(IFLA.MTU, new Uint8Array(2)).bytes();
    const error = await socket.request({ ...links, body: short }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      name: 'NetlinkError',
      code: 'ERANGE',
      offset: 16 + IFINFOMSG_SIZE,
      kernelMessage: expect.stringContaining('policy'),
      policy: { type: 'U32' },
      message: expect.stringContaining('it takes U32'),
    });
  });

  it('checks dumps strictly, or not', async () => {
    const header = new Uint8Array(IFINFOMSG_SIZE);
    const odd = { ...links, body: new AttributeWriter().struct(header).u32(IFLA.MTU, 5).bytes() };
    const strict = open();
    expect(strict.strict).toBe(true);
    await expect(strict.dump(odd)).rejects.toMatchObject({
      code: 'EINVAL',
      kernelMessage: 'Unsupported attribute in link dump request',
    });
    expect((await open({ strict: false }).dump(odd)).length).toBeGreaterThan(0);
  });

  it('gives up in time, and goes on', async () => {
    const socket = open();
    await expect(
      socket.request(lo, { signal: AbortSignal.abort(new Error('enough')) }),
    ).rejects.toMatchObject({
      name: 'AbortError',
      code: 'ABORT_ERR',
      cause: expect.objectContaining({ message: 'enough' }),
    });
    const stop = new AbortController();
    const given = socket.dump(links, { signal: stop.signal });
    stop.abort();
    await expect(given).rejects.toMatchObject({ code: 'ABORT_ERR' });
    // The kernel answers at once, so nothing but a request that was never sent is late for certain.
    await expect(new Pending('a request', false, { timeout: 5 }).answer).rejects.toMatchObject({
      code: 'ERR_SOCKET_TIMEOUT',
      syscall: 'a request',
    });
    expect((await socket.dump(links, { timeout: 10_000 })).length).toBeGreaterThan(0);
    await expect(socket.dump(links, { timeout: -1 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect((await socket.dump(links)).length).toBeGreaterThan(0);
  });

  it('tells who waits that it was closed', async () => {
    const socket = open();
    const next = socket.messages().next();
    socket.close();
    await expect(next).rejects.toMatchObject({ code: 'ECANCELED' });
    await expect(socket.request(lo)).rejects.toMatchObject({ code: 'EBADF' });
    await expect(socket.dump(links)).rejects.toMatchObject({ code: 'EBADF' });
    await expect(socket.messages().next()).rejects.toMatchObject({ code: 'ECANCELED' });
  });

  it('refuses what cannot be', () => {
    expect(() => open({ protocol: -1 })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    expect(() => open({ protocol: 31 })).toThrow(expect.objectContaining({ code: 'EPROTONOSUPPORT' }));
    expect(() => open({ groups: [0] })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    const socket = open();
    expect(() => socket.join(4000)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });

  it('tells that its queue ran over, and hears again', async (context) => {
    const space = await Namespace.create();
    if (typeof space === 'string') return context.skip(space);
    await using _ = space;
    const { netns } = space;
    // The least receive buffer that there is.
    const small = open({ netns, groups: [RTNLGRP.LINK], receiveBuffer: 1 });
    using route = Rtnetlink.open({ netns });
    const heard = small.messages();
    const index = await route.indexOf('lo');
    for (let turn = 0; turn < 40; turn++) {
      // Changes that are told, without a turn of the loop between them for the listener.
      const body = encodeLinkSettings(index, { mtu: 60_000 + turn });
      const { socket } = route.netlink;
      const message = new Uint8Array(16 + body.length);
      new DataView(message.buffer).setUint32(0, message.length, true);
      new DataView(message.buffer).setUint16(4, RTM.NEWLINK, true);
      new DataView(message.buffer).setUint16(6, 1, true);
      message.set(body, 16);
      socket.sendSync(message);
    }
    const kinds: string[] = [];
    for await (const one of heard) {
      kinds.push('kind' in one ? one.kind : 'message');
      if (kinds.at(-1) === 'overrun') break;
    }
    expect(kinds).toContain('overrun');
    expect(small.counters.overruns).toBeGreaterThan(0);
    // It hears again.
    const next = small.messages().next();
    await route.changeLink('lo', { mtu: 1500 });
    const { value } = await next;
    expect(new Attributes(value.body, IFINFOMSG_SIZE).u32(IFLA.MTU)).toBe(1500);
  });

  it('asks again for a list that changed while it was made, and tells', async (context) => {
    const space = await Namespace.create();
    if (typeof space === 'string') return context.skip(space);
    await using _ = space;
    const { netns } = space;
    const socket = open({ netns });
    using route = Rtnetlink.open({ netns });
    // More than one datagram has room for, so that there is a time between its parts.
    for (let turn = 0; turn < 40; turn++) {
      await route.createLink({ name: `a${turn}`, kind: 'veth', peer: { name: `b${turn}` } });
    }
    let changing = true;
    const change = (async () => {
      while (changing) {
        await route.createLink({ name: 'x', kind: 'veth', peer: { name: 'y' } });
        await route.deleteLink('x');
      }
    })();
    let told = 0;
    for (let turn = 0; turn < 200 && told === 0; turn++) {
      const names = await socket.dump(links).then(
        (all) => all.map(({ body }) => decodeLink(body).name),
        (error: { code?: string }) => error.code,
      );
      if (Array.isArray(names))
        expect(names).toEqual(expect.arrayContaining(['lo', 'a0', 'b0', 'a39', 'b39']));
      else expect(names).toBe('EINTR');
      told = socket.counters.interruptions;
    }
    changing = false;
    await change;
    expect(told).toBeGreaterThan(0);
    expect(await socket.dump(links)).toHaveLength(81);
  });

  it('says what a process without rights lacks', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('only root can have no rights for the moment');
    const program = `const { Rtnetlink } = await import('${new URL('../src/index.ts', import.meta.url)}');
      const route = Rtnetlink.open();
      await route.changeLink('lo', { alias: 'x' }).catch(({ code, message }) => console.log(code, message));
      console.log((await route.links()).length > 0);
      route.close();`;
    const lesser = ['--bounding-set=-net_admin', '--inh-caps=-net_admin'];
    const run = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', program];
    const ran = spawnSync('setpriv', [...lesser, ...run], { encoding: 'utf8' });
    if (ran.error !== undefined) return context.skip('there is no setpriv(1)');
    expect(ran.stdout, ran.stderr).toMatch(/^EPERM RTM_NEWLINK EPERM: .*CAP_NET_ADMIN.*\ntrue\n$/);
  });

  it('does not hold the process when nobody waits', async () => {
    const socket = open({ groups: [RTNLGRP.LINK] });
    await socket.request(lo);
    const heard = socket.messages();
    await heard.return?.();
    const before = socket.socket.counters.waits;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(socket.socket.counters.waits).toBe(before);
    // It was waited on before, and is again when somebody asks.
    expect(before).toBeGreaterThan(0);
    expect(await socket.request(lo)).toHaveLength(1);
  });
});
