/** Options of families that the host's kernel seldom has: SCTP's and TIPC's, set and read back, and seen to act. */
import { constants as c, Socket } from '@sockeye/core';
import * as o from '@sockeye/core/options';
import { afterEach, describe, expect, it } from 'vitest';
import { onlyInside } from './only-inside.ts';

onlyInside();

const WAIT = { timeout: 10_000 };
const sockets: Socket[] = [];
function open(family: number, type: number, protocol = 0): Socket {
  const socket = Socket.create(family, type, protocol);
  sockets.push(socket);
  return socket;
}
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** A sockaddr_in of 127.0.0.1. */
function loopback(port = 0): Buffer {
  const bytes = Buffer.from([c.AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeUInt16BE(port, 2);
  return bytes;
}

/** Sets each value and reads it back. */
function trip<T>(socket: Socket, option: o.Option<T>, ...values: T[]): void {
  for (const value of values) {
    option.set(socket, value);
    expect([option.constant, option.get(socket)]).toEqual([option.constant, value]);
  }
}

describe('SCTP', () => {
  const sctp = (type = c.SOCK_STREAM): Socket => open(c.AF_INET, type, c.IPPROTO_SCTP);

  /** Both ends of an association over the loopback interface. */
  async function associated(prepare: (server: Socket, client: Socket) => void): Promise<[Socket, Socket]> {
    const [server, client] = [sctp(), sctp()];
    server.bind(loopback());
    prepare(server, client);
    server.listen();
    const [accepted] = await Promise.all([server.accept(WAIT), client.connect(server.getsockname(), WAIT)]);
    sockets.push(accepted);
    return [client, accepted];
  }

  it('flags and numbers read as they were set', () => {
    const socket = sctp();
    trip(socket, o.sctpNoDelay, true, false);
    trip(socket, o.sctpDisableFragments, true, false);
    trip(socket, o.sctpReceiveInfo, true, false);
    trip(socket, o.sctpReceiveNextInfo, true, false);
    trip(socket, o.sctpReusePort, true, false);
    trip(open(c.AF_INET6, c.SOCK_STREAM, c.IPPROTO_SCTP), o.sctpMappedV4, false, true);
    trip(sctp(c.SOCK_SEQPACKET), o.sctpAutoClose, 30, 0);
    trip(socket, o.sctpFragmentInterleave, 0, 1);
    trip(socket, o.sctpPartialDeliveryPoint, 4096);
    trip(socket, o.sctpAdaptationLayer, { indication: 0x01020304 });
    trip(
      socket,
      o.sctpEvents as o.Option<o.SctpEvent[]>,
      ['association', 'shutdown'],
      ['dataIo', 'senderDry'],
      [],
    );
  });

  it('structs of a socket read as they were set', () => {
    const socket = sctp();
    const init = { outStreams: 5, maxInStreams: 6, maxAttempts: 7, maxInitTimeout: 8000 };
    o.sctpInitMessage.set(socket, init);
    expect(o.sctpInitMessage.get(socket)).toEqual(init);
    o.sctpRtoInfo.set(socket, { initial: 500, max: 5000, min: 200 });
    expect(o.sctpRtoInfo.get(socket)).toEqual({ associationId: 0, initial: 500, max: 5000, min: 200 });
    o.sctpAssociationInfo.set(socket, { maxRetransmits: 3, cookieLife: 10_000 });
    expect(o.sctpAssociationInfo.get(socket)).toMatchObject({ maxRetransmits: 3, cookieLife: 10_000 });
    const send = { stream: 2, flags: 0, payloadProtocol: 0x01020304, context: 9, associationId: 0 };
    o.sctpSendDefaults.set(socket, send);
    expect(o.sctpSendDefaults.get(socket)).toEqual(send);
    o.sctpDelayedSack.set(socket, { delay: 100, frequency: 3 });
    expect(o.sctpDelayedSack.get(socket)).toMatchObject({ delay: 100, frequency: 3 });
    for (const option of [o.sctpMaxSegment, o.sctpMaxBurst, o.sctpContext]) {
      option.set(socket, { value: 600 });
      expect([option.constant, option.get(socket)]).toEqual([
        option.constant,
        { associationId: 0, value: 600 },
      ]);
    }
    o.sctpPeerParameters.set(socket, {
      heartbeats: true,
      heartbeatInterval: 7000,
      pathMaxRetransmits: 4,
      dscp: 0x2c,
    });
    expect(o.sctpPeerParameters.get(socket)).toMatchObject({
      heartbeats: true,
      heartbeatInterval: 7000,
      pathMaxRetransmits: 4,
      dscp: 0x2c,
    });
    o.sctpPeerParameters.set(socket, { heartbeats: false });
    expect(o.sctpPeerParameters.get(socket)).toMatchObject({ heartbeats: false, heartbeatInterval: 7000 });
  });

  it('an association has the streams that were asked for, and says how it is', async () => {
    const [client, server] = await associated((listening, connecting) => {
      o.sctpInitMessage.set(listening, { outStreams: 3, maxInStreams: 4 });
      o.sctpInitMessage.set(connecting, { outStreams: 9, maxInStreams: 9 });
    });
    const status = o.sctpStatus.get(client);
    expect(status).toMatchObject({ state: 'established', inStreams: 3, outStreams: 4, unackedData: 0 });
    expect(status.associationId).toBeGreaterThan(0);
    expect(Buffer.from(status.primary.address)).toEqual(Buffer.from(client.getpeername()));
    expect(status.primary.state).toBe('active');
    const { associationId } = status;
    const peer = o.sctpPeerInfo.get(client, { associationId, address: client.getpeername() });
    expect(peer).toEqual(status.primary);
    expect(peer.mtu).toBeGreaterThan(1000);
    expect(o.sctpPeerParameters.get(client, { address: client.getpeername() })).toMatchObject({
      address: Uint8Array.from(client.getpeername()),
    });
    await client.send(Buffer.from('over stream 0'), WAIT);
    expect((await server.recv(100, WAIT)).toString()).toBe('over stream 0');
    const nobody = { associationId, address: loopback(9) };
    expect(() => o.sctpPeerInfo.get(client, nobody)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });

  it('an event that was asked for comes as a message', async () => {
    const [client, server] = await associated((listening) => o.sctpEvents.set(listening, ['shutdown']));
    client.close();
    const { data, flags } = await server.recvMsg(100, WAIT);
    const SCTP_SHUTDOWN_EVENT = 0x8005;
    expect(flags & c.MSG_NOTIFICATION).not.toBe(0);
    expect(data.readUInt16LE(0)).toBe(SCTP_SHUTDOWN_EVENT);
  });

  it('refuses what is out of range, by its name', () => {
    const socket = sctp();
    const code = (call: () => void, name: string): void =>
      expect(call).toThrow(expect.objectContaining({ message: expect.stringContaining(name) }));
    code(() => o.sctpInitMessage.set(socket, { outStreams: 70_000 }), 'value.outStreams must be');
    code(() => o.sctpEvents.set(socket, ['nothing' as o.SctpEvent]), 'value[0] must be');
    code(() => o.sctpStatus.get(socket, { associationId: 1.5 }), 'question.associationId must be');
    code(() => o.sctpPeerInfo.get(socket, { address: new Uint8Array(200) }), 'question.address must be');
  });
});

describe('TIPC', () => {
  it('options read as they were set', () => {
    const socket = open(c.AF_TIPC, c.SOCK_RDM);
    trip<o.TipcImportance | number>(socket, o.tipcImportance, 'critical', 'high', 'medium', 'low');
    trip(socket, o.tipcSourceDroppable, true, false);
    trip(socket, o.tipcDestinationDroppable, false, true);
    const stream = open(c.AF_TIPC, c.SOCK_STREAM);
    trip(stream, o.tipcConnectTimeout, 4000);
    // It can be set, and not read.
    expect(() => o.tipcNoDelay.get(stream)).toThrow();
    o.tipcMulticastBroadcast.set(socket);
    o.tipcMulticastReplicast.set(socket);
    expect(o.tipcNodeReceiveQueueDepth.get(socket)).toBe(0);
  });

  it('groups: what a member sends reaches the others, and the queues count it', async () => {
    const [one, other] = [open(c.AF_TIPC, c.SOCK_RDM), open(c.AF_TIPC, c.SOCK_RDM)];
    const group = { type: 0x30000, scope: 'node' } as const;
    o.tipcJoinGroup.set(one, { ...group, instance: 1 });
    o.tipcJoinGroup.set(other, { ...group, instance: 2 });
    // Joining takes a moment: a message goes to who is in by then.
    const deadline = Date.now() + 5000;
    while (o.tipcReceiveQueueDepth.get(other) === 0 && Date.now() < deadline) {
      await one.send(Buffer.from('to all'), WAIT);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(o.tipcReceiveQueueDepth.get(other)).toBeGreaterThan(0);
    expect(o.tipcReceiveQueueUsed.get(other)).toBeGreaterThan(0);
    expect((await other.recv(100, WAIT)).toString()).toBe('to all');
    o.tipcLeaveGroup.set(other);
    expect(() => o.tipcLeaveGroup.set(other)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect(() => o.tipcJoinGroup.set(one, { ...group, instance: -1 })).toThrow('value.instance must be');
  });
});
