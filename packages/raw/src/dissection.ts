import { checkBytes } from '@sockeye/addr/check';
import type { ArpView } from './arp.ts';
import type { DhcpView } from './dhcp.ts';
import type { DnsView } from './dns.ts';
import { MalformedPacketError } from './errors.ts';
import type { EspView } from './esp.ts';
import type { EthernetView } from './ethernet.ts';
import { following, isLayerKind, protocolOf, startOf } from './following.ts';
import type { GeneveView } from './geneve.ts';
import type { GreView } from './gre.ts';
import type { IcmpView } from './icmp.ts';
import type { Icmpv6View } from './icmpv6.ts';
import type { IgmpView } from './igmp.ts';
import type { Ipv4View } from './ipv4.ts';
import type { Ipv6View } from './ipv6.ts';
import { isKind, type Layer, type LayerKind, type LayerOf, layerMakers, type StopReason } from './layer.ts';
import type { LlcView } from './llc.ts';
import type { LoopbackView } from './loopback.ts';
import type { MldView } from './mld.ts';
import type { MplsView } from './mpls.ts';
import type { NdpView } from './ndp.ts';
import type { PppoeView, PppView } from './pppoe.ts';
import type { SctpView } from './sctp.ts';
import type { Sll2View, SllView } from './sll.ts';
import type { TcpView } from './tcp.ts';
import type { UdpView } from './udp.ts';
import type { VxlanView } from './vxlan.ts';

/** Headers in one packet that are walked at most. */
export const MAX_LAYERS = 32;

const NOTHING = new Uint8Array(0);

/**
 * What `dissect` found in a packet. One can be used for packet after packet: it keeps its views and lays them anew, so a
 * walk allocates nothing once it has as many as it needs, and what it found before is gone.
 */
export class Dissection {
  readonly #spare: Map<LayerKind, Layer[]> = new Map();
  readonly #layers: Layer[] = [];
  #bytes: Uint8Array = NOTHING;
  #reason: StopReason = 'complete';
  #offset = 0;
  #protocol: number | undefined;
  #error: MalformedPacketError | undefined;

  /** The packet. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** From the outermost header on. The array is used again by the next walk. */
  get layers(): readonly Layer[] {
    return this.#layers;
  }

  /** Why the walk ended. */
  get reason(): StopReason {
    return this.#reason;
  }

  /** Where in the packet the walk ended: behind the last header, or at the one that was refused. */
  get offset(): number {
    return this.#offset;
  }

  /** With `unknown`: the number by which the last header names what follows; the link type where there is no header. */
  get protocol(): number | undefined {
    return this.#protocol;
  }

  /** With `malformed` and `truncated`. */
  get error(): MalformedPacketError | undefined {
    return this.#error;
  }

  /** What is behind the last header, as far as that one's lengths go: a view, made at each call. */
  get rest(): Uint8Array {
    const last = this.#layers.at(-1);
    return this.#bytes.subarray(this.#offset, last === undefined ? this.#bytes.length : last.payloadEnd);
  }

  /** Whether some header says that the packet goes on behind the bytes that are there. */
  get truncated(): boolean {
    return this.#layers.some(({ truncated }) => truncated);
  }

  /** The outermost header of that kind; undefined where there is none. */
  layer<Kind extends LayerKind>(kind: Kind): LayerOf<Kind> | undefined {
    for (const layer of this.#layers) if (isKind(layer, kind)) return layer;
    return undefined;
  }

  get arp(): ArpView | undefined {
    return this.layer('arp');
  }

  get dhcp(): DhcpView | undefined {
    return this.layer('dhcp');
  }

  get dns(): DnsView | undefined {
    return this.layer('dns');
  }

  get esp(): EspView | undefined {
    return this.layer('esp');
  }

  get ethernet(): EthernetView | undefined {
    return this.layer('ethernet');
  }

  get geneve(): GeneveView | undefined {
    return this.layer('geneve');
  }

  get gre(): GreView | undefined {
    return this.layer('gre');
  }

  get icmp(): IcmpView | undefined {
    return this.layer('icmp');
  }

  get icmpv6(): Icmpv6View | undefined {
    return this.layer('icmpv6');
  }

  get igmp(): IgmpView | undefined {
    return this.layer('igmp');
  }

  get ipv4(): Ipv4View | undefined {
    return this.layer('ipv4');
  }

  get ipv6(): Ipv6View | undefined {
    return this.layer('ipv6');
  }

  get llc(): LlcView | undefined {
    return this.layer('llc');
  }

  get loopback(): LoopbackView | undefined {
    return this.layer('loopback');
  }

  get mld(): MldView | undefined {
    return this.layer('mld');
  }

  get mpls(): MplsView | undefined {
    return this.layer('mpls');
  }

  get ndp(): NdpView | undefined {
    return this.layer('ndp');
  }

  get ppp(): PppView | undefined {
    return this.layer('ppp');
  }

  get pppoe(): PppoeView | undefined {
    return this.layer('pppoe');
  }

  get sctp(): SctpView | undefined {
    return this.layer('sctp');
  }

  get sll(): SllView | undefined {
    return this.layer('sll');
  }

  get sll2(): Sll2View | undefined {
    return this.layer('sll2');
  }

  get tcp(): TcpView | undefined {
    return this.layer('tcp');
  }

  get udp(): UdpView | undefined {
    return this.layer('udp');
  }

  get vxlan(): VxlanView | undefined {
    return this.layer('vxlan');
  }

  /**
   * Walks the headers of `bytes`, of which the first is of this kind; for `dissect` and its like.
   * `first` may be why there is none, and `protocol` the number that named it.
   */
  walk(bytes: Uint8Array, first: LayerKind | StopReason, protocol?: number): this {
    const { length } = checkBytes('bytes', bytes);
    const layers = this.#layers;
    this.#bytes = bytes;
    this.#error = undefined;
    let next = first;
    let at = 0;
    let end = length;
    let count = 0;
    let last: Layer | undefined;
    for (;;) {
      let layer = layers[count];
      // Packets that follow each other are mostly of the same kinds: the views stay where they are.
      if (layer === undefined || layer.kind !== next) {
        if (!isLayerKind(next)) break;
        if (count === MAX_LAYERS) {
          next = 'depth';
          break;
        }
        layer = this.#put(count, next);
      }
      try {
        layer.decode(bytes, at, end);
      } catch (error) {
        if (!(error instanceof MalformedPacketError)) throw error;
        this.#error = error;
        next = 'malformed';
        break;
      }
      count += 1;
      next = following(layer, last);
      at = startOf(next, layer);
      end = layer.payloadEnd;
      last = layer;
    }
    for (let spare = count; spare < layers.length; spare++) this.#keep(layers[spare]);
    if (layers.length !== count) layers.length = count;
    this.#offset = at;
    this.#reason = isLayerKind(next) ? 'depth' : next === 'malformed' && this.truncated ? 'truncated' : next;
    this.#protocol = next === 'unknown' ? (last === undefined ? protocol : protocolOf(last)) : undefined;
    return this;
  }

  /** Puts a view of that kind into the place, and keeps the one that was there. */
  #put(index: number, kind: LayerKind): Layer {
    this.#keep(this.#layers[index]);
    const layer = this.#spare.get(kind)?.pop() ?? layerMakers[kind]();
    this.#layers[index] = layer;
    return layer;
  }

  #keep(layer: Layer | undefined): void {
    if (layer === undefined) return;
    const spare = this.#spare.get(layer.kind);
    if (spare === undefined) this.#spare.set(layer.kind, [layer]);
    else spare.push(layer);
  }
}
