import { readFileSync } from 'node:fs';
import { constants as c, Socket } from '@sockeye/core';
import * as o from '@sockeye/core/options';
import { afterEach, describe, expect, it, type TestContext } from 'vitest';
import { listener, loopback, thrown } from './support.ts';

const WAIT = { timeout: 5000 };
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});
const kept = <S extends Socket[]>(...given: S): S => {
  sockets.push(...given);
  return given;
};
const open = (family: number, type: number, protocol?: number): Socket =>
  kept(Socket.create(family, type, protocol))[0];

/** Both ends of a connection over the loopback interface. */
async function connected(server: Socket = listener(), client?: Socket): Promise<[Socket, Socket]> {
  kept(server);
  const from = client ?? open(c.AF_INET, c.SOCK_STREAM);
  const [accepted] = await Promise.all([server.accept(WAIT), from.connect(server.getsockname(), WAIT)]);
  return kept(from, accepted);
}
/** Skips where this kernel or this user cannot. */
function unless(context: TestContext, codes: string[], call: () => void): void {
  try {
    call();
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    if (codes.includes(code)) context.skip(message);
    throw error;
  }
}

describe('TCP', () => {
  it('tells of a connection what was done with it', async () => {
    const [client, server] = await connected();
    const fresh = o.tcpInfo.get(client);
    expect([fresh.state, fresh.bytesAcked]).toEqual(['ESTABLISHED', 1n]);
    await client.sendAll(Buffer.alloc(100_000));
    let got = 0;
    while (got < 100_000) got += (await server.recv(65_536, WAIT)).length;
    const [info, its] = [o.tcpInfo.get(client), o.tcpInfo.get(server)];
    expect(info.bytesSent).toBe(100_000n + (info.bytesRetrans ?? 0n));
    expect(its.bytesReceived).toBe(100_000n);
    expect(info.rtt).toBeGreaterThan(0);
    expect(info.options.timestamps || info.options.sack || info.options.wscale).toBe(true);
    expect(info.maxPacingRate).toBe(2n ** 64n - 1n);
    client.shutdown(c.SHUT_WR);
    expect(await server.recv(10, WAIT)).toEqual(Buffer.alloc(0));
    expect(o.tcpInfo.get(server).state).toBe('CLOSE_WAIT');
    expect(o.tcpInfo.get(kept(listener())[0]).state).toBe('LISTEN');
  });

  it('what congestion control tells of itself', async (context) => {
    const [client] = await connected();
    o.tcpCongestion.set(client, 'reno');
    expect(o.tcpCongestionInfo.get(client)).toBe(undefined);
    const there = readFileSync('/proc/sys/net/ipv4/tcp_available_congestion_control', 'utf8');
    if (!there.includes('bbr')) context.skip(`this kernel has ${there.trim()}, no bbr`);
    o.tcpCongestion.set(client, 'bbr');
    expect(o.tcpCongestionInfo.get(client)).toMatchObject({ kind: 'bbr', bw: expect.any(BigInt) });
    expect(thrown(() => o.tcpCongestion.set(client, 'nosuch')).code).toBe('ENOENT');
  });

  it('keeps SYNs for who asks, once', async () => {
    const [server] = kept(listener());
    o.tcpSaveSyn.set(server, 1);
    const [, accepted] = await connected(server);
    const syn = Buffer.from(o.tcpSavedSyn.get(accepted));
    // IPv4 without options, TCP, from 127.0.0.1, the SYN bit.
    expect([syn[0], syn[9], syn.readUInt32BE(12), (syn[33] as number) & 2]).toEqual([0x45, 6, 0x7f000001, 2]);
    expect(o.tcpSavedSyn.get(accepted).length).toBe(0);
  });

  it('fast open of a listener, timestamps, the largest segment, and what is under repair', async (context) => {
    const [server] = kept(listener());
    o.tcpFastOpen.set(server, 5);
    expect(o.tcpFastOpen.get(server)).toBe(5);
    const client = open(c.AF_INET, c.SOCK_STREAM);
    o.tcpMaxSegment.set(client, 1000);
    await connected(server, client);
    expect(o.tcpMaxSegment.get(client)).toBeLessThanOrEqual(1000);
    expect(o.tcpInfo.get(client).sndMss).toBeLessThanOrEqual(1000);
    const timestamp = o.tcpTimestamp.get(client);
    expect(timestamp).toBeGreaterThan(0);
    unless(context, ['EPERM'], () => o.tcpRepair.set(client, 1));
    o.tcpTimestamp.set(client, 1000);
    expect(o.tcpTimestamp.get(client)).toBeLessThan(2000);
    o.tcpRepairQueue.set(client, 2);
    expect(o.tcpRepairQueue.get(client)).toBe(2);
    expect(o.tcpQueueSequence.get(client)).toBeGreaterThanOrEqual(0);
    const unset = open(c.AF_INET, c.SOCK_STREAM);
    o.tcpRepair.set(unset, 1);
    o.tcpRepairQueue.set(unset, 2);
    o.tcpQueueSequence.set(unset, 0xfffffff0);
    expect(o.tcpQueueSequence.get(unset)).toBe(0xfffffff0);
  });

  it('a key of one peer: who has it connects, who has not does not', async (context) => {
    const [server] = kept(listener());
    const key = { address: loopback(), key: Buffer.from('secret') };
    unless(context, ['ENOPROTOOPT'], () => o.tcpMd5Key.set(server, key));
    const client = open(c.AF_INET, c.SOCK_STREAM);
    o.tcpMd5Key.set(client, key);
    await connected(server, client);
    const stranger = open(c.AF_INET, c.SOCK_STREAM);
    const refused = stranger.connect(server.getsockname(), { timeout: 300 });
    await expect(refused).rejects.toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
    expect(thrown(() => o.tcpMd5Key.set(client, { ...key, key: Buffer.alloc(81) })).code).toBe(
      'ERR_INVALID_ARG_VALUE',
    );
    o.tcpMd5Key.set(client, { ...key, prefixLength: 8, key: Buffer.from('for many') });
  });

  it('Multipath TCP: what it knows, and each subflow', async (context) => {
    let server: Socket | undefined;
    unless(context, ['EPROTONOSUPPORT', 'EINVAL'], () => {
      server = open(c.AF_INET, c.SOCK_STREAM, c.IPPROTO_MPTCP);
    });
    server?.bind(loopback());
    server?.listen();
    const client = open(c.AF_INET, c.SOCK_STREAM, c.IPPROTO_MPTCP);
    const [, accepted] = await connected(server, client);
    await client.send(Buffer.from('over a subflow'));
    expect((await accepted.recv(100, WAIT)).toString()).toBe('over a subflow');
    unless(context, ['EOPNOTSUPP'], () => o.mptcpInfo.get(client));
    const [info, its] = [o.mptcpInfo.get(client), o.mptcpInfo.get(accepted)];
    expect([info.fallback, info.remoteKeyReceived, info.subflows]).toEqual([false, true, 0]);
    expect(info.token).not.toBe(its.token);
    if (info.bytesSent !== undefined) expect(info.bytesSent).toBe(14n);
    expect(o.mptcpTcpInfo.get(client).map(({ state }) => state)).toEqual(['ESTABLISHED']);
    const [ends] = o.mptcpSubflowAddresses.get(client);
    expect(Buffer.from(ends?.local ?? [])).toEqual(Buffer.from(client.getsockname()));
    expect(Buffer.from(ends?.remote ?? [])).toEqual(Buffer.from(client.getpeername()));
    try {
      expect(o.tcpIsMultipath.get(client)).toBe(true);
    } catch (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/ENOPROTOOPT|EOPNOTSUPP/) });
      expect((error as Error).message).toContain('it came with Linux 6.10');
    }
  });

  it('TLS in the kernel encrypts for one end what it decrypts for the other', async (context) => {
    const [client, server] = await connected();
    unless(context, ['ENOENT'], () => o.tcpUpperLayer.set(client, 'tls'));
    o.tcpUpperLayer.set(server, 'tls');
    expect(o.tcpUpperLayer.get(client)).toBe('tls');
    const crypto: o.TlsCrypto = {
      version: '1.3',
      cipher: 'aes-128-gcm',
      iv: new Uint8Array(8).fill(1),
      key: new Uint8Array(16).fill(2),
      salt: new Uint8Array(4).fill(3),
      recordSequence: new Uint8Array(8),
    };
    o.tlsTransmit.set(client, crypto);
    o.tlsReceive.set(server, crypto);
    await client.send(Buffer.from('secret'));
    expect((await server.recv(100, WAIT)).toString()).toBe('secret');
    expect(o.tlsTransmit.get(client)).toMatchObject({
      version: '1.3',
      cipher: 'aes-128-gcm',
      key: crypto.key,
    });
    const sent = BigInt(`0x${Buffer.from(o.tlsTransmit.get(client).recordSequence).toString('hex')}`);
    expect(sent).toBe(1n);
    try {
      o.tlsReceiveNoPadding.set(server, true);
      expect(o.tlsReceiveNoPadding.get(server)).toBe(true);
    } catch (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/ENOPROTOOPT|EINVAL/) });
    }
    expect(o.tlsTransmitZeroCopy.get(client)).toBe(false);
  });
});
