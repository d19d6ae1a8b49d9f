import { constants, type NetworkNamespace, Socket } from '@sockeye/core';
import { hopLimit, ttl } from '@sockeye/core/cmsg';
import { bindToDevice, ipReceiveErrors, ipv6ReceiveErrors } from '@sockeye/core/options';
import { Asker } from './asker.ts';
import { fillTransportChecksum } from './checksum.ts';
import { Echo, type EchoReply } from './echo.ts';
import { hostOf, portOf, type RawError, type RawPacket, readError } from './raw-packet.ts';
import { addressOf, RawSocket } from './raw-socket.ts';
import { ipOf, type Target, withPort } from './target.ts';
import { encodeTcp, TCP_HEADER_LENGTH, TcpView, tcpFlags } from './tcp.ts';

/** How probes are sent. */
export interface ProbeOptions {
  /** The address to send from. */
  readonly source?: string | undefined;
  /** Only by this interface. */
  readonly interface?: string | undefined;
  /** The network namespace to do it in. */
  readonly netns?: NetworkNamespace | undefined;
  /** UDP: the first probe's port, one more for each. TCP: the port. */
  readonly port: number;
  /** Bytes of data in each probe of UDP and ICMP. */
  readonly size: number;
}

/** What a kind of probe knows of an answer. */
export interface ProbeAnswer {
  readonly from: string;
  readonly reached: boolean;
  readonly icmp: { readonly type: number; readonly code: number } | undefined;
}

/** A kind of probe. */
export interface Probes {
  readonly asker: Asker<unknown>;
  /** Sends one with so many hops; its answer has this key. */
  send(key: number, hops: number): Promise<unknown>;
  keyOf(number: number): number;
  read(reply: unknown): ProbeAnswer;
  close(): void;
}

const ROOM = 2048;
const CONTROL_ROOM = 256;

/** What an ICMP error says of a probe: of ports that nobody listens at it is the target itself that says so. */
function ofError({ error, from = '' }: RawError, target: Target): ProbeAnswer {
  const { type, code } = error;
  return { from, reached: from === target.text, icmp: { type, code } };
}

