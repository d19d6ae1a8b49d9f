import { readdirSync } from 'node:fs';
import { inet } from '@sockeye/addr/inet';
import { constants, Socket } from '@sockeye/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Change, NetlinkError, Rtnetlink } from '../src/index.ts';
import { Namespace } from './namespace.ts';

let space: Namespace;
let route: Rtnetlink;

beforeEach(async (context) => {
  const made = await Namespace.create();
  if (typeof made === 'string') context.skip(made);
  else {
    space = made;
    route = Rtnetlink.open({ netns: made.netns });
  }
});

afterEach(async () => {
  route?.close();
  await space?.[Symbol.asyncDispose]();
});

const refusal = (code: string): object => expect.objectContaining({ name: 'NetlinkError', code });

/** Changes until `enough` of them have come. */
async function collect(
  changes: AsyncIterable<Change>,
  enough: (change: Change) => boolean,
): Promise<Change[]> {
  const all: Change[] = [];
  for await (const change of changes) {
    all.push(change);
    if (enough(change)) break;
  }
  return all;
}

describe('links', () => {
  it('that we make are what ip sees', async () => {
    await route.createLink({
      name: 'left',
      kind: 'veth',
      mtu: 1400,
      queueLength: 77,
      address: '02:00:00:00:00:01',
      up: true,
      peer: { name: 'right', mtu: 1300, address: '02:00:00:00:00:02' },
    });
    await route.createLink({ name: 'br', kind: 'bridge' });
    const [bridge] = space.json('link', 'show', 'br');
    expect(bridge).toMatchObject({ linkinfo: { info_kind: 'bridge' } });
    await route.changeLink('left', {
      master: bridge?.ifindex as number,
      group: 5,
      promiscuous: true,
      alias: 'a left one',
    });
    const [left] = space.json('link', 'show', 'left');
    expect(left).toMatchObject({
      mtu: 1400,
      txqlen: 77,
      address: '02:00:00:00:00:01',
      ifalias: 'a left one',
      master: 'br',
      group: '5',
      link: 'right',
      linkinfo: { info_kind: 'veth' },
      flags: expect.arrayContaining(['UP', 'PROMISC']),
    });
    expect(space.json('link', 'show', 'right')[0]).toMatchObject({ mtu: 1300, address: '02:00:00:00:00:02' });
    // Before Linux 6.2 a name changes only while the interface is down.
    await route.changeLink('left', { up: false });
    await route.changeLink('left', { name: 'renamed', master: 0, promiscuous: false, arp: false });
    const [renamed] = space.json('link', 'show', 'renamed');
    expect(renamed?.master).toBeUndefined();
    expect(renamed?.flags).toEqual(expect.arrayContaining(['NOARP']));
    expect(renamed?.flags).not.toContain('UP');
    expect(renamed?.flags).not.toContain('PROMISC');
    await route.deleteLink('renamed');
    expect(space.json('link').map(({ ifname }) => ifname)).toEqual(['lo', 'br']);
  });

  it('that ip makes are what we see', async () => {
    space.ip('link', 'add', 'one', 'mtu', '1450', 'txqueuelen', '33', 'type', 'veth', 'peer', 'name', 'two');
    space.ip('link', 'set', 'one', 'up', 'alias', 'number one');
    space.ip('link', 'property', 'add', 'dev', 'one', 'altname', 'a-name-that-is-longer-than-15');
    space.ip('link', 'add', 'name', 'br', 'type', 'bridge');
    space.ip('link', 'set', 'one', 'master', 'br');
    const theirs = space.json('-statistics', 'link');
    const ours = await route.links();
    expect(ours.map(({ index, name, mtu, queueLength }) => [index, name, mtu, queueLength])).toEqual(
      theirs.map(({ ifindex, ifname, mtu, txqlen }) => [ifindex, ifname, mtu, txqlen]),
    );
    for (const [index, link] of ours.entries()) {
      const { operstate, address, qdisc, promiscuity, max_mtu, min_mtu, linkinfo, flags } = theirs[
        index
      ] as Record<string, unknown>;
      const kind = (linkinfo as { info_kind?: string } | undefined)?.info_kind;
      expect(link).toMatchObject({
        operationalState: operstate,
        address,
        queueDiscipline: qdisc,
        promiscuity,
        maxMtu: max_mtu,
        minMtu: min_mtu,
        kind,
      });
      // NO-CARRIER and M-DOWN are not the kernel's.
      expect([...link.flags].sort()).toEqual(
        (flags as string[])
          .filter((flag) => !/^(NO-CARRIER|M-DOWN)$/.test(flag))
          .concat(link.flags.includes('RUNNING') ? ['RUNNING'] : [])
          .sort(),
      );
    }
    const one = await route.link('one');
    expect(one).toMatchObject({
      up: true,
      alias: 'number one',
      alternativeNames: ['a-name-that-is-longer-than-15'],
      kind: 'veth',
      master: (await route.link('br')).index,
      parent: (await route.link('two')).index,
    });
    expect((await route.links({ kind: 'veth' })).map(({ name }) => name).sort()).toEqual(['one', 'two']);
    expect((await route.link(one.index)).name).toBe('one');
  });

  it('count', async () => {
    space.ip('link', 'set', 'lo', 'up');
    const socket = Socket.create(constants.AF_INET, constants.SOCK_DGRAM, 0, { netns: space.netns });
    for (let turn = 0; turn < 4; turn++) socket.sendToSync(Buffer.alloc(100), inet('127.0.0.1', 9));
    socket.close();
    const [theirs] = space.json('-statistics', 'link', 'show', 'lo') as {
      stats64?: { rx: { bytes: number; packets: number }; tx: { bytes: number } };
    }[];
    const { statistics } = await route.link('lo');
    expect(statistics?.rxPackets).toBeGreaterThanOrEqual(4n);
    expect(statistics).toMatchObject({
      rxBytes: BigInt(theirs?.stats64?.rx.bytes ?? -1),
      rxPackets: BigInt(theirs?.stats64?.rx.packets ?? -1),
      txBytes: BigInt(theirs?.stats64?.tx.bytes ?? -1),
    });
  });

  it('are refused in the kernel’s words', async () => {
    await expect(route.link('nowhere')).rejects.toEqual(refusal('ENODEV'));
    await expect(route.deleteLink(4711)).rejects.toEqual(refusal('ENODEV'));
    await expect(route.createLink({ name: 'lo', kind: 'veth' })).rejects.toEqual(refusal('EEXIST'));
    const unknown = await route
      .createLink({ name: 'x', kind: 'nosuchkind' })
      .catch((error: unknown) => error);
    expect(unknown).toMatchObject({
      name: 'NetlinkError',
      code: 'EOPNOTSUPP',
      syscall: 'RTM_NEWLINK',
      kernelMessage: expect.stringContaining('Unknown device type'),
      message: expect.stringContaining('the kernel says "Unknown device type"'),
    });
    const small = await route
      .changeLink('lo', { mtu: 1 << 30, address: '02:00' })
      .catch((error: unknown) => error);
    expect(small).toBeInstanceOf(NetlinkError);
    await expect(route.link('a-name-of-more-than-15')).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    await expect(route.link(0)).rejects.toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  });
});

