/** A bus of UDP datagrams to a multicast group, in the form that python-can's `udp_multicast` has; on every platform. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { checkInteger, checkObject, checkString, wrongValue } from '@sockeye/addr/check';
import type { CanWaitOptions } from './bus.ts';
import { abortError, CanBusError, timeoutError } from './bus-error.ts';
import { MalformedFrameError } from './errors.ts';
import type { CanFrame } from './frame.ts';
import { checkFlag, copyOf, HubBus, type HubBusOptions } from './hub-bus.ts';
import { ext, std } from './id.ts';
import { Float, type Packed, packMap, unpack } from './msgpack.ts';

/** The groups that python-can has: of IPv6, and of IPv4. */
export const UDP_MULTICAST_GROUP = 'ff15:7079:7468:6f6e:6465:6d6f:6d63:6173';
export const UDP_MULTICAST_GROUP_4 = '239.74.163.2';
export const UDP_MULTICAST_PORT = 43113;

export interface UdpMulticastOptions extends HubBusOptions {
  /** An IPv6 or IPv4 address of multicast; {@link UDP_MULTICAST_GROUP} unless given. */
  readonly group?: string | undefined;
  /** {@link UDP_MULTICAST_PORT} unless given. */
  readonly port?: number | undefined;
  /** How many networks it goes through: 1, the own, unless given. 0 to 255. */
  readonly hops?: number | undefined;
  /** By which interface: of IPv4 an address of it, of IPv6 its zone, `::%eth0`. What the system chooses unless given. */
  readonly interface?: string | undefined;
  /** Whether it receives what it sent itself. Default false. */
  readonly receiveOwn?: boolean | undefined;
}

/**
 * A bus that every process of a network can be on. Datagrams are lost where networks lose them, and there is no arbitration.
 * What came, as each says: `own`, `tx` from this host, `rx` from another.
 */
export class UdpMulticastBus extends HubBus {
  readonly #receiver: Socket;
  readonly #sender: Socket;
  readonly #group: string;
  readonly #port: number;
  readonly #receiveOwn: boolean;
  /** Addresses of this host. */
  readonly #here: Set<string>;
  #malformed = 0;

  private constructor(
    receiver: Socket,
    sender: Socket,
    group: string,
    port: number,
    options: UdpMulticastOptions,
  ) {
    super(`udp:${group}:${port}`, { fd: true, xl: false, confirms: false }, options);
    this.#receiver = receiver;
    this.#sender = sender;
    this.#group = group;
    this.#port = port;
    this.#receiveOwn = checkFlag('receiveOwn', options.receiveOwn ?? false);
    this.#here = new Set(
      Object.values(networkInterfaces()).flatMap((addresses) =>
        (addresses ?? []).map(({ address }) => address),
      ),
    );
    receiver.on('message', this.#heard);
    for (const socket of [receiver, sender]) socket.on('error', (error) => this.failed(error));
  }

  /**
   * Joins the group.
   * @throws what dgram says: ENODEV where no interface does multicast, EADDRINUSE where somebody has the port alone.
   */
  static async open(options: UdpMulticastOptions = {}): Promise<UdpMulticastBus> {
    checkObject('options', options);
    const { group = UDP_MULTICAST_GROUP, port = UDP_MULTICAST_PORT, hops = 1, interface: by } = options;
    checkString('group', group);
    checkInteger('port', port, 1, 65535);
    checkInteger('hops', hops, 0, 255);
    if (by !== undefined) checkString('interface', by);
    const six = group.includes(':');
    if (!(six ? /^ff/i : /^2(2[4-9]|3\d)\./).test(group))
      throw wrongValue('group', 'an address of multicast', group);
    const type = six ? 'udp6' : 'udp4';
    const receiver = createSocket({ type, reuseAddr: true, ipv6Only: six });
    const sender = createSocket({ type, ipv6Only: six });
    try {
      const bus = new UdpMulticastBus(receiver, sender, group, port, options);
      receiver.bind(port);
      sender.bind(0);
      await Promise.all([once(receiver, 'listening'), once(sender, 'listening')]);
      if (by !== undefined) sender.setMulticastInterface(by);
      sender.setMulticastTTL(hops);
      sender.setMulticastLoopback(true);
      receiver.addMembership(group, by);
      return bus;
    } catch (error) {
      receiver.close();
      sender.close();
      throw error;
    }
  }

