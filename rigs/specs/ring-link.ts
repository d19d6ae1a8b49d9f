/** What specs of rings stand on: two hosts and a link, a sender, numbered frames. */
import { packet } from '@sockeye/addr';
import { constants, Socket } from '@sockeye/core';
import { encodeEthernet, type PacketRing, type PacketRingOptions, type RingPacketCopy } from '@sockeye/raw';
import type { TestContext } from 'vitest';
import { orSkip } from '../need/index.ts';
import { type Host, type Interface, Net } from '../netns/index.ts';

const TO = Uint8Array.of(2, 0, 0, 0, 0, 2);
const FROM = Uint8Array.of(2, 0, 0, 0, 0, 1);
/** For local experiments (IEEE 802): nobody else sends it. */
export const OURS = 0x88b5;
export const SMALL: { readonly blocks: number; readonly blockSize: number } = {
  blocks: 8,
  blockSize: 1 << 16,
};

/** An Ethernet frame of that length, with a number. */
export function frame(number: number, length = 100): Uint8Array {
  const bytes = new Uint8Array(length).fill(number);
  encodeEthernet({ destination: TO, source: FROM, tags: [], etherType: OURS }, bytes);
  new DataView(bytes.buffer).setUint32(14, number);
  return bytes;
}

export const numberOf = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(14);

/** Sends frames by an ordinary packet socket. */
export class Sender implements Disposable {
  readonly #socket: Socket;
  readonly #to: ReturnType<typeof packet>;

  constructor(host: Host, end: Interface) {
    this.#socket = Socket.create(constants.AF_PACKET, constants.SOCK_RAW, 0, { netns: host.namespace });
    const request = new Uint8Array(40);
    request.set(Buffer.from(end.name));
    this.#socket.ioctl(0x8933, request);
    this.#to = packet({ ifindex: new Int32Array(request.buffer)[4] ?? 0, protocol: OURS });
  }

  send(...frames: Uint8Array[]): void {
    for (const bytes of frames) this.#socket.sendToSync(bytes, this.#to);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** Two hosts and a link; what is told of frames concerns those of ours. */
export interface Pair {
  net: Net;
  a: Host;
  b: Host;
  from: Interface;
  to: Interface;
}

export function pair(context: TestContext): Promise<Pair> {
  return orSkip(context, make);
}

async function make(): Promise<Pair> {
  const net = await Net.create();
  const [a, b] = [net.host('a'), net.host('b')];
  const [from, to] = net.link(a, b);
  return { net, a, b, from, to };
}

let shared: Promise<Pair> | undefined;

/** One for all tests of a file, which leave it as it was; {@link endShared} takes it down. */
export function sharedPair(context: TestContext): Promise<Pair> {
  shared ??= make();
  const made = shared;
  return orSkip(context, () => made);
}

export async function endShared(): Promise<void> {
  const made = await shared?.catch(() => undefined);
  shared = undefined;
  made?.net.end();
}

/** Receives until there are so many of ours. */
export async function receive(
  ring: PacketRing,
  count: number,
  restoreVlan = false,
): Promise<RingPacketCopy[]> {
  const got: RingPacketCopy[] = [];
  while (got.length < count) {
    using block = await ring.take({ timeout: 10_000 });
    if (block === undefined) break;
    for (const one of block) if (one.protocol === OURS) got.push(one.copy({ restoreVlan }));
  }
  return got;
}

/** Whether this is the rig's machine: it is slow, and copies are not the kernel's. */
export const INSIDE: boolean = process.env.SOCKEYE_RIG !== undefined;

export const MODES: Readonly<Record<string, PacketRingOptions>> = {
  blocks: SMALL,
  'low latency': { ...SMALL, lowLatency: true },
  ...(!INSIDE && {
    'blocks, copied': { ...SMALL, copy: true },
    'low latency, copied': { ...SMALL, lowLatency: true, copy: true },
  }),
};
