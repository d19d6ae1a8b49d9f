import { platform } from '@sockeye/core';
import { encodeEthernet } from '../src/ethernet.ts';
import { PacketSocket } from '../src/packet-socket.ts';

/** Why packet sockets cannot be had here; undefined when they can. */
export function whyNot(): string | undefined {
  if (platform !== 'linux') return 'packet sockets are Linux only';
  try {
    PacketSocket.open({ interface: 'lo' }).close();
    return undefined;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EPERM') return 'packet sockets need CAP_NET_RAW';
    throw error;
  }
}

/** An EtherType that nobody sends (IEEE 802, local experimental). */
export const PRIVATE = 0x88b5;

/** A frame from nobody to nobody with this text in it. */
export function privateFrame(text: string, etherType: number = PRIVATE): Uint8Array {
  const frame = new Uint8Array(14 + text.length);
  const nobody = new Uint8Array(6);
  encodeEthernet({ destination: nobody, source: nobody, tags: [], etherType }, frame);
  frame.set(Buffer.from(text), 14);
  return frame;
}
