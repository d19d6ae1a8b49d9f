import { checkInteger, checkObject, wrongType, wrongValue } from '@sockeye/addr/check';
import { constants, type NamespaceOptions, type WaitOptions } from '@sockeye/core';
import { familyNumber, type InetFamily } from './inet.ts';
import {
  decodeInterfaceAddress,
  encodeInterfaceAddress,
  encodeInterfaceAddressQuery,
  type InterfaceAddress,
  type InterfaceAddressFields,
} from './interface-address.ts';
import {
  checkLinkName,
  decodeLink,
  encodeLinkQuery,
  encodeLinkSettings,
  encodeNewLink,
  type Link,
  type LinkSettings,
  type NewLink,
} from './link.ts';
import type { Overrun } from './listener.ts';
import { type NetlinkMessage, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from './message.ts';
import {
  decodeNeighbour,
  encodeNeighbour,
  encodeNeighbourQuery,
  type Neighbour,
  type NeighbourFields,
} from './neighbour.ts';
import { missingError } from './netlink-error.ts';
import { RTM, RTNLGRP } from './numbers.ts';
import { decodeRoute, encodeRoute, encodeRouteQuery, type Route, type RouteFields } from './route.ts';
import { Netlink } from './socket.ts';

/** An interface: its index, or its name, which is looked up by the kernel at each call. */
export type Which = number | string;

export interface FamilyFilter {
  readonly family?: InetFamily | undefined;
  /** Of this interface alone. */
  readonly interfaceIndex?: number | undefined;
}

/** What has changed, one at a time, in the kernel's order. `change` says whether it is there now. */
export type Change =
  | { readonly kind: 'link'; readonly change: 'new' | 'delete'; readonly link: Link }
  | { readonly kind: 'address'; readonly change: 'new' | 'delete'; readonly address: InterfaceAddress }
  | { readonly kind: 'route'; readonly change: 'new' | 'delete'; readonly route: Route }
  | { readonly kind: 'neighbour'; readonly change: 'new' | 'delete'; readonly neighbour: Neighbour }
  | Overrun;

/** The groups of each kind. */
const GROUPS: Readonly<Record<ChangeKind, readonly number[]>> = {
  link: [RTNLGRP.LINK],
  address: [RTNLGRP.IPV4_IFADDR, RTNLGRP.IPV6_IFADDR],
  route: [RTNLGRP.IPV4_ROUTE, RTNLGRP.IPV6_ROUTE],
  neighbour: [RTNLGRP.NEIGH],
};

export type ChangeKind = 'link' | 'address' | 'route' | 'neighbour';

export interface ChangesOptions {
  /** Default: all. */
  readonly of?: readonly ChangeKind[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

const FAIL_IF_THERE = NLM_F_CREATE | NLM_F_EXCL;

function changeOf({ type, body }: NetlinkMessage): Change | undefined {
  switch (type) {
    case RTM.NEWLINK:
      return { kind: 'link', change: 'new', link: decodeLink(body) };
    case RTM.DELLINK:
      return { kind: 'link', change: 'delete', link: decodeLink(body) };
    case RTM.NEWADDR:
      return { kind: 'address', change: 'new', address: decodeInterfaceAddress(body) };
    case RTM.DELADDR:
      return { kind: 'address', change: 'delete', address: decodeInterfaceAddress(body) };
    case RTM.NEWROUTE:
      return { kind: 'route', change: 'new', route: decodeRoute(body) };
    case RTM.DELROUTE:
      return { kind: 'route', change: 'delete', route: decodeRoute(body) };
    case RTM.NEWNEIGH:
      return { kind: 'neighbour', change: 'new', neighbour: decodeNeighbour(body) };
    case RTM.DELNEIGH:
      return { kind: 'neighbour', change: 'delete', neighbour: decodeNeighbour(body) };
    default:
      return undefined;
  }
}

/**
 * Links, addresses, routes and neighbours of a network namespace: rtnetlink(7). Listing takes no privilege, changing takes
 * CAP_NET_ADMIN. All methods fail with NetlinkError where the kernel refuses, which says why, and as `Netlink.request` does.
 */
export class Rtnetlink implements Disposable, AsyncDisposable {
  /** The socket below. */
  readonly netlink: Netlink;
  readonly #options: NamespaceOptions;

  private constructor(netlink: Netlink, options: NamespaceOptions) {
    this.netlink = netlink;
    this.#options = options;
  }

  /** Opens a socket, in this process's network namespace or in another one. Throws as `Netlink.open`. */
  static open(options: NamespaceOptions = {}): Rtnetlink {
    checkObject('options', options);
    const { netns } = options;
    return new Rtnetlink(Netlink.open({ protocol: constants.NETLINK_ROUTE, netns }), { netns });
  }

  get closed(): boolean {
    return this.netlink.closed;
  }

  async #ask(
    name: keyof typeof RTM,
    flags: number,
    body: Uint8Array,
    options?: WaitOptions,
  ): Promise<NetlinkMessage[]> {
    return this.netlink.request({ name: `RTM_${name}`, type: RTM[name], flags, body }, options);
  }

  /** The bodies of a list's entries. */
  async #list(
    name: 'GETLINK' | 'GETADDR' | 'GETROUTE' | 'GETNEIGH',
    body: Uint8Array,
    options?: WaitOptions,
  ): Promise<Uint8Array[]> {
    const messages = await this.netlink.dump({ name: `RTM_${name}`, type: RTM[name], body }, options);
    // The first type of each kind is what tells of one: RTM_NEW…
    return messages.filter(({ type }) => type === RTM[name] - 2).map((message) => message.body);
  }

  /** All interfaces, or all of a kind. */
  async links(options: WaitOptions & { readonly kind?: string | undefined } = {}): Promise<Link[]> {
    checkObject('options', options);
    const { kind } = options;
    const bodies = await this.#list('GETLINK', encodeLinkQuery(undefined, kind), options);
    const links = bodies.map(decodeLink);
    return kind === undefined ? links : links.filter((link) => link.kind === kind);
  }

  /** One interface. Throws NetlinkError ENODEV when there is none. */
  async link(which: Which, options?: WaitOptions): Promise<Link> {
    const [answer] = await this.#ask('GETLINK', 0, encodeLinkQuery(checkWhich(which)), options);
    if (answer === undefined) throw missingError('RTM_GETLINK', `interface ${which}`);
    return decodeLink(answer.body);
  }

  /** Makes an interface. Throws NetlinkError EEXIST for a name that is taken, EOPNOTSUPP for a kind that the kernel has not. */
  async createLink(link: NewLink, options?: WaitOptions): Promise<void> {
    await this.#ask('NEWLINK', FAIL_IF_THERE, encodeNewLink(link), options);
  }

  /** Changes an interface. What `settings` leaves out stays. */
  async changeLink(which: Which, settings: LinkSettings, options?: WaitOptions): Promise<void> {
    const index = await this.indexOf(which, options);
    await this.#ask('NEWLINK', 0, encodeLinkSettings(index, settings), options);
  }

  /** Takes an interface away, and with one end of a pair the other. */
  async deleteLink(which: Which, options?: WaitOptions): Promise<void> {
    await this.#ask('DELLINK', 0, encodeLinkQuery(checkWhich(which)), options);
  }

  /** The index of an interface of this namespace. Throws NetlinkError ENODEV when there is none. */
  async indexOf(which: Which, options?: WaitOptions): Promise<number> {
    if (typeof checkWhich(which) === 'number') return which as number;
    return (await this.link(which, options)).index;
  }

  /** Addresses, of all interfaces or of one. */
  async addresses(options: WaitOptions & FamilyFilter = {}): Promise<InterfaceAddress[]> {
    checkObject('options', options);
    const { family, interfaceIndex = 0 } = options;
    const index = checkInteger('interfaceIndex', interfaceIndex, 0, 0x7fffffff);
    const body = encodeInterfaceAddressQuery(familyNumber('family', family), this.netlink.strict ? index : 0);
    const all = (await this.#list('GETADDR', body, options)).map(decodeInterfaceAddress);
    return index === 0 ? all : all.filter((address) => address.interfaceIndex === index);
  }

  /** Gives an interface an address. Throws NetlinkError EEXIST when it has it. */
  async addAddress(which: Which, address: InterfaceAddressFields, options?: WaitOptions): Promise<void> {
    const body = encodeInterfaceAddress(await this.indexOf(which, options), address);
    await this.#ask('NEWADDR', FAIL_IF_THERE, body, options);
  }

  /** Takes it away. Throws NetlinkError EADDRNOTAVAIL when it has it not. */
  async deleteAddress(which: Which, address: InterfaceAddressFields, options?: WaitOptions): Promise<void> {
    const body = encodeInterfaceAddress(await this.indexOf(which, options), address);
    await this.#ask('DELADDR', 0, body, options);
  }

  /** Routes, of all tables or of one. */
  async routes(
    options: WaitOptions & {
      readonly family?: InetFamily | undefined;
      readonly table?: number | undefined;
    } = {},
  ): Promise<Route[]> {
    checkObject('options', options);
    const { family, table = 0 } = options;
    // Without a strict check, what is behind the header is passed over.
    const body = encodeRouteQuery(familyNumber('family', family), this.netlink.strict ? table : 0);
    const all = (await this.#list('GETROUTE', body, options)).map(decodeRoute);
    return table === 0 ? all : all.filter((route) => route.table === table);
  }

  /** Makes a route. Throws NetlinkError EEXIST when it is there, ENETUNREACH for a gateway that is not reached. */
  async addRoute(route: RouteFields, options?: WaitOptions): Promise<void> {
    await this.#ask('NEWROUTE', FAIL_IF_THERE, encodeRoute(route), options);
  }

  /** Makes a route, in place of the one to the same destination if there is one. */
  async replaceRoute(route: RouteFields, options?: WaitOptions): Promise<void> {
    await this.#ask('NEWROUTE', NLM_F_CREATE | NLM_F_REPLACE, encodeRoute(route), options);
  }

  /** Takes a route away, the first that is like it. Throws NetlinkError ESRCH when there is none. */
  async deleteRoute(route: RouteFields, options?: WaitOptions): Promise<void> {
    await this.#ask('DELROUTE', 0, encodeRoute(route, true), options);
  }

  /** Neighbours, of all interfaces or of one. */
  async neighbours(options: WaitOptions & FamilyFilter = {}): Promise<Neighbour[]> {
    checkObject('options', options);
    const { family, interfaceIndex = 0 } = options;
    const index = checkInteger('interfaceIndex', interfaceIndex, 0, 0x7fffffff);
    const body = encodeNeighbourQuery(familyNumber('family', family), index);
    const all = (await this.#list('GETNEIGH', body, options)).map(decodeNeighbour);
    return index === 0 ? all : all.filter((neighbour) => neighbour.interfaceIndex === index);
  }

  /** Makes a neighbour, or changes the one of that address. */
  async replaceNeighbour(which: Which, neighbour: NeighbourFields, options?: WaitOptions): Promise<void> {
    const body = encodeNeighbour(await this.indexOf(which, options), neighbour);
    await this.#ask('NEWNEIGH', NLM_F_CREATE | NLM_F_REPLACE, body, options);
  }

  /** Takes a neighbour away. Throws NetlinkError ENOENT when there is none. */
  async deleteNeighbour(which: Which, neighbour: NeighbourFields, options?: WaitOptions): Promise<void> {
    const body = encodeNeighbour(await this.indexOf(which, options), neighbour);
    await this.#ask('DELNEIGH', 0, body, options);
  }

  /**
   * What changes from now on, on a socket of its own: when this returns, it hears. Where something was lost, `{ kind: 'overrun' }`
   * comes in its place. It ends with the loop or the signal.
   *
   * @throws ERR_INVALID_ARG_VALUE for a kind that there is not; SocketError ABORT_ERR when the signal is aborted
   */
  changes(options: ChangesOptions = {}): AsyncIterableIterator<Change> {
    checkObject('options', options);
    const kinds = options.of ?? (Object.keys(GROUPS) as ChangeKind[]);
    checkObject('of', kinds);
    const groups: number[] = [];
    for (const kind of kinds) {
      if (!Object.hasOwn(GROUPS, kind)) {
        throw wrongValue('of', `some of ${Object.keys(GROUPS).join(', ')}`, kind);
      }
      groups.push(...GROUPS[kind]);
    }
    const { netns } = this.#options;
    const socket = Netlink.open({ protocol: constants.NETLINK_ROUTE, groups, netns });
    return new Changes(socket, options.signal);
  }

  close(): void {
    this.netlink.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/** Not a generator: one that is left before its first turn never gets to its `finally`, and its socket would stay open. */
class Changes implements AsyncIterableIterator<Change> {
  readonly #socket: Netlink;
  readonly #signal: AbortSignal | undefined;
  #messages: AsyncIterableIterator<NetlinkMessage | Overrun> | undefined;

  constructor(socket: Netlink, signal: AbortSignal | undefined) {
    this.#socket = socket;
    this.#signal = signal;
  }

  async next(): Promise<IteratorResult<Change>> {
    if (this.#socket.closed) return { done: true, value: undefined };
    this.#messages ??= this.#socket.messages({ signal: this.#signal });
    try {
      for (;;) {
        const { done, value } = await this.#messages.next();
        if (done) return this.return();
        const change = 'kind' in value ? value : changeOf(value);
        if (change !== undefined) return { done: false, value: change };
      }
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Change>> {
    await this.#messages?.return?.();
    this.#socket.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function checkWhich(which: Which): Which {
  if (typeof which === 'string') return checkLinkName('link', which);
  if (typeof which !== 'number') throw wrongType('link', 'the name or the index of an interface', which);
  return checkInteger('link', which, 1, 0x7fffffff);
}
