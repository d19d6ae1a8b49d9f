/** Captures between two hosts: against tcpdump, with VLAN tags, and when an interface goes. */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPacketsSync } from '@sockeye/capture';
import { constants, Socket } from '@sockeye/core';
import {
  type Capture,
  type CaptureEnd,
  capture,
  encodeEthernet,
  PacketSocket,
  type VlanTag,
} from '@sockeye/raw';
import { afterAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { orSkip } from '../need/index.ts';
import { type Host, type Interface, Net } from '../netns/index.ts';

const { ETH_P_ALL } = constants;
/** IEEE 802, local experimental: nobody else sends it. */
const PRIVATE = 0x88b5;
const SOURCE = Uint8Array.of(2, 0, 0, 0, 0, 1);
const BROADCAST = new Uint8Array(6).fill(255);

interface Pair {
  net: Net;
  a: Host;
  b: Host;
  left: Interface;
  right: Interface;
}

async function make(): Promise<Pair> {
  const net = await Net.create();
  const [a, b] = [net.host('a'), net.host('b')];
  const [left, right] = net.link(a, b);
  return { net, a, b, left, right };
}

/** For a test that takes the interface down. */
async function pair(context: TestContext): Promise<Pair> {
  const made = await orSkip(context, make);
  onTestFinished(() => made.net.end());
  return made;
}

let shared: Promise<Pair> | undefined;
afterAll(async () => (await shared?.catch(() => undefined))?.net.end());

/** For the others. */
function sharedPair(context: TestContext): Promise<Pair> {
  shared ??= make();
  const made = shared;
  return orSkip(context, () => made);
}

function frame(payload: string, tags: readonly VlanTag[] = [], destination: Uint8Array = BROADCAST): Buffer {
  const bytes = Buffer.alloc(14 + 4 * tags.length + payload.length);
  const at = encodeEthernet({ destination, source: SOURCE, tags, etherType: PRIVATE }, bytes);
  bytes.write(payload, at);
  return bytes;
}

function sender({ a, left }: Pair): PacketSocket {
  const socket = PacketSocket.open({ netns: a.namespace, interface: left.name, protocol: 0 });
  onTestFinished(() => socket.close());
  return socket;
}

async function begin({ b, right }: Pair, options: Parameters<typeof capture>[1] = {}): Promise<Capture> {
  const cap = await capture(right.name, { netns: b.namespace, ...options });
  onTestFinished(() => cap.close());
  return cap;
}

/** The frames of the private EtherType that come, as many as asked for. */
async function take(cap: Capture, count: number): Promise<Buffer[]> {
  const frames: Buffer[] = [];
  for await (const packet of cap.packets({ timeout: 5000 })) {
    if (packet.protocol !== PRIVATE) continue;
    frames.push(packet.copy());
    if (frames.length === count) break;
  }
  return frames;
}

describe('a capture on a link', () => {
  it('has what tcpdump has, VLAN tags and times among it', async (context) => {
    if (spawnSync('tcpdump', ['--version']).error !== undefined) context.skip('there is no tcpdump');
    const link = await sharedPair(context);
    const folder = mkdtempSync(join(tmpdir(), 'raw-capture-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'judge.pcap');
    const filter = `ether proto ${PRIVATE} or vlan`;
    const words = [
      'tcpdump',
      '-i',
      link.right.name,
      '-w',
      file,
      '-U',
      '--immediate-mode',
      '-s',
      '262144',
      '-Z',
      'root',
      '--nano',
      filter,
    ];
    const judge: ChildProcess = link.b.spawn(words, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    await new Promise<void>((resolve, reject) => {
      judge.on('exit', () => reject(new Error(said)));
      judge.stderr?.setEncoding('utf8').on('data', (text) => {
        said += text;
        if (said.includes('listening on')) resolve();
      });
    });
    const cap = await begin(link);
    const out = sender(link);
    const sent = [
      frame('plain'),
      frame('tagged', [{ protocol: 0x8100, priority: 5, dropEligible: true, id: 42 }]),
      frame('stacked', [
        { protocol: 0x88a8, priority: 1, dropEligible: false, id: 100 },
        { protocol: 0x8100, priority: 0, dropEligible: false, id: 7 },
      ]),
      frame('x'.repeat(1400)),
    ];
    for (const each of sent) out.sendSync(each);
    const ours: { data: Buffer; wireLength: number; timestamp: bigint }[] = [];
    for await (const packet of cap.packets({ timeout: 5000 })) {
      if (packet.hardwareAddress !== '02:00:00:00:00:01') continue;
      ours.push({ data: packet.copy(), wireLength: packet.wireLength, timestamp: packet.timestamp });
      const { tags = [] } = packet.dissect().ethernet ?? {};
      expect(tags.length).toBe([0, 1, 2, 0][ours.length - 1]);
      expect(packet.vlan?.id).toBe([undefined, 42, 100, undefined][ours.length - 1]);
      expect(packet.packetType).toBe('broadcast');
      if (ours.length === sent.length) break;
    }
    expect(ours.map(({ data }) => data.toString('hex'))).toEqual(sent.map((each) => each.toString('hex')));
    const theirs = (): { data: string; wireLength: number; timestamp: bigint }[] =>
      [...readPacketsSync([readFileSync(file)])].map(({ data, wireLength, timestamp }) => ({
        data: Buffer.from(data).toString('hex'),
        wireLength,
        timestamp: timestamp ?? 0n,
      }));
    for (let turn = 0; turn < 100 && theirs().length < sent.length; turn++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    judge.removeAllListeners('exit');
    judge.kill('SIGINT');
    expect(theirs()).toEqual(ours.map(({ data, ...rest }) => ({ data: data.toString('hex'), ...rest })));
  });

  it('cuts a frame where it is told, a tag in it or not', async (context) => {
    const link = await sharedPair(context);
    const cap = await begin(link, { snapLength: 16, protocol: ETH_P_ALL });
    const out = sender(link);
    out.sendSync(frame('0123456789'));
    out.sendSync(frame('0123456789', [{ protocol: 0x8100, priority: 0, dropEligible: false, id: 9 }]));
    const seen: [string, number, boolean][] = [];
    for await (const { data, wireLength, truncated, hardwareAddress } of cap.packets({ timeout: 5000 })) {
      if (hardwareAddress !== '02:00:00:00:00:01') continue;
      seen.push([Buffer.from(data.subarray(12)).toString('hex'), wireLength, truncated]);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual([
      ['88b53031', 24, true],
      ['81000009', 28, true],
    ]);
  });

  it('tells a cooked packet’s tag, and whom each was for', async (context) => {
    const link = await sharedPair(context);
    const cap = await begin(link, { mode: 'cooked', promiscuous: true });
    const out = sender(link);
    const { stdout } = await link.b.run(['cat', `/sys/class/net/${link.right.name}/address`]);
    const own = Uint8Array.from(stdout.trim().split(':'), (pair) => Number.parseInt(pair, 16));
    out.sendSync(frame('all', [{ protocol: 0x8100, priority: 3, dropEligible: true, id: 5 }]));
    out.sendSync(frame('group', [], Uint8Array.of(1, 0, 0x5e, 1, 2, 3)));
    out.sendSync(frame('you', [], own));
    out.sendSync(frame('others', [], Uint8Array.of(2, 0, 0, 0, 0, 9)));
    const seen: unknown[] = [];
    for await (const packet of cap.packets({ timeout: 5000 })) {
      if (packet.protocol !== PRIVATE) continue;
      seen.push([Buffer.from(packet.data).toString(), packet.packetType, packet.vlan]);
      if (seen.length === 4) break;
    }
    expect(seen).toEqual([
      ['all', 'broadcast', { protocol: 0x8100, priority: 3, dropEligible: true, id: 5 }],
      ['group', 'multicast', undefined],
      ['you', 'host', undefined],
      ['others', 'otherhost', undefined],
    ]);
  });

  it('dissects a TCP connection of the hosts', async (context) => {
    const link = await sharedPair(context);
    const cap = await begin(link, { snapLength: 256, ignoreOutgoing: true, protocol: constants.ETH_P_IP });
    const client = Socket.create(constants.AF_INET, constants.SOCK_STREAM, 0, { netns: link.a.namespace });
    onTestFinished(() => client.close());
    const [, , , c = 1] = link.right.v4.split('.').map(Number);
    const to = Uint8Array.of(2, 0, 0x12, 0x34, 10, 1, 0, c, 0, 0, 0, 0, 0, 0, 0, 0);
    await expect(client.connect(to, { timeout: 5000 })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    for await (const packet of cap.packets({ timeout: 5000 })) {
      const { tcp, ipv4 } = packet.dissect();
      if (tcp === undefined) continue;
      expect([tcp.destinationPort, ipv4?.source.join('.'), packet.outgoing]).toEqual([
        0x1234,
        link.left.v4,
        false,
      ]);
      break;
    }
  });

  it('joins groups and hears all of them, as ip-maddress(8) sees it', async (context) => {
    const link = await sharedPair(context);
    const cap = await begin(link);
    const shown = async (): Promise<string> =>
      (await link.b.run(['ip', 'maddress', 'show', 'dev', link.right.name])).stdout;
    const flags = async (): Promise<number> =>
      Number((await link.b.run(['cat', `/sys/class/net/${link.right.name}/flags`])).stdout);
    const group = { type: 'multicast', address: Uint8Array.of(1, 0, 0x5e, 9, 9, 9) } as const;
    cap.socket.addMembership(group);
    expect(await shown()).toContain('01:00:5e:09:09:09');
    cap.socket.dropMembership(group);
    expect(await shown()).not.toContain('01:00:5e:09:09:09');
    cap.socket.addMembership({ type: 'allMulticast' });
    expect((await flags()) & constants.IFF_ALLMULTI).not.toBe(0);
    cap.socket.addMembership({ type: 'promiscuous' });
    expect((await flags()) & constants.IFF_PROMISC).not.toBe(0);
    cap.close();
    expect((await flags()) & (constants.IFF_PROMISC | constants.IFF_ALLMULTI)).toBe(0);
  });
});

describe('an interface that goes', () => {
  /** Ends a capture by `how`, with packets still unread. */
  async function ends(context: TestContext, how: (link: Pair) => void): Promise<CaptureEnd | undefined> {
    const link = await pair(context);
    const cap = await begin(link, { protocol: PRIVATE });
    const out = sender(link);
    const events: CaptureEnd[] = [];
    cap.on('down', (end) => events.push(end));
    const waiting = take(cap, 1);
    out.sendSync(frame('seen'));
    expect((await waiting).map((each) => each.toString('utf8', 14))).toEqual(['seen']);
    for (const text of ['queued 1', 'queued 2']) out.sendSync(frame(text));
    how(link);
    const rest: string[] = [];
    for await (const packet of cap.packets({ timeout: 5000 })) {
      expect(events).toEqual([]);
      rest.push(Buffer.from(packet.data.subarray(14)).toString());
    }
    expect(rest).toEqual(['queued 1', 'queued 2']);
    expect(events).toEqual([cap.end]);
    expect(await cap.recvBatch()).toBeUndefined();
    expect(cap.end).toMatchObject({ name: link.right.name, ifindex: cap.socket.ifindex });
    return cap.end;
  }

  it('down: what had come is delivered, then an event, then the end', async (context) => {
    expect(await ends(context, ({ right }) => right.down())).toMatchObject({ reason: 'down' });
  });

  it('away: the same, and it says so', async (context) => {
    const gone = ({ b, right }: Pair): void => {
      spawnSync('ip', ['-n', b.namespace, 'link', 'delete', right.name]);
    };
    expect(await ends(context, gone)).toMatchObject({ reason: 'gone' });
  });

  it('while a loop waits', async (context) => {
    const link = await pair(context);
    const cap = await begin(link, { protocol: PRIVATE });
    const loop = (async () => {
      let count = 0;
      for await (const batch of cap.batches()) count += batch.length;
      return count;
    })();
    link.right.down();
    expect(await loop).toBe(0);
    expect(cap.end?.reason).toBe('down');
    await expect(capture(link.right.name, { netns: link.b.namespace })).rejects.toMatchObject({
      code: 'ENETDOWN',
      message: expect.stringContaining(`ip link set ${link.right.name} up`),
    });
  });
});