describe('addresses', () => {
  it('that we give are what ip sees, and the other way', async () => {
    await route.createLink({ name: 'left', kind: 'veth', up: true, peer: { name: 'right' } });
    await route.changeLink('right', { up: true });
    await route.addAddress('left', {
      address: '10.1.0.1',
      prefixLength: 24,
      broadcast: '10.1.0.255',
      label: 'left:a',
    });
    await route.addAddress('left', { address: '10.1.0.2', prefixLength: 24 });
    await route.addAddress('left', {
      address: '10.2.0.1',
      peer: '10.2.0.9',
      prefixLength: 32,
      scope: 'link',
    });
    await route.addAddress('left', {
      address: 'fd00:1::1',
      prefixLength: 64,
      flags: ['NODAD'],
      validLifetime: 1000,
      preferredLifetime: 500,
    });
    const [theirs] = space.json('address', 'show', 'left') as {
      addr_info: Record<string, unknown>[];
    }[];
    expect(theirs?.addr_info).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          local: '10.1.0.1',
          prefixlen: 24,
          broadcast: '10.1.0.255',
          label: 'left:a',
          scope: 'global',
        }),
        expect.objectContaining({ local: '10.1.0.2', prefixlen: 24, secondary: true }),
        expect.objectContaining({ local: '10.2.0.1', address: '10.2.0.9', prefixlen: 32, scope: 'link' }),
        expect.objectContaining({ local: 'fd00:1::1', prefixlen: 64, nodad: true }),
      ]),
    );
    space.ip('address', 'add', '10.3.0.1/16', 'dev', 'right');
    const { index } = await route.link('left');
    const ours = await route.addresses({ interfaceIndex: index });
    expect(ours.map(({ address, prefixLength }) => `${address}/${prefixLength}`).sort()).toEqual(
      theirs?.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`).sort(),
    );
    expect(ours.find(({ address }) => address === '10.2.0.1')).toMatchObject({
      peer: '10.2.0.9',
      scope: 'link',
      family: 'inet',
      flags: ['PERMANENT'],
      validLifetime: Number.POSITIVE_INFINITY,
    });
    expect(ours.find(({ address }) => address === '10.1.0.2')?.flags).toContain('SECONDARY');
    const six = ours.find(({ address }) => address === 'fd00:1::1');
    expect(six?.validLifetime).toBeGreaterThan(900);
    expect(six?.validLifetime).toBeLessThanOrEqual(1000);
    expect(six?.preferredLifetime).toBeLessThanOrEqual(500);
    const right = await route.addresses({
      family: 'inet',
      interfaceIndex: (await route.link('right')).index,
    });
    expect(right).toMatchObject([
      { address: '10.3.0.1', prefixLength: 16, label: 'right', broadcast: undefined },
    ]);
    await route.deleteAddress('left', { address: '10.1.0.2', prefixLength: 24 });
    await expect(route.deleteAddress('left', { address: '10.1.0.2', prefixLength: 24 })).rejects.toEqual(
      refusal('EADDRNOTAVAIL'),
    );
    await expect(route.addAddress('left', { address: '10.1.0.1', prefixLength: 24 })).rejects.toEqual(
      refusal('EEXIST'),
    );
    expect(space.run('ip', 'address', 'show', 'left')).not.toContain('10.1.0.2/');
  });
});

describe('routes', () => {
  it('that we make are what ip sees, and the other way', async () => {
    await route.createLink({ name: 'left', kind: 'veth', up: true, peer: { name: 'right' } });
    await route.changeLink('right', { up: true });
    await route.addAddress('left', { address: '10.1.0.1', prefixLength: 24 });
    await route.addAddress('left', { address: 'fd00:1::1', prefixLength: 64, flags: ['NODAD'] });
    const { index } = await route.link('left');
    await route.addRoute({
      destination: '10.9.0.0/16',
      gateway: '10.1.0.9',
      priority: 7,
      metrics: { mtu: 1234, advmss: 900 },
    });
    await route.addRoute({ destination: 'default', gateway: '10.1.0.254', protocol: 'static' });
    await route.addRoute({
      destination: '10.10.0.0/16',
      interfaceIndex: index,
      table: 1000,
      preferredSource: '10.1.0.1',
    });
    await route.addRoute({ destination: '10.11.0.0/16', type: 'blackhole' });
    await route.addRoute({
      destination: '10.12.0.0/16',
      nextHops: [{ gateway: '10.1.0.2', weight: 3 }, { gateway: '10.1.0.3' }],
    });
    await route.addRoute({ destination: '10.13.0.0/16', gateway: 'fd00:1::9', interfaceIndex: index });
    await route.addRoute({ destination: 'fd00:9::/32', gateway: 'fd00:1::9', priority: 9 });
    const theirs = space.json('route', 'show', 'table', 'all');
    expect(theirs).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          dst: '10.9.0.0/16',
          gateway: '10.1.0.9',
          metric: 7,
          metrics: [{ mtu: 1234, advmss: 900 }],
        }),
        expect.objectContaining({ dst: 'default', gateway: '10.1.0.254', protocol: 'static' }),
        expect.objectContaining({
          dst: '10.10.0.0/16',
          dev: 'left',
          table: '1000',
          prefsrc: '10.1.0.1',
          scope: 'link',
        }),
        expect.objectContaining({ type: 'blackhole', dst: '10.11.0.0/16' }),
        expect.objectContaining({
          dst: '10.12.0.0/16',
          nexthops: [
            expect.objectContaining({ gateway: '10.1.0.2', dev: 'left', weight: 3 }),
            expect.objectContaining({ gateway: '10.1.0.3', dev: 'left', weight: 1 }),
          ],
        }),
        expect.objectContaining({ dst: '10.13.0.0/16', via: { family: 'inet6', host: 'fd00:1::9' } }),
      ]),
    );
    expect(space.json('-6', 'route')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ dst: 'fd00:9::/32', gateway: 'fd00:1::9', metric: 9 }),
      ]),
    );
    const ours = await route.routes({ family: 'inet' });
    expect(ours.map(({ destination }) => destination).sort()).toEqual(
      space
        .json('-4', 'route', 'show', 'table', 'all')
        .map(({ dst }) => dst)
        .sort(),
    );
    const to = (destination: string): object | undefined =>
      ours.find((one) => one.destination === destination);
    expect(to('10.9.0.0/16')).toMatchObject({
      gateway: '10.1.0.9',
      priority: 7,
      metrics: { mtu: 1234, advmss: 900 },
      protocol: 'boot',
    });
    expect(to('10.12.0.0/16')).toMatchObject({
      nextHops: [{ gateway: '10.1.0.2', weight: 3, interfaceIndex: index }, { weight: 1 }],
    });
    expect(to('10.13.0.0/16')).toMatchObject({
      gateway: 'fd00:1::9',
      interfaceIndex: index,
      scope: 'universe',
    });
    expect((await route.routes({ table: 1000 })).map(({ destination }) => destination)).toEqual([
      '10.10.0.0/16',
    ]);
    await route.replaceRoute({ destination: '10.9.0.0/16', gateway: '10.1.0.8', priority: 7 });
    expect(space.json('route', 'show', '10.9.0.0/16')).toMatchObject([{ gateway: '10.1.0.8' }]);
    await route.deleteRoute({ destination: '10.9.0.0/16' });
    await expect(route.deleteRoute({ destination: '10.9.0.0/16' })).rejects.toEqual(refusal('ESRCH'));
    const unreached = await route
      .addRoute({ destination: '10.9.0.0/16', gateway: '192.0.2.1' })
      .catch((e: unknown) => e);
    expect(unreached).toMatchObject({
      code: 'ENETUNREACH',
      kernelMessage: expect.stringContaining('gateway'),
    });
  });
});

describe('neighbours', () => {
  it('that we make are what ip sees, and the other way', async () => {
    await route.createLink({ name: 'left', kind: 'veth', up: true, peer: { name: 'right' } });
    await route.changeLink('right', { up: true });
    await route.addAddress('left', { address: '10.1.0.1', prefixLength: 24 });
    await route.replaceNeighbour('left', { address: '10.1.0.7', linkLayerAddress: '02:00:00:00:00:07' });
    space.ip(
      'neighbour',
      'add',
      'fd00::8',
      'lladdr',
      '02:00:00:00:00:08',
      'dev',
      'left',
      'router',
      'nud',
      'stale',
    );
    expect(space.json('neighbour', 'show', '10.1.0.7')).toMatchObject([
      { dst: '10.1.0.7', dev: 'left', lladdr: '02:00:00:00:00:07', state: ['PERMANENT'] },
    ]);
    const { index } = await route.link('left');
    const ours = await route.neighbours({ interfaceIndex: index });
    expect(ours).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          family: 'inet',
          address: '10.1.0.7',
          linkLayerAddress: '02:00:00:00:00:07',
          state: ['PERMANENT'],
        }),
        expect.objectContaining({
          family: 'inet6',
          address: 'fd00::8',
          linkLayerAddress: '02:00:00:00:00:08',
          state: ['STALE'],
          flags: ['ROUTER'],
        }),
      ]),
    );
    await route.deleteNeighbour('left', { address: '10.1.0.7' });
    await expect(route.deleteNeighbour('left', { address: '10.1.0.9' })).rejects.toEqual(refusal('ENOENT'));
    expect(space.run('ip', 'neighbour', 'show', 'nud', 'permanent')).not.toContain('10.1.0.7');
  });
});

describe('changes', () => {
  it('are told in the kernel’s order', async () => {
    const changes = route.changes({ of: ['link', 'address', 'route', 'neighbour'] });
    const told = collect(
      changes,
      (one) => one.kind === 'link' && one.change === 'delete' && one.link.name === 'one',
    );
    space.ip('link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'two');
    space.ip('link', 'set', 'one', 'up');
    space.ip('link', 'set', 'two', 'up');
    space.ip('address', 'add', '10.1.0.1/24', 'dev', 'one');
    space.ip('neighbour', 'add', '10.1.0.7', 'lladdr', '02:00:00:00:00:07', 'dev', 'one');
    space.ip('route', 'add', '10.5.0.0/16', 'via', '10.1.0.7');
    space.ip('link', 'delete', 'one');
    const all = await told;
    const first = (wanted: object): number =>
      all.findIndex((one) => expect.objectContaining(wanted).asymmetricMatch(one));
    const order = [
      first({ kind: 'link', change: 'new', link: expect.objectContaining({ name: 'one', up: false }) }),
      first({ kind: 'link', change: 'new', link: expect.objectContaining({ name: 'one', up: true }) }),
      first({ kind: 'address', change: 'new', address: expect.objectContaining({ address: '10.1.0.1' }) }),
      first({
        kind: 'neighbour',
        change: 'new',
        neighbour: expect.objectContaining({ address: '10.1.0.7' }),
      }),
      first({ kind: 'route', change: 'new', route: expect.objectContaining({ destination: '10.5.0.0/16' }) }),
      first({ kind: 'address', change: 'delete', address: expect.objectContaining({ address: '10.1.0.1' }) }),
    ];
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it('end with their signal, and leave no socket behind', async () => {
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    const stop = new AbortController();
    const changes = route.changes({ signal: stop.signal });
    const next = changes.next();
    stop.abort(new Error('enough'));
    await expect(next).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
    expect(await changes.next()).toEqual({ done: true, value: undefined });
    const early = route.changes();
    await early.return?.();
    expect(await early.next()).toEqual({ done: true, value: undefined });
    expect(descriptors()).toBe(before);
    expect(() => route.changes({ of: ['weather' as 'link'] })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });
});
