import { checkObject, checkString, wrongValue } from '@sockeye/addr/check';
import { constants, type NamespaceOptions, type WaitOptions } from '@sockeye/core';
import { AttributeWriter } from './attributes.ts';
import {
  CTRL_ATTR,
  CTRL_CMD,
  decodeFamily,
  decodeGeneric,
  encodeGeneric,
  GENL_ID_CTRL,
  type GenericFamily,
  type GenericMessage,
  type GenericRequest,
} from './generic.ts';
import type { Overrun } from './listener.ts';
import { missingError } from './netlink-error.ts';
import { Netlink } from './socket.ts';

/** Generic netlink: families of the kernel's subsystems, by name. Fails as `Netlink.request` does. */
export class GenericNetlink implements Disposable, AsyncDisposable {
  /** The socket below. */
  readonly netlink: Netlink;

  private constructor(netlink: Netlink) {
    this.netlink = netlink;
  }

  /** Opens a socket of NETLINK_GENERIC. Throws as `Netlink.open`. */
  static open(options: NamespaceOptions = {}): GenericNetlink {
    checkObject('options', options);
    return new GenericNetlink(Netlink.open({ protocol: constants.NETLINK_GENERIC, netns: options.netns }));
  }

  get closed(): boolean {
    return this.netlink.closed;
  }

  /** All families that the kernel has loaded. */
  async families(options?: WaitOptions): Promise<GenericFamily[]> {
    const body = encodeGeneric({ command: CTRL_CMD.GETFAMILY });
    const request = { name: 'CTRL_CMD_GETFAMILY', type: GENL_ID_CTRL, body };
    return (await this.netlink.dump(request, options)).map((message) => decodeFamily(message.body));
  }

  /** The family of this name; the kernel loads its module where it may. Throws NetlinkError ENOENT when there is none. */
  async family(name: string, options?: WaitOptions): Promise<GenericFamily> {
    const attributes = new AttributeWriter().text(CTRL_ATTR.FAMILY_NAME, checkString('name', name)).bytes();
    const body = encodeGeneric({ command: CTRL_CMD.GETFAMILY, attributes });
    const request = { name: 'CTRL_CMD_GETFAMILY', type: GENL_ID_CTRL, body };
    const [answer] = await this.netlink.request(request, options);
    if (answer === undefined) throw missingError('CTRL_CMD_GETFAMILY', `family ${name}`);
    return decodeFamily(answer.body);
  }

  /** Asks a family to do or to tell something. */
  async request(
    family: GenericFamily,
    request: GenericRequest,
    options?: WaitOptions,
  ): Promise<GenericMessage[]> {
    const messages = await this.netlink.request(this.#asked(family, request), options);
    return messages.map(({ body }) => decodeGeneric(body, family.headerSize));
  }

  /** Asks a family for a list. */
  async dump(
    family: GenericFamily,
    request: GenericRequest,
    options?: WaitOptions,
  ): Promise<GenericMessage[]> {
    const messages = await this.netlink.dump(this.#asked(family, request), options);
    return messages.map(({ body }) => decodeGeneric(body, family.headerSize));
  }

  #asked(family: GenericFamily, request: GenericRequest): { name: string; type: number; body: Uint8Array } {
    checkObject('family', family);
    const body = encodeGeneric(request);
    return { name: `${family.name} command ${request.command}`, type: family.id, body };
  }

  /**
   * What a family tells in its multicast groups, from now on; they are joined when this returns, and left when it ends. One call at a
   * time listens to a group of a socket.
   *
   * @throws ERR_INVALID_ARG_VALUE for a group that the family has not; SocketError EPERM, ABORT_ERR
   */
  messages(
    family: GenericFamily,
    groups: readonly string[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncIterableIterator<GenericMessage | Overrun> {
    checkObject('family', family);
    checkObject('groups', groups);
    const numbers = groups.map((name) => {
      const number = family.groups.get(name);
      if (number !== undefined) return number;
      throw wrongValue('groups', `some of ${[...family.groups.keys()].join(', ') || 'none'}`, name);
    });
    for (const number of numbers) this.netlink.join(number);
    const all = this.netlink.messages(options);
    const left = (): void => {
      if (!this.closed) for (const number of numbers) this.netlink.leave(number);
    };
    const decoded: AsyncIterableIterator<GenericMessage | Overrun> = {
      async next() {
        try {
          for (;;) {
            const { done, value } = await all.next();
            if (done) return { done: true, value: undefined };
            if ('kind' in value) return { done: false, value };
            if (value.type === family.id) {
              return { done: false, value: decodeGeneric(value.body, family.headerSize) };
            }
          }
        } catch (error) {
          left();
          throw error;
        }
      },
      async return() {
        await all.return?.();
        left();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return decoded;
      },
    };
    return decoded;
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
