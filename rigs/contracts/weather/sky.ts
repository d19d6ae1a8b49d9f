/** Two hosts and the links between them, on which the weather is made: network namespaces, so that nobody else is rained on. */
import { Net } from '../../netns/index.ts';
import { Shell } from './shell.ts';

/** What a link is made of: Ethernet, or CAN. */
export type Cable = 'veth' | 'vxcan';

/** What frames suffer that leave an interface; tc-netem(8). */
export interface Impairment {
  /** Milliseconds. */
  readonly delay?: number;
  /** Milliseconds more or less. */
  readonly jitter?: number;
  /** Percent. */
  readonly loss?: number;
  /** Percent. */
  readonly duplicate?: number;
  /** Percent, sent at once while the others are delayed. */
  readonly reorder?: number;
  /** Frames that the queue holds; 1,000 unless given. */
  readonly limit?: number;
}

/** One end of a link. */
export interface LinkEnd {
  /** As ip-netns(8) knows it. */
  readonly namespace: string;
  /** The interface's name, and its number there. */
  readonly name: string;
  readonly index: number;
  /** Of Ethernet only. */
  readonly v4: string;
  readonly v6: string;
}

const netem = ({ delay = 0, jitter, loss, duplicate, reorder, limit }: Impairment): string =>
  [
    `delay ${delay}ms`,
    jitter === undefined ? '' : `${jitter}ms`,
    loss === undefined ? '' : `loss ${loss}%`,
    duplicate === undefined ? '' : `duplicate ${duplicate}%`,
    reorder === undefined ? '' : `reorder ${reorder}%`,
    limit === undefined ? '' : `limit ${limit}`,
  ].join(' ');

/**
 * A script that ends when an interface carries something: it is up at once, but its queue is there only when the kernel's
 * workqueue has looked at the cable (net/core/link_watch.c), and drops all until then.
 */
const carries = ({ namespace, name }: Pick<LinkEnd, 'namespace' | 'name'>): string =>
  `n=0; until ip -n ${namespace} link show dev ${name} | grep -Eq 'state (UP|UNKNOWN)'; do
     n=$((n + 1)); [ $n -lt 500 ] || { echo '${name} stays down'; exit 1; }; sleep 0.01; done`;

/** A link, and what can befall it. */
export class Link {
  readonly one: LinkEnd;
  readonly other: LinkEnd;
  readonly #shell: Shell;
  readonly #impaired = new Set<LinkEnd>();

  constructor(shell: Shell, one: LinkEnd, other: LinkEnd) {
    this.#shell = shell;
    this.one = one;
    this.other = other;
  }

  /** What these ends send suffers this from now on: both, unless given. */
  async impair(what: Impairment, ends: readonly LinkEnd[] = [this.one, this.other]): Promise<void> {
    for (const end of ends) this.#impaired.add(end);
    const each = ends.map(
      ({ namespace, name }) => `tc -n ${namespace} qdisc replace dev ${name} root netem ${netem(what)}`,
    );
    await this.#shell.run(each.join('\n'));
  }

  /** Good weather again. What still stood in a queue is lost. */
  async mend(): Promise<void> {
    const each = [...this.#impaired].map(
      ({ namespace, name }) => `tc -n ${namespace} qdisc delete dev ${name} root`,
    );
    this.#impaired.clear();
    await this.#shell.run(each.join('\n'));
  }

  /** Takes the other end down, which the first sees as a cable without a carrier. */
  async down(): Promise<void> {
    await this.#shell.run(`ip -n ${this.other.namespace} link set ${this.other.name} down`);
  }

  async up(): Promise<void> {
    const { namespace, name } = this.other;
    await this.#shell.run(
      [`ip -n ${namespace} link set ${name} up`, ...[this.one, this.other].map(carries)].join('\n'),
    );
  }

  /** Takes both interfaces away: one does not outlive the other. */
  async remove(): Promise<void> {
    await this.#shell.run(`ip -n ${this.other.namespace} link delete ${this.other.name}`);
  }
}

/** The hosts and their lasting links. */
export class Sky {
  readonly #net: Net;
  readonly #shell = new Shell();
  readonly #namespaces: readonly [string, string];
  readonly #links = new Map<Cable, Promise<Link>>();
  #count = 0;

  private constructor(net: Net) {
    this.#net = net;
    this.#namespaces = [net.host('one').namespace, net.host('other').namespace];
  }

  /** @throws Unavailable where no namespaces can be made */
  static async make(): Promise<Sky> {
    const sky = new Sky(await Net.create());
    // An address of IPv6 outlives its interface's going down, as one of IPv4 does.
    for (const namespace of sky.#namespaces)
      await sky.run(namespace, "sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/keep_addr_on_down'");
    return sky;
  }

  /** Runs a command in a host, and gives what it printed. */
  run(namespace: string, command: string): Promise<string> {
    return this.#shell.run(`ip netns exec ${namespace} ${command}`);
  }

  /** The lasting link of this kind, in good weather. */
  link(cable: Cable): Promise<Link> {
    const link = this.#links.get(cable) ?? this.spare(cable);
    this.#links.set(cable, link);
    return link;
  }

  /** A link of one's own, to be removed. */
  async spare(cable: Cable): Promise<Link> {
    this.#count += 1;
    const n = this.#count;
    const name = `${cable === 'veth' ? 'eth' : 'bus'}${n}`;
    const [one, other] = this.#namespaces;
    const ends = [one, other].map((namespace, at) => ({
      namespace,
      name,
      v4: cable === 'veth' ? `10.83.${n}.${at + 1}` : '',
      v6: cable === 'veth' ? `fd00:53:${n.toString(16)}::${at + 1}` : '',
    }));
    const lines = [`ip link add ${name} netns ${one} type ${cable} peer name ${name} netns ${other}`];
    for (const { namespace, v4, v6 } of ends) {
      const batch = [`link set ${name} up`];
      if (cable === 'veth') {
        batch.push(`address add ${v4}/24 dev ${name}`, `address add ${v6}/64 dev ${name} nodad`);
        // A packet a segment: otherwise one loss takes 64 kB, and one in ten of few packets is none.
        batch.push(`link set ${name} gso_max_segs 1`);
      }
      lines.push(`printf '${batch.join('\\n')}\\n' | ip -n ${namespace} -batch -`);
      lines.push(`ip -n ${namespace} -o link show dev ${name}`);
    }
    lines.push(...ends.map(carries));
    const said = await this.#shell.run(lines.join('\n'));
    const indices = said.trimEnd().split('\n').map(Number.parseFloat);
    const [first, second] = ends.map((end, at) => ({ ...end, index: indices[at] ?? 0 }));
    if (first === undefined || second === undefined) throw new Error('a link has two ends');
    return new Link(this.#shell, first, second);
  }

  end(): void {
    this.#shell.end();
    this.#net.end();
  }
}

let sky: Promise<Sky> | undefined;

/** The sky that all contracts of a process share, made when it is first asked for. */
export function theSky(): Promise<Sky> {
  sky ??= Sky.make();
  return sky;
}

/** Takes it down. */
export async function endSky(): Promise<void> {
  const made = sky;
  sky = undefined;
  (await made?.catch(() => undefined))?.end();
}
