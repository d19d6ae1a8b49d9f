import { formatIPv4 } from '@sockeye/addr';
import { checkBytes, checkInteger, checkObject, wrongValue } from '@sockeye/addr/check';
import { constants, type NetworkNamespace } from '@sockeye/core';
import { fillTransportChecksum } from './checksum.ts';
import { type DhcpOption, DhcpView, dhcpLength, dhcpMessageTypes, encodeDhcp } from './dhcp.ts';
import { MalformedPacketError } from './errors.ts';
import { ETHERNET_HEADER_LENGTH, encodeEthernet, etherTypes } from './ethernet.ts';
import { interfaceHardware, interfaceName } from './interface-request.ts';
import { encodeIpv4, IPV4_HEADER_LENGTH, Ipv4View } from './ipv4.ts';
import { PacketSocket } from './packet-socket.ts';
import { beside, pause } from './results.ts';
import { encodeUdp, UDP_HEADER_LENGTH, UdpView } from './udp.ts';

export interface DhcpDiscoverOptions {
  /** Milliseconds that offers are waited for after each question. Default 2000. */
  readonly timeout?: number | undefined;
  /** Questions after the first. Default 1. */
  readonly retries?: number | undefined;
  /** The client's hardware address, 6 bytes. Default: the interface's. */
  readonly hardwareAddress?: Uint8Array | undefined;
  /** Options that are asked for (option 55). Default: mask, routers, name servers, domain, lease time. */
  readonly parameters?: readonly number[] | undefined;
  /** The network namespace of the interface. */
  readonly netns?: NetworkNamespace | undefined;
  /** Aborting rejects with an `AbortError`. */
  readonly signal?: AbortSignal | undefined;
}

/** What a server offers: RFC 2131, RFC 2132. Nothing is taken; the offer lapses. */
export interface DhcpOffer {
  /** The address that the client would get. */
  readonly address: string;
  /** The server's identifier (option 54), or where the offer came from. */
  readonly server: string;
  /** Hardware address of whoever sent it: the server's, or a relay's. */
  readonly hardwareAddress: string;
  readonly netmask: string | undefined;
  readonly routers: readonly string[];
  readonly nameServers: readonly string[];
  readonly domain: string | undefined;
  readonly leaseSeconds: number | undefined;
  /** Milliseconds from the question that it answers. */
  readonly rttMs: number;
  /** All options as they came. */
  readonly options: readonly DhcpOption[];
}

const CLIENT_PORT = 68;
const SERVER_PORT = 67;
const PROTOCOL_UDP = 17;
const ETHERNET = 1;
const REPLY = 2;
const BROADCAST_FLAG = 0x8000;
const ANY: Uint8Array = new Uint8Array(4);
const EVERYBODY: Uint8Array = new Uint8Array(4).fill(255);
const EVERY_STATION: Uint8Array = new Uint8Array(6).fill(255);
/** Some relays drop shorter ones: RFC 1542, section 2.1. */
const LEAST = 300;

const OPTION = {
  NETMASK: 1,
  ROUTERS: 3,
  NAME_SERVERS: 6,
  DOMAIN: 15,
  LEASE: 51,
  TYPE: 53,
  SERVER: 54,
  WANTED: 55,
};
const PARAMETERS = [OPTION.NETMASK, OPTION.ROUTERS, OPTION.NAME_SERVERS, OPTION.DOMAIN, OPTION.LEASE];

/**
 * What is kept: IPv4, UDP, no fragment, to the client's port. ldh [12]; ldb [23]; ldh [20] & 0x1fff; ldxb 4*([14]&15);
 * ldh [x+16].
 */
const FILTER = [
  { code: 0x28, jt: 0, jf: 0, k: 12 },
  { code: 0x15, jt: 0, jf: 8, k: etherTypes.IPV4 },
  { code: 0x30, jt: 0, jf: 0, k: 23 },
  { code: 0x15, jt: 0, jf: 6, k: PROTOCOL_UDP },
  { code: 0x28, jt: 0, jf: 0, k: 20 },
  { code: 0x45, jt: 4, jf: 0, k: 0x1fff },
  { code: 0xb1, jt: 0, jf: 0, k: 14 },
  { code: 0x48, jt: 0, jf: 0, k: 16 },
  { code: 0x15, jt: 0, jf: 1, k: CLIENT_PORT },
  { code: 6, jt: 0, jf: 0, k: 0x40000 },
  { code: 6, jt: 0, jf: 0, k: 0 },
];

function discover(hardware: Uint8Array, transaction: number, parameters: readonly number[]): Uint8Array {
  const options: DhcpOption[] = [
    { code: OPTION.TYPE, data: Uint8Array.of(dhcpMessageTypes.DISCOVER) },
    { code: OPTION.WANTED, data: Uint8Array.from(parameters) },
  ];
  const length = Math.max(LEAST, dhcpLength({ options }));
  const ip = ETHERNET_HEADER_LENGTH;
  const udp = ip + IPV4_HEADER_LENGTH;
  const frame = new Uint8Array(udp + UDP_HEADER_LENGTH + length);
  encodeEthernet(
    { destination: EVERY_STATION, source: hardware, tags: [], etherType: etherTypes.IPV4 },
    frame,
  );
  const totalLength = frame.length - ip;
  encodeIpv4({ source: ANY, destination: EVERYBODY, protocol: PROTOCOL_UDP, totalLength }, frame, ip);
  encodeUdp(
    { sourcePort: CLIENT_PORT, destinationPort: SERVER_PORT, length: frame.length - udp },
    frame,
    udp,
  );
  // The client has no address that anything else could be sent to.
  const message = { operation: 1, transaction, flags: BROADCAST_FLAG, hardwareAddress: hardware, options };
  encodeDhcp(message, frame, udp + UDP_HEADER_LENGTH);
  fillTransportChecksum(ANY, EVERYBODY, PROTOCOL_UDP, frame.subarray(udp));
  return frame;
}

