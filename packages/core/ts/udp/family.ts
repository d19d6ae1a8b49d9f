/** What UDP's extras are called in a family: a leaf for each, `inet.ts` and `inet6.ts`. */
import type { Control } from '../cmsg/control.ts';
import type { ControlMessage } from '../cmsg/header.ts';
import type { Socket } from '../socket.ts';

/** Where datagrams are sent from. */
export interface Source {
  /** An address of this host, 4 or 16 bytes; the kernel chooses unless given. */
  local?: Uint8Array | undefined;
  /** The interface to send by; the routes choose unless given. */
  interfaceIndex?: number | undefined;
}

/** Where a datagram came to. */
export interface Arrival {
  /** The interface that it came in by. */
  readonly interfaceIndex: number;
  /**
   * The address that it was sent to, 4 or 16 bytes: one of this host's, a group or a broadcast address. On an IPv6 socket that takes
   * IPv4 too, a mapped one where it came by IPv4.
   */
  readonly destination: Uint8Array;
  /** What `from` takes to answer: this host's address, and the interface where the address is of one link only. */
  readonly source: Source;
}

/**
 * How sending goes about datagrams that are longer than the path's MTU, `IP_PMTUDISC_…`: `'want'` (the system's default) heeds
 * the MTU that it knows and cuts into fragments, `'dont'` lets routers cut, `'do'` fails with EMSGSIZE, `'probe'` sends them
 * as they are, up to the interface's MTU, whatever is known of the path; `'interface'` ignores what ICMP says of the path and
 * never cuts (3.14), `'omit'` ignores it and does (3.15).
 */
export type PathMtuDiscovery = 'want' | 'dont' | 'do' | 'probe' | 'interface' | 'omit';

export interface UdpFamily {
  /** Has the traffic class of datagrams told. */
  tellTrafficClass(socket: Socket): void;
  /** Has it told where datagrams came to. */
  tellArrival(socket: Socket): void;
  /** Bytes of control data for both. */
  readonly lengths: readonly number[];
  /** What sends with a traffic class, whichever family the receiver turns out to be. */
  classMessages(trafficClass: number): ControlMessage[];
  sourceMessage(source: Source): ControlMessage;
  /** The socket's own traffic class, for datagrams that say none. */
  trafficClassOf(socket: Socket): number;
  arrivalOf(control: Control): Arrival | undefined;
  setPathMtuDiscovery(socket: Socket, mode: PathMtuDiscovery): void;
  /** Of a connected socket. */
  pathMtu(socket: Socket): number;
  /** This host's own address, any port: what a probe sends to. */
  readonly loopback: Uint8Array;
}