/** A datagram socket in the options' namespace, by their interface, from their address. */
function datagrams(target: Target, { netns, source, interface: by }: ProbeOptions, type: number): Socket {
  const family = target.family === 'inet' ? constants.AF_INET : constants.AF_INET6;
  const socket = Socket.create(family, type, 0, netns === undefined ? {} : { netns });
  try {
    if (by !== undefined) bindToDevice.set(socket, by);
    if (source !== undefined) socket.bind(addressOf('source', source, target.family));
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** UDP datagrams, each to a port of its own, which is its key; errors come by the error queue, without privilege. */
export function udpProbes(target: Target, options: ProbeOptions): Probes {
  const six = target.family === 'inet6';
  const socket = datagrams(target, options, constants.SOCK_DGRAM);
  (six ? ipv6ReceiveErrors : ipReceiveErrors).set(socket, true);
  type Reply = { error: RawError } | { error?: undefined; address: Uint8Array };
  const asker = new Asker<Reply>(
    [
      async (wait) => {
        const flags = constants.MSG_ERRQUEUE;
        for (;;) {
          const error = readError(await socket.recvMsg(ROOM, { ...wait, flags, control: CONTROL_ROOM }));
          if (error !== undefined) return { error };
        }
      },
      // Somebody listens there after all.
      async (wait) => ({ address: (await socket.recvFrom(ROOM, wait)).address }),
    ],
    (reply) => portOf(reply.error?.address ?? (reply as { address: Uint8Array }).address),
  );
  const data = new Uint8Array(options.size);
  return {
    asker: asker as Asker<unknown>,
    keyOf: (number) => ((options.port - 1 + number) % 0xffff) + 1,
    send: (key, hops) =>
      socket.sendMsg(data, {
        address: withPort(target.address, key),
        control: [six ? hopLimit(hops) : ttl(hops)],
      }),
    read: (reply) => {
      const { error } = reply as Reply;
      return error === undefined
        ? { from: hostOf((reply as { address: Uint8Array }).address), reached: true, icmp: undefined }
        : ofError(error, target);
    },
    close: () => socket.close(),
  };
}

/** Echoes, whose sequence number is their key. */
export function echoProbes(target: Target, options: ProbeOptions): Probes {
  const echo = Echo.open(target, options);
  return {
    asker: echo.asker as Asker<unknown>,
    keyOf: (number) => number & 0xffff,
    send: (key, hops) => echo.send(key, options.size, hops),
    read: (reply) => {
      const { packet, error } = reply as EchoReply;
      return packet === undefined
        ? ofError(error as RawError, target)
        : { from: packet.from, reached: true, icmp: undefined };
    },
    close: () => echo.close(),
  };
}

/**
 * TCP's SYNs, whose sequence number is their key. The answer to one that arrives is acknowledged by nobody: the kernel, which knows of
 * no connection, resets it.
 */
export async function tcpProbes(target: Target, options: ProbeOptions): Promise<Probes> {
  const { netns, interface: by } = options;
  const six = target.family === 'inet6';
  // Bound and nothing more: so nobody else gets the port, and it is known from which address one sends.
  const holder = datagrams(target, options, constants.SOCK_STREAM);
  try {
    const source = sourceOf(target, options);
    if (options.source === undefined) holder.bind(withPort(source, 0));
    const port = portOf(holder.getsockname());
    const raw = RawSocket.open({
      family: target.family,
      protocol: constants.IPPROTO_TCP,
      errors: true,
      local: withPort(source, 0),
      filter: toPort(port, six),
      interface: by,
      netns,
      ...(six ? { checksumOffset: CHECKSUM } : {}),
    });
    const view = new TcpView();
    type Reply = { packet: RawPacket; error?: undefined } | { error: RawError };
    const asker = new Asker<Reply>(
      [
        async (wait) => ({ packet: await raw.recv(wait) }),
        async (wait) => ({ error: await raw.recvError(wait) }),
      ],
      (reply) => {
        if (reply.error !== undefined) {
          // As much as an ICMP error must quote: ports and sequence number.
          const { data } = reply.error;
          if (data.length < 8 || data.readUInt16BE(0) !== port) return undefined;
          return data.readUInt32BE(4);
        }
        const { data, from } = reply.packet;
        if (data.length < TCP_HEADER_LENGTH || from !== target.text) return undefined;
        view.decode(data);
        if (view.sourcePort !== options.port || view.destinationPort !== port) return undefined;
        return (view.acknowledgment - 1) >>> 0;
      },
    );
    const first = (Math.random() * 2 ** 32) >>> 0;
    const [from, to] = [ipOf(source), ipOf(target.address)];
    return {
      asker: asker as Asker<unknown>,
      keyOf: (number) => (first + 0x10000 * number) >>> 0,
      send: (key, hops) => {
        const segment = new Uint8Array(TCP_HEADER_LENGTH);
        const fields = {
          sourcePort: port,
          destinationPort: options.port,
          sequence: key,
          acknowledgment: 0,
          flags: tcpFlags.SYN,
          window: 1024,
        };
        encodeTcp(fields, segment);
        if (!six) fillTransportChecksum(from, to, constants.IPPROTO_TCP, segment);
        return raw.send(segment, target.address, { hopLimit: hops });
      },
      read: (reply) => {
        const { error } = reply as Reply;
        return error === undefined
          ? { from: target.text, reached: true, icmp: undefined }
          : ofError(error, target);
      },
      close: () => {
        raw.close();
        holder.close();
      },
    };
  } catch (error) {
    holder.close();
    throw error;
  }
}

/** Where TCP's checksum stands in its header. */
const CHECKSUM = 16;
/** A port that nobody is at; connecting a datagram socket sends nothing. */
const DISCARD = 9;

/** The address that the kernel would send from. */
function sourceOf(target: Target, options: ProbeOptions): Uint8Array {
  const asked = datagrams(target, options, constants.SOCK_DGRAM);
  try {
    asked.connectSync(withPort(target.address, DISCARD));
    return asked.getsockname();
  } finally {
    asked.close();
  }
}

/** Keeps segments to a port: over IPv4 a filter sees the header, whose length is to be skipped. */
function toPort(port: number, six: boolean): { code: number; jt: number; jf: number; k: number }[] {
  const destination = six
    ? [{ code: 0x28, jt: 0, jf: 0, k: 2 }]
    : [
        { code: 0xb1, jt: 0, jf: 0, k: 0 },
        { code: 0x48, jt: 0, jf: 0, k: 2 },
      ];
  return [
    ...destination,
    { code: 0x15, jt: 0, jf: 1, k: port },
    { code: 6, jt: 0, jf: 0, k: 0x40000 },
    { code: 6, jt: 0, jf: 0, k: 0 },
  ];
}
