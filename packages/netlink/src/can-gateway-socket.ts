import { checkObject } from '@sockeye/addr/check';
import { constants, type NamespaceOptions, type WaitOptions } from '@sockeye/core';
import {
  decodeGatewayRule,
  encodeGatewayQuery,
  encodeGatewayRule,
  type GatewayRule,
  type GatewayRuleFields,
} from './can-gateway.ts';
import { noGateway } from './netlink-error.ts';
import { AF, RTM } from './numbers.ts';
import { Netlink } from './socket.ts';

/**
 * The kernel's gateway between CAN interfaces (can-gw), what cangw(1) sets. Rules stay when the socket is closed. Changing takes
 * CAP_NET_ADMIN. Fails as
 * `Netlink.request` does.
 */
export class CanGateway implements Disposable, AsyncDisposable {
  /** The socket below. */
  readonly netlink: Netlink;

  private constructor(netlink: Netlink) {
    this.netlink = netlink;
  }

  /** Opens a socket of NETLINK_ROUTE. Throws as `Netlink.open`. */
  static open(options: NamespaceOptions = {}): CanGateway {
    checkObject('options', options);
    // The kernel looks for more than a `struct rtcanmsg` in a dump that is checked strictly.
    const { netns } = options;
    return new CanGateway(Netlink.open({ protocol: constants.NETLINK_ROUTE, netns, strict: false }));
  }

  get closed(): boolean {
    return this.netlink.closed;
  }

  /** All rules, the newest first. Throws SocketError EOPNOTSUPP where the module is not loaded; a namespace without routes has none then. */
  async rules(options?: WaitOptions): Promise<GatewayRule[]> {
    const request = { name: 'RTM_GETROUTE', type: RTM.GETROUTE, body: encodeGatewayQuery() };
    const messages = await this.netlink.dump(request, options);
    // Without can-gw the kernel takes the question for one about all routes, and answers that.
    if (messages.some(({ body }) => body[0] !== AF.CAN)) throw noGateway(request.name);
    return messages.map(({ body }) => decodeGatewayRule(body));
  }

  /** Makes a rule. Throws NetlinkError ENODEV for interfaces that are not there or not CAN, EINVAL. */
  async add(rule: GatewayRuleFields, options?: WaitOptions): Promise<void> {
    const body = encodeGatewayRule(rule);
    await this.netlink.request({ name: 'RTM_NEWROUTE', type: RTM.NEWROUTE, body }, options);
  }

  /** Takes the rule away that is the same in all. Throws NetlinkError EINVAL when there is none. */
  async delete(rule: GatewayRuleFields, options?: WaitOptions): Promise<void> {
    const body = encodeGatewayRule(rule);
    await this.netlink.request({ name: 'RTM_DELROUTE', type: RTM.DELROUTE, body }, options);
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