const text = new TextDecoder();

/** The addresses in an option's data. */
function addresses(data: Uint8Array | undefined): string[] {
  const all: string[] = [];
  for (let at = 0; data !== undefined && at + 4 <= data.length; at += 4)
    all.push(formatIPv4(data.subarray(at, at + 4)));
  return all;
}

class Reader {
  readonly #ip = new Ipv4View();
  readonly #udp = new UdpView();
  readonly #dhcp = new DhcpView();

  /** The offer in a frame, of one of these transactions; undefined for what is none. */
  read(frame: Uint8Array, sent: ReadonlyMap<number, number>): Omit<DhcpOffer, 'hardwareAddress'> | undefined {
    const arrived = performance.now();
    try {
      const ip = this.#ip.decode(frame, ETHERNET_HEADER_LENGTH);
      const udp = this.#udp.decode(frame, ip.payloadOffset, ip.payloadEnd);
      const dhcp = this.#dhcp.decode(frame, udp.payloadOffset, udp.payloadEnd);
      const sentAt = sent.get(dhcp.transaction);
      if (sentAt === undefined || dhcp.operation !== REPLY) return undefined;
      if (dhcp.messageType !== dhcpMessageTypes.OFFER) return undefined;
      const options = dhcp.options.map(({ code, data }) => ({ code, data: Uint8Array.from(data) }));
      const data = (code: number): Uint8Array | undefined => options.find((one) => one.code === code)?.data;
      const lease = data(OPTION.LEASE);
      const domain = data(OPTION.DOMAIN);
      return {
        address: formatIPv4(dhcp.yourAddress),
        server: addresses(data(OPTION.SERVER))[0] ?? formatIPv4(ip.source),
        netmask: addresses(data(OPTION.NETMASK))[0],
        routers: addresses(data(OPTION.ROUTERS)),
        nameServers: addresses(data(OPTION.NAME_SERVERS)),
        domain: domain === undefined ? undefined : text.decode(domain).replace(/\0.*$/s, ''),
        leaseSeconds: lease?.length === 4 ? new DataView(lease.buffer).getUint32(0) : undefined,
        rttMs: arrived - sentAt,
        options,
      };
    } catch (error) {
      if (error instanceof MalformedPacketError) return undefined;
      throw error;
    }
  }
}

/**
 * Asks the servers of a link for an address (RFC 2131, DHCPDISCOVER) and gives what they offer, each server's first offer. The interface
 * needs no address; nothing is taken. It takes CAP_NET_RAW. All of the time is waited out, since who else may answer is not known;
 * leave the loop after the first where one is enough.
 *
 * @param link name of an Ethernet interface, or its index
 * @throws EPERM without CAP_NET_RAW, ENODEV, ENETDOWN, ERR_INVALID_ARG_VALUE for an interface that is not Ethernet's, ABORT_ERR
 */
export async function* dhcpDiscover(
  link: string | number,
  options: DhcpDiscoverOptions = {},
): AsyncGenerator<DhcpOffer, void, void> {
  checkObject('options', options);
  const { signal, netns, parameters = PARAMETERS } = options;
  const timeout = checkInteger('timeout', options.timeout ?? 2000, 0, 0x7fffffff);
  const retries = checkInteger('retries', options.retries ?? 1, 0, 1000);
  const socket = PacketSocket.open({
    ...(typeof link === 'string' ? { interface: link } : { ifindex: link }),
    protocol: constants.ETH_P_IP,
    ignoreOutgoing: true,
    filter: FILTER,
    netns,
  });
  try {
    if (socket.ifindex === 0) throw wrongValue('link', 'one interface', link);
    const { type, address } = interfaceHardware(socket.socket, interfaceName(socket.socket, socket.ifindex));
    if (type !== ETHERNET) throw wrongValue('link', 'an Ethernet interface', link);
    const hardware = checkBytes('hardwareAddress', options.hardwareAddress ?? address, 6);
    const sent = new Map<number, number>();
    yield* beside<DhcpOffer>(signal, async (results, stop) => {
      const over = new AbortController();
      const onStop = (): void => over.abort();
      stop.addEventListener('abort', onStop, { once: true });
      const reader = new Reader();
      const seen = new Set<string>();
      const listen = async (): Promise<void> => {
        try {
          for (;;) {
            const { data, hardwareAddress } = await socket.recv({ signal: over.signal });
            const offer = reader.read(data, sent);
            if (offer === undefined || seen.has(offer.server)) continue;
            seen.add(offer.server);
            results.push({ ...offer, hardwareAddress });
          }
        } catch (error) {
          if (!over.signal.aborted) throw error;
        }
      };
      const listening = listen();
      listening.catch(onStop);
      try {
        for (let attempt = 0; attempt <= retries && !over.signal.aborted && seen.size === 0; attempt++) {
          const transaction = (Math.random() * 2 ** 32) >>> 0;
          const frame = discover(hardware, transaction, parameters);
          sent.set(transaction, performance.now());
          await socket.send(frame, undefined, { signal: over.signal });
          await pause(timeout, over.signal);
        }
      } catch (error) {
        if (!over.signal.aborted) throw error;
      } finally {
        stop.removeEventListener('abort', onStop);
        over.abort();
        await listening;
      }
    });
  } finally {
    socket.close();
  }
}