  /** Datagrams that came and were no frames. */
  get malformed(): number {
    return this.#malformed;
  }

  readonly #heard = (bytes: Uint8Array, { address, port }: RemoteInfo): void => {
    let frame: CanFrame;
    try {
      frame = decodeUdpMessage(bytes);
    } catch {
      this.#malformed += 1;
      return;
    }
    const zone = address.indexOf('%');
    const here = this.#here.has(zone < 0 ? address : address.slice(0, zone));
    const own = here && port === this.#sender.address().port;
    if (!own || this.#receiveOwn) this.arrived(frame, own ? 'own' : here ? 'tx' : 'rx');
  };

  protected override transmit(frame: CanFrame, { timeout, signal }: CanWaitOptions): Promise<void> {
    const bytes = encodeUdpMessage(frame, (performance.timeOrigin + performance.now()) / 1000);
    return new Promise((resolve, reject) => {
      const settle = (error?: Error | null): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
        if (error) reject(error);
        else resolve();
      };
      const aborted = (): void => settle(abortError(signal as AbortSignal));
      const timer = timeout ? setTimeout(() => settle(timeoutError('send')), timeout) : undefined;
      signal?.addEventListener('abort', aborted);
      this.#sender.send(bytes, this.#port, this.#group, settle);
    });
  }

  protected override async disconnect(): Promise<void> {
    await Promise.all(
      [this.#receiver, this.#sender].map(
        (socket) => new Promise<void>((resolve) => socket.close(() => resolve())),
      ),
    );
  }
}

/**
 * A frame as python-can packs it, `time` in seconds.
 * @throws CanBusError EINVAL for an XL frame, which it has no form for.
 */
export function encodeUdpMessage(frame: CanFrame, time: number): Uint8Array {
  if (frame.xl) throw new CanBusError('EINVAL', 'this form has no XL frames');
  return packMap({
    timestamp: new Float(time),
    arbitration_id: frame.id.value,
    is_extended_id: frame.id.extended,
    is_remote_frame: frame.remote,
    is_error_frame: frame.error,
    channel: null,
    dlc: frame.fd ? frame.data.length : frame.length,
    data: frame.data,
    is_fd: frame.fd,
    bitrate_switch: frame.fd && frame.bitRateSwitch,
    error_state_indicator: frame.fd && frame.errorStateIndicator,
  });
}

/** @throws MalformedFrameError, and what `encodeFrame` says of a frame that is none. */
export function decodeUdpMessage(bytes: Uint8Array): CanFrame {
  const map = unpack(bytes);
  if (map === null || typeof map !== 'object' || Array.isArray(map) || map instanceof Uint8Array) {
    throw new MalformedFrameError('message', 0, 'a map', bytes[0]);
  }
  const field = <T extends Packed>(name: string, is: (value: Packed | undefined) => value is T): T => {
    const value = map[name];
    if (!is(value)) throw new MalformedFrameError('message', 0, `a map with ${name}`, undefined);
    return value;
  };
  const flag = (name: string): boolean =>
    field(name, (value): value is boolean => typeof value === 'boolean');
  const number = (name: string): number =>
    field(name, (value): value is number => typeof value === 'number' && value >= 0);
  const id = number('arbitration_id');
  const error = flag('is_error_frame');
  const data = field('data', (value): value is Uint8Array => value instanceof Uint8Array);
  const remote = flag('is_remote_frame');
  const common = {
    id: error || flag('is_extended_id') ? ext(id) : std(id),
    error,
    data,
  };
  if (!flag('is_fd')) return copyOf({ ...common, remote, length: remote ? number('dlc') : data.length });
  return copyOf({
    ...common,
    fd: true,
    bitRateSwitch: flag('bitrate_switch'),
    errorStateIndicator: flag('error_state_indicator'),
  });
}
