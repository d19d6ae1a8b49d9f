import { formatIPv4, formatMac, parseIPv4 } from '@sockeye/addr';
import { checkInteger, checkObject, outOfRange, wrongValue } from '@sockeye/addr/check';
import { type Prefix, prefix } from '@sockeye/addr/prefix';
import { constants, type NetworkNamespace } from '@sockeye/core';
import { ARP_IPV4_LENGTH, ArpView, arpOperations, encodeArp } from './arp.ts';
import { Asker } from './asker.ts';
import { MalformedPacketError } from './errors.ts';
import { ETHERNET_HEADER_LENGTH, encodeEthernet, etherTypes } from './ethernet.ts';
import { interfaceHardware, interfaceIPv4, interfaceName } from './interface-request.ts';
import { PacketSocket } from './packet-socket.ts';
import { beside, pause } from './results.ts';

export interface ArpScanOptions {
  /** Which addresses: `192.0.2.0/24`, /16 at the shortest. Default: the prefix of the interface's first address. */
  readonly prefix?: string | undefined;
  /** The address that asks. Default: the interface's first, or 0.0.0.0 where it has none (RFC 5227's probe). */
  readonly source?: string | undefined;
  /** Milliseconds that each try waits for its answer. Default 500. */
  readonly timeout?: number | undefined;
  /** Tries after the first. Default 1. */
  readonly retries?: number | undefined;
  /** Questions a second at most. Default 1000. */
  readonly rate?: number | undefined;
  /** The network namespace of the interface. */
  readonly netns?: NetworkNamespace | undefined;
  /** Aborting rejects with an `AbortError`. */
  readonly signal?: AbortSignal | undefined;
}

/** A host that answered. */
export interface ArpNeighbour {
  readonly address: string;
  readonly hardwareAddress: string;
  readonly rttMs: number;
}

const ETHERNET = 1;
const BROADCAST: Uint8Array = new Uint8Array(6).fill(0xff);
const NONE: Uint8Array = new Uint8Array(4);
const SHORTEST = 16;
/** Questions that wait at once: what a neighbour's answers find room for. */
const AT_ONCE = 256;

const keyOfAddress = (address: Uint8Array): number =>
  ((address[0]! << 24) | (address[1]! << 16) | (address[2]! << 8) | address[3]!) >>> 0;

/** The address whose question a frame answers; undefined for what is no answer. */
function keyOf(view: ArpView, frame: Uint8Array): number | undefined {
  try {
    view.decode(frame, ETHERNET_HEADER_LENGTH);
  } catch (error) {
    if (error instanceof MalformedPacketError) return undefined;
    throw error;
  }
  const { operation, protocolType, senderProtocol } = view;
  const answers = operation === arpOperations.REPLY && protocolType === etherTypes.IPV4;
  return answers && senderProtocol.length === 4 ? keyOfAddress(senderProtocol) : undefined;
}

/** Which addresses are asked for: those of the options, or the interface's own prefix. */
function rangeOf(text: string | undefined, own: { address: Uint8Array; length: number } | undefined): Prefix {
  const range =
    text === undefined
      ? own === undefined
        ? undefined
        : prefix(own.address, own.length, { clear: true })
      : prefix(text, { clear: true });
  if (range === undefined) throw wrongValue('prefix', 'given, since the interface has no address', text);
  if (range.bits !== 32) throw wrongValue('prefix', 'one of IPv4', text);
  if (range.length < SHORTEST) throw outOfRange('prefix', `/${SHORTEST} or longer`, `${range}`);
  return range;
}

/**
 * Asks every address of a prefix on one link who has it (RFC 826), and gives those who answer, as they do. It takes CAP_NET_RAW; the kernel's
 * own table of neighbours is neither asked nor changed.
 *
 * @param link name of an Ethernet interface, or its index
 * @throws EPERM without CAP_NET_RAW, ENODEV, ENETDOWN, ERR_INVALID_ARG_VALUE for an interface that is not Ethernet's or has no
 * address where no prefix is given, ERR_OUT_OF_RANGE for a shorter prefix than /16, ABORT_ERR
 */
export async function* arpScan(
  link: string | number,
  options: ArpScanOptions = {},
): AsyncGenerator<ArpNeighbour, void, void> {
  checkObject('options', options);
  const { signal, netns, retries = 1, timeout = 500 } = options;
  const rate = checkInteger('rate', options.rate ?? 1000, 1, 1_000_000);
  const socket = PacketSocket.open({
    ...(typeof link === 'string' ? { interface: link } : { ifindex: link }),
    protocol: constants.ETH_P_ARP,
    ignoreOutgoing: true,
    netns,
  });
  try {
    if (socket.ifindex === 0) throw wrongValue('link', 'one interface', link);
    const name = interfaceName(socket.socket, socket.ifindex);
    const { type, address: hardware } = interfaceHardware(socket.socket, name);
    if (type !== ETHERNET) throw wrongValue('link', 'an Ethernet interface', link);
    const own = interfaceIPv4(socket.socket, name);
    const range = rangeOf(options.prefix, own);
    const source = options.source === undefined ? (own?.address ?? NONE) : parseIPv4(options.source);
    const view = new ArpView();
    const asker = new Asker(
      (wait) => socket.recv(wait),
      ({ data }) => keyOf(view, data),
    );
    const request = (target: Uint8Array): Uint8Array => {
      const frame = new Uint8Array(ETHERNET_HEADER_LENGTH + ARP_IPV4_LENGTH);
      const ethernet = { destination: BROADCAST, source: hardware, tags: [], etherType: etherTypes.ARP };
      const fields = {
        hardwareType: ETHERNET,
        protocolType: etherTypes.IPV4,
        operation: arpOperations.REQUEST,
        senderHardware: hardware,
        senderProtocol: source,
        targetHardware: new Uint8Array(6),
        targetProtocol: target,
      };
      encodeArp(fields, frame, encodeEthernet(ethernet, frame));
      return frame;
    };
    yield* beside<ArpNeighbour>(signal, async (results, stop) => {
      const asked = new Set<Promise<void>>();
      const begun = performance.now();
      let sent = 0;
      for (const target of range.hosts()) {
        if (stop.aborted) break;
        const key = keyOfAddress(target);
        if (key === keyOfAddress(source)) continue;
        const frame = request(target);
        const send = (): unknown => socket.send(frame, undefined, { signal: stop });
        const one = asker
          .ask(() => key, send, { timeout, retries, signal: stop })
          .then((answer) => {
            if (answer === undefined) return;
            view.decode(answer.reply.data, ETHERNET_HEADER_LENGTH);
            const hardwareAddress = formatMac(view.senderHardware);
            results.push({ address: formatIPv4(target), hardwareAddress, rttMs: answer.rttMs });
          })
          .catch((error: unknown) => {
            if (!stop.aborted) results.end(error);
          })
          .finally(() => asked.delete(one));
        asked.add(one);
        sent += 1;
        await pause(begun + (sent * 1000) / rate - performance.now(), stop);
        if (asked.size >= AT_ONCE) await Promise.race(asked);
      }
      await Promise.all(asked);
    });
  } finally {
    socket.close();
  }
}
