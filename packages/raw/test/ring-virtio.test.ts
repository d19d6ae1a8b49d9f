/** Rings whose packets have virtio headers: what one sends with offload's work left undone, another receives so. */
import { platform } from '@sockeye/core';
import { describe, expect, it, type TestContext } from 'vitest';
import { encodeEthernet } from '../src/ethernet.ts';
import { encodeIpv4 } from '../src/ipv4.ts';
import { PacketRing, type PacketRingOptions } from '../src/ring.ts';
import type { RingPacketCopy } from '../src/ring-packet.ts';
import { TransmitRing } from '../src/ring-transmit.ts';
import { encodeTcp, tcpFlags } from '../src/tcp.ts';
import {
  encodeVirtio,
  type VirtioHeader,
  type VirtioLength,
  type VirtioView,
  virtioFlags,
  virtioSegmentation,
} from '../src/virtio.ts';

const LOOPBACK = Uint8Array.of(127, 0, 0, 1);
/** RFC 863's discard: nobody listens, and nobody else sends. */
const PORT = 9;
const HEADERS = 14 + 20 + 20;
const SEGMENT = 1000;
const FRAME = HEADERS + 3 * SEGMENT + 7;

/** Three segments and seven bytes in one packet, whose sums are not made. */
const LEFT: VirtioHeader = {
  flags: virtioFlags.NEEDS_CHECKSUM,
  segmentation: virtioSegmentation.TCPV4,
  segmentHeaderLength: HEADERS,
  segmentSize: SEGMENT,
  checksumStart: 34,
  checksumOffset: 16,
};

function frame(header: VirtioLength): Uint8Array {
  const bytes = new Uint8Array(header + FRAME);
  encodeVirtio(LEFT, bytes);
  let at = header;
  at += encodeEthernet(
    { destination: new Uint8Array(6), source: new Uint8Array(6), tags: [], etherType: 0x0800 },
    bytes,
    at,
  );
  at += encodeIpv4(
    { protocol: 6, source: LOOPBACK, destination: LOOPBACK, totalLength: FRAME - 14 },
    bytes,
    at,
  );
  const ports = { sourcePort: PORT, destinationPort: PORT };
  // Of no connection, and no question: nobody answers a reset.
  at += encodeTcp({ ...ports, sequence: 1, acknowledgment: 0, flags: tcpFlags.RST, window: 0 }, bytes, at);
  for (; at < bytes.length; at++) bytes[at] = at & 0xff;
  return bytes;
}

/** Opens what needs rights and a kernel that may not be there. */
async function open<T>(context: TestContext, make: () => Promise<T>): Promise<T> {
  if (platform !== 'linux') context.skip('rings are Linux’s');
  try {
    return await make();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'EPERM') context.skip('packet sockets need CAP_NET_RAW');
    if (code === 'ENOPROTOOPT') context.skip('headers of 12 bytes take Linux 6.4');
    throw error;
  }
}

/** Receives until there is a packet of ours. */
async function receive(ring: PacketRing): Promise<RingPacketCopy> {
  for (;;) {
    using block = await ring.take({ timeout: 5000 });
    for (const one of block ?? expect.fail('the loopback interface is down')) {
      const { tcp } = one.dissect();
      if (tcp?.sourcePort !== PORT || tcp.destinationPort !== PORT) continue;
      expect([one.virtio?.segmentation, one.checksum]).toEqual([one.copy().virtio?.segmentation, 'partial']);
      return one.copy();
    }
  }
}

const fieldsOf = (view: VirtioView | undefined): Partial<VirtioHeader> =>
  Object.fromEntries(Object.keys(LEFT).map((name) => [name, view?.[name as keyof VirtioHeader]]));

const RINGS: readonly PacketRingOptions[] = [{}, { lowLatency: true, frameSize: 4096 }, { copy: true }];
const SHAPE = { blocks: 4, blockSize: 1 << 16, ignoreOutgoing: true };

describe('rings with virtio headers', () => {
  it.for(
    ([10, 12] as const).flatMap((header) => RINGS.map((options) => [header, options] as const)),
  )('of %i bytes say what is undone, to send and received: %j', async ([virtioHeader, options], context) => {
    await using receiver = await open(context, () =>
      PacketRing.open('lo', { ...SHAPE, ...options, virtioHeader }),
    );
    await using plain = await open(context, () => PacketRing.open('lo', { ...SHAPE, ...options }));
    const { copy } = options;
    await using sender = await TransmitRing.open('lo', { frames: 32, frameSize: 4096, virtioHeader, copy });
    const sent = frame(virtioHeader);
    await sender.send(sent, { timeout: 5000 });
    const got = await receive(receiver);
    expect(fieldsOf(got.virtio)).toEqual(LEFT);
    expect([got.wireLength, Buffer.from(got.data).toString('hex')]).toEqual([
      FRAME,
      Buffer.from(sent.subarray(virtioHeader)).toString('hex'),
    ]);
    const same = await receive(plain);
    expect(same.virtio).toBeUndefined();
    expect(same.data).toEqual(got.data);
  });

  it('are refused to packets without their link, and of other lengths', async () => {
    await expect(PacketRing.open('lo', { mode: 'cooked', virtioHeader: 10 })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
      message: expect.stringMatching(/^virtioHeader must be 0 with the mode 'cooked'/),
    });
    for (const bad of [11, '10', null]) {
      const options = { virtioHeader: bad as never };
      const error = {
        code: 'ERR_INVALID_ARG_VALUE',
        message: expect.stringMatching(/^virtioHeader must be 0, 10 or 12/),
      };
      await expect(PacketRing.open('lo', options)).rejects.toMatchObject(error);
      await expect(TransmitRing.open('lo', options)).rejects.toMatchObject(error);
    }
  });
});
