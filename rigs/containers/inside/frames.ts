/** Frames from one container to the other that only they know, each with a number: what is sent, and what is to arrive. */
import { encodeEthernet, TransmitRing } from '@sockeye/raw';

/** For local experiments (IEEE 802): nobody else sends it. */
export const ETHERTYPE = 0x88b6;
const SHORTEST = 60;
const LONGEST = 1514;

const bytesOf = (mac: string): Uint8Array =>
  Uint8Array.from(mac.split(':'), (pair) => Number.parseInt(pair, 16));

/** Frames from 60 to 1514 bytes, of which no two of a hundred are of one length, with different bytes. */
export function frames(count: number, from: string, to: string): Uint8Array[] {
  const [source, destination] = [bytesOf(from), bytesOf(to)];
  return Array.from({ length: count }, (_, number) => {
    const bytes = new Uint8Array(SHORTEST + ((number * 149) % (LONGEST + 1 - SHORTEST)));
    const at = encodeEthernet({ source, destination, tags: [], etherType: ETHERTYPE }, bytes);
    for (let place = at; place < bytes.length; place++) bytes[place] = (number * 7 + place) & 0xff;
    return bytes;
  });
}

/** Sends them by a ring; how many. */
export async function sendFrames(device: string, count: number, from: string, to: string): Promise<number> {
  const ring = await TransmitRing.open(device, { frames: 32 });
  try {
    const sent = await ring.send(frames(count, from, to), { timeout: 5000 });
    await ring.drain({ timeout: 5000 });
    return sent;
  } finally {
    await ring[Symbol.asyncDispose]();
  }
}
