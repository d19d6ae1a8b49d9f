/**
 * Hosts and links for specs, of network namespaces: `const net = await Net.create()`, `net.host('a')`,
 * `net.link(a, b)`. Interfaces are made inside the namespaces, so names need be unique only there, and the machine's own
 * namespace never sees one.
 */

import { allowed } from './allowed.ts';
import { Host, Interface, kind } from './host.ts';
import { ip, ipBatch } from './ip.ts';
import { addNamespace, type Record, remove, save, startTime, sweep } from './state.ts';

export { Unavailable } from '../need/unavailable.ts';
export { ended, Host, Interface, type Ran, type RunOptions } from './host.ts';
export { sweep } from './state.ts';

export interface LinkOptions {
  /** `veth` (Ethernet) unless given; `vxcan` is CAN. */
  kind?: 'veth' | 'vxcan';
  /** The names of both ends; eth0, eth1 … or vxcan0 … as free unless given. */
  names?: readonly [string, string];
  /** Of both ends, with prefix lengths; for veth 10.<n>.0.1/24, fd00:<n>::1/64 and …2 unless given. */
  addresses?: readonly [readonly string[], readonly string[]];
  mtu?: number;
}

/** IFNAMSIZ of linux/if.h, without its NUL. */
const LONGEST = 15;

const nets = new Set<Net>();
let count = 0;

function endAll(): void {
  for (const net of nets) {
    try {
      net.end();
    } catch (error) {
      // The next process sweeps it.
      process.stderr.write(`rig: ${(error as Error).message}\n`);
    }
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function onSignal(signal: NodeJS.Signals): void {
  endAll();
  // endAll took this handler away: when nobody else has one, the signal does what it would have done.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function watch(): void {
  process.on('exit', endAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function unwatch(): void {
  process.off('exit', endAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

function check(what: string, name: string): string {
  if (/^[a-z][a-z0-9._-]*$/i.test(name) && name.length <= LONGEST) return name;
  const words = `${what} takes a letter and up to ${LONGEST - 1} letters, digits, '.', '_' or '-', got '${name}'`;
  throw Object.assign(new TypeError(words), { code: 'ERR_INVALID_ARG_VALUE' });
}

/** Hosts that see each other and nothing else. Ends with `await using`, {@link end}, the process, or a signal. */
export class Net implements AsyncDisposable {
  readonly #record: Record;
  readonly #hosts = new Map<string, Host>();
  readonly #interfaces = new Map<Host, Set<string>>();
  #links = 0;
  #ended = false;

  private constructor(id: string) {
    this.#record = { id, pid: process.pid, started: startTime(process.pid) ?? '', namespaces: [] };
  }

  /**
   * An empty net. First takes down what killed processes left.
   *
   * @throws Unavailable when this process lacks CAP_SYS_ADMIN or CAP_NET_ADMIN, or iproute2 is missing
   */
  static async create(): Promise<Net> {
    await allowed();
    sweep();
    const net = new Net(`sk${process.pid.toString(36)}-${(count++).toString(36)}`);
    if (nets.size === 0) watch();
    nets.add(net);
    return net;
  }

  /** The namespaces that there are, as ip-netns(8) knows them. */
  get namespaces(): readonly string[] {
    return this.#record.namespaces;
  }

  /** A new host. Its name is unique in the net. */
  host(name: string): Host {
    check('a host’s name', name);
    if (this.#ended) throw new Error('the net has ended');
    if (this.#hosts.has(name)) throw new Error(`the net has a host '${name}' already`);
    const namespace = `${this.#record.id}-${name}`;
    this.#record.namespaces.push(namespace);
    save(this.#record);
    addNamespace(namespace);
    const host = new Host(name, namespace);
    this.#hosts.set(name, host);
    this.#interfaces.set(host, new Set(['lo']));
    return host;
  }

  /** The next free name of an interface, or the one that was asked for. */
  #name(host: Host, prefix: string, wanted?: string): string {
    const taken = this.#interfaces.get(host);
    if (taken === undefined) throw new Error(`host '${host.name}' is of another net`);
    let n = 0;
    while (wanted === undefined && taken.has(`${prefix}${n}`)) n++;
    const name = check('an interface’s name', wanted ?? `${prefix}${n}`);
    taken.add(name);
    return name;
  }

  /**
   * Joins two hosts by a pair of interfaces, both up.
   *
   * @throws Unavailable when the kernel has no such interfaces
   */
  link(a: Host, b: Host, options: LinkOptions = {}): [Interface, Interface] {
    const { kind: type = 'veth', names = [], mtu } = options;
    const n = ++this.#links;
    const [first, second] = options.addresses ?? [[], []];
    const given = options.addresses !== undefined || type !== 'veth';
    return this.#pair(type, [a, b], names, mtu, [
      given ? first : [`10.${n}.0.1/24`, `fd00:${n}::1/64`],
      given ? second : [`10.${n}.0.2/24`, `fd00:${n}::2/64`],
    ]);
  }

  #pair(
    type: 'veth' | 'vxcan',
    [a, b]: readonly [Host, Host],
    names: readonly string[],
    mtu: number | undefined,
    addresses: readonly [readonly string[], readonly string[]],
  ): [Interface, Interface] {
    const prefix = type === 'veth' ? 'eth' : 'vxcan';
    const [one, other] = [this.#name(a, prefix, names[0]), this.#name(b, prefix, names[1])];
    const size = mtu === undefined ? '' : ` mtu ${mtu}`;
    kind(type, () =>
      ip(
        ...`link add ${one}${size} netns ${a.namespace} type ${type} peer name ${other}${size} netns ${b.namespace}`.split(
          ' ',
        ),
      ),
    );
    const ends: [Interface, Interface] = [
      new Interface(a, one, addresses[0]),
      new Interface(b, other, addresses[1]),
    ];
    for (const end of ends) {
      end.up();
      if (end.addresses.length > 0) end.host.address(end.name, ...end.addresses);
    }
    return ends;
  }

  /**
   * Joins hosts by a bridge, which stands in a host of its own; gives their ends in that order. Addresses are
   * 10.<n>.0.<i>/24 and fd00:<n>::<i>/64, counted from 1.
   *
   * @throws Unavailable when the kernel has no bridges
   */
  bridge(...hosts: readonly Host[]): Interface[] {
    const n = ++this.#links;
    const middle = this.host(`switch${n}`);
    kind('bridge', () => ipBatch(['link add br0 type bridge', 'link set br0 up'], middle.namespace));
    return hosts.map((host, i) => {
      const own = [`10.${n}.0.${i + 1}/24`, `fd00:${n}::${(i + 1).toString(16)}/64`];
      const [end, port] = this.#pair('veth', [host, middle], [], undefined, [own, []]);
      ip('-n', middle.namespace, 'link', 'set', port.name, 'master', 'br0');
      return end;
    });
  }

  /** Kills what runs in the hosts and takes them down with all they have. Twice is fine. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const host of this.#hosts.values()) host.kill();
    nets.delete(this);
    if (nets.size === 0) unwatch();
    remove(this.#record);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
  }
}
