/** What packet sockets are opened with beside interface and protocol, on the loopback interface. */
import { constants, Socket } from '@sockeye/core';
import { decodeControl } from '@sockeye/core/cmsg';
import { packetBypassQueue } from '@sockeye/core/options';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FanoutOptions } from '../src/packet-fanout.ts';
import { PacketSocket, type PacketSocketOptions } from '../src/packet-socket.ts';
import { encodeVirtio, VirtioView, virtioFlags } from '../src/virtio.ts';
import { PRIVATE, privateFrame, whyNot } from './packets.ts';

const reason = whyNot();
const KEEP = (bytes: number) => [{ code: 6, jt: 0, jf: 0, k: bytes }];
/** Keeps frames whose first byte of payload is this letter: ldb [14]; jeq; ret; ret. */
const STARTS = (letter: string) => [
  { code: 0x30, jt: 0, jf: 0, k: 14 },
  { code: 0x15, jt: 0, jf: 1, k: letter.charCodeAt(0) },
  ...KEEP(0x40000),
  ...KEEP(0),
];

describe('packet sockets', () => {
  const sockets: PacketSocket[] = [];
  const open = (options: PacketSocketOptions = {}): PacketSocket => {
    const socket = PacketSocket.open({ interface: 'lo', protocol: PRIVATE, ...options });
    sockets.push(socket);
    return socket;
  };
  /** The texts that are queued. */
  const queued = (socket: PacketSocket): string[] => {
    const texts: string[] = [];
    for (;;) {
      try {
        texts.push(socket.recvSync({ timeout: 0 }).data.subarray(14).toString());
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
        return texts;
      }
    }
  };

  beforeEach((context) => {
    if (reason !== undefined) context.skip(reason);
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
  });

  it('filter from the first packet on, and change the filter without a leak of the old one', () => {
    const sender = open({ protocol: 0 });
    const receiver = open({ filter: STARTS('a') });
    const send = (): void => {
      for (const text of ['a1', 'b1', 'c1']) sender.sendSync(privateFrame(text));
    };
    send();
    expect(queued(receiver)).toEqual(['a1']);
    send();
    expect(receiver.setFilter(STARTS('b'))).toBe(1);
    expect(queued(receiver)).toEqual([]);
    send();
    expect(queued(receiver)).toEqual(['b1']);
    send();
    expect(receiver.setFilter(undefined)).toBe(1);
    send();
    expect(queued(receiver)).toEqual(['a1', 'b1', 'c1']);
    receiver.setFilter(KEEP(15));
    send();
    expect(queued(receiver)).toEqual(['a', 'b', 'c']);
    expect(() => receiver.setFilter([])).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
  });

  it('share packets out: in turn, and by a program', () => {
    const sender = open({ protocol: 0 });
    const first = open({ fanout: { mode: 'roundRobin' } });
    const second = open({ fanout: { mode: 'roundRobin', group: first.fanoutGroup }, filter: KEEP(0x40000) });
    // The kernel refuses a group of the same number and other flags.
    expect(second.fanoutGroup).toBe(first.fanoutGroup);
    for (let n = 0; n < 10; n++) sender.sendSync(privateFrame(`${n}`));
    const shares = [queued(first), queued(second)];
    expect(shares.map(({ length }) => length)).toEqual([5, 5]);
    expect(shares.flat().sort()).toEqual(Array.from({ length: 10 }, (_, n) => `${n}`));
    // ldb [0]; ret a: the program sees the payload.
    const byFirst = [
      { code: 0x30, jt: 0, jf: 0, k: 0 },
      { code: 0x16, jt: 0, jf: 0, k: 0 },
    ];
    const group = 0x5678;
    const chosen = [0, 1].map(() => open({ fanout: { mode: 'program', group, program: byFirst } }));
    for (const text of ['0', '1', '2', '3', '5']) sender.sendSync(privateFrame(text));
    expect(chosen.map(queued)).toEqual([
      ['0', '2'],
      ['1', '3', '5'],
    ]);
    expect(open({}).fanoutGroup).toBeUndefined();
  });

  it('are in no group before they filter', () => {
    const sender = open({ protocol: 0 });
    const member = open({ fanout: { mode: 'hash', group: 0 }, filter: STARTS('x') });
    for (const text of ['x', 'y', 'x']) sender.sendSync(privateFrame(text));
    expect(queued(member)).toEqual(['x', 'x']);
    expect(member.fanoutGroup).toBe(0);
  });

  it.each<FanoutOptions['mode']>(['hash', 'cpu', 'rollover', 'random', 'queue'])('a group by %s', (mode) => {
    const sender = open({ protocol: 0 });
    const group = 0x4321;
    const members = [0, 1].map(() => open({ fanout: { mode, group, defragment: true } }));
    for (let n = 0; n < 8; n++) sender.sendSync(privateFrame(`${n}`));
    expect(members.flatMap(queued).sort()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    expect(() => open({ fanout: { mode: mode === 'hash' ? 'cpu' : 'hash', group } })).toThrow(/EINVAL/);
  });

  it.each<[string, FanoutOptions]>([
    ['fanout.mode', { mode: 'sieve' as never }],
    ['fanout.group', { mode: 'hash', group: 65_536 }],
    ['fanout.program', { mode: 'program' }],
    ['fanout.program', { mode: 'hash', program: KEEP(0) }],
    ['fanout.descriptor', { mode: 'bpf' }],
  ])('refuse %s', (name, fanout) => {
    expect(() => open({ fanout })).toThrow(new RegExp(`^${name}`));
  });

  it('say when frames left', async () => {
    const before = BigInt(Date.now()) * 1_000_000n;
    const sender = open({ protocol: 0, transmitTimestamps: 'software' });
    const receiver = open({ timestamps: 'software', auxiliaryData: true });
    sender.sendSync(privateFrame('first'));
    sender.sendSync(privateFrame('second'));
    const stamps = [
      await sender.transmitTimestamp({ timeout: 5000 }),
      await sender.transmitTimestamp({ timeout: 5000 }),
    ];
    expect(stamps).toMatchObject([
      { id: 0, stage: 'sent', hardware: undefined },
      { id: 1, stage: 'sent' },
    ]);
    const [first = 0n, second = 0n] = stamps.map(({ software }) => software ?? 0n);
    // Clocks of milliseconds are cut off.
    expect(first >= before).toBe(true);
    expect(second > first).toBe(true);
    await expect(sender.transmitTimestamp({ timeout: 0 })).rejects.toMatchObject({
      code: 'ERR_SOCKET_TIMEOUT',
    });
    const message = await receiver.socket.recvMsg(2048, { timeout: 5000, control: 256 });
    const control = message.control.map(decodeControl);
    expect(control).toContainEqual(expect.objectContaining({ kind: 'timestamp' }));
    expect(control).toContainEqual(
      expect.objectContaining({ kind: 'packet-auxdata', length: 19, vlan: undefined }),
    );
  });

  it.for([
    10, 12,
  ] as const)('have a virtio header of %i bytes in front, which tells what offload left undone', (virtioHeader, context) => {
    const sender = Socket.create(constants.AF_INET, constants.SOCK_DGRAM);
    try {
      const receiver = open({ protocol: constants.ETH_P_IP, virtioHeader });
      const loopback = Uint8Array.of(2, 0, 0, 9, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
      sender.sendToSync(Buffer.from('with virtio'), loopback);
      let data: Buffer = Buffer.alloc(0);
      do ({ data } = receiver.recvSync({ timeout: 5000 }));
      while (!data.includes('with virtio'));
      const view = new VirtioView().decode(data);
      expect(data.length).toBe(virtioHeader + 14 + 20 + 8 + 11);
      expect([view.flags & virtioFlags.NEEDS_CHECKSUM, view.segmentation]).toEqual([1, 0]);
      expect([view.checksumStart, view.checksumOffset]).toEqual([34, 6]);
      const again = new Uint8Array(10);
      expect(encodeVirtio(view, again)).toBe(10);
      expect(again).toEqual(new Uint8Array(data.subarray(0, 10)));
      const plain = open({ protocol: PRIVATE });
      const out = open({ protocol: 0, virtioHeader });
      out.sendSync(Buffer.concat([new Uint8Array(virtioHeader), privateFrame('as it is')]));
      expect(queued(plain)).toEqual(['as it is']);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ENOPROTOOPT') throw error;
      context.skip((error as Error).message);
    } finally {
      sender.close();
    }
  });

  it('have no virtio headers of other lengths', () => {
    expect(() => open({ virtioHeader: 11 as never })).toThrow(/virtioHeader must be 0, 10 or 12/);
  });

  it('send past the queue of the interface', () => {
    const receiver = open();
    const sender = open({ protocol: 0, bypassQueue: true });
    expect(packetBypassQueue.get(sender.socket)).toBe(true);
    sender.sendSync(privateFrame('direct'));
    expect(queued(receiver)).toEqual(['direct']);
  });

  it.each(['timestamps', 'transmitTimestamps'] as const)('refuse %s of another kind', (name) => {
    expect(() => open({ [name]: 'atomic' as never })).toThrow(new RegExp(`^${name} must be`));
  });
});
