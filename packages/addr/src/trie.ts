/**
 * A path-compressed binary trie (PATRICIA) whose nodes lie in one array of 32-bit words. A node is a prefix: its length and bits, its
 * parent, the nodes that go on with a 0 and with a 1, and whether it has a value. Nodes without a value are only where two paths
 * part, or where a value was deleted, until the trie is made anew. Node 0 is the root, the empty prefix, which always is
 * there; as it is nobody's child, 0 stands for no child.
 */
import { word } from './bytes.ts';

/** Words of a node. Its children are at 0 and 1, the words of its bits from BITS on; what these have behind the length is nothing. */
const STATE = 2;
const PARENT = 3;
const BITS = 4;

/** Bits that the jump table counts by, and how many nodes there are before it is worth its 256 KiB. */
const JUMP = 16;
const JUMP_FROM = 4096;

/** The address or prefix that is looked for; methods run to their end, so one is enough for all tries. */
const query: Int32Array = /* @__PURE__ */ new Int32Array(4);

export class Trie<V> {
  /** How many prefixes have a value. */
  size = 0;
  /** By node; undefined for those without. */
  values: (V | undefined)[] = [];
  readonly #words: number;
  readonly #stride: number;
  /** STATE is twice the length, and one more if there is a value. */
  #nodes: Int32Array = query;
  /** By the first 16 bits: the last node on their way that is no longer than these. Half of the way is behind a look-up then. */
  #jump: Int32Array | undefined;

  /** For addresses of `words` times 32 bits. */
  constructor(words: number) {
    this.#words = words;
    this.#stride = BITS + words;
    this.clear();
  }

  clear(): void {
    this.size = 0;
    this.values = [undefined];
    this.#nodes = new Int32Array(8 * this.#stride);
    this.#jump = undefined;
  }

  get byteLength(): number {
    return this.#nodes.byteLength + 8 * this.values.length + (this.#jump?.byteLength ?? 0);
  }

  /** The node of the longest prefix with a value that the address has, of `most` bits at most, or -1. */
  match(address: Uint8Array, most: number): number {
    let node = this.#descend(address);
    const shared = Math.min(this.#shared(node), most);
    const nodes = this.#nodes;
    const stride = this.#stride;
    // A node on the way is a prefix of the address if it is no longer than what the last one shares with it.
    for (;;) {
      const state = nodes[node * stride + STATE]!;
      if ((state & 1) !== 0 && state >>> 1 <= shared) return node;
      if (node === 0) return -1;
      node = nodes[node * stride + PARENT]!;
    }
  }

  lengthOf(node: number): number {
    return this.#word(node, STATE) >>> 1;
  }

  /** The bits of a node's prefix, and some behind it, as bytes of an address. */
  bytesOf(node: number): Uint8Array {
    return Uint8Array.from(
      { length: 4 * this.#words },
      (_, i) => this.#word(node, BITS + (i >> 2)) >>> (24 - 8 * (i & 3)),
    );
  }

  /** Calls `each` for every node that has a value, `node` and below it, by address and then length. */
  walk(each: (node: number) => void, node: number = 0): void {
    if ((this.#word(node, STATE) & 1) !== 0) each(node);
    for (const way of [0, 1]) {
      const child = this.#word(node, way);
      if (child > 0) this.walk(each, child);
    }
  }

  set(bytes: Uint8Array, length: number, value: V): void {
    let node = this.#descend(bytes);
    const shared = Math.min(this.#shared(node), length);
    let below = 0;
    while (this.lengthOf(node) > shared) {
      below = node;
      node = this.#word(node, PARENT);
    }
    if (this.lengthOf(node) < length) {
      // The new node goes below `node`: as a leaf, above what is there, or beside it below a node where the two part.
      if (below > 0 && shared < length) node = this.#insert(node, shared, below);
      node = this.#insert(node, length, shared === length ? below : 0);
    }
    const at = node * this.#stride + STATE;
    if ((this.#nodes[at]! & 1) === 0) {
      this.#nodes[at]!++;
      this.size++;
    }
    this.values[node] = value;
    if (!this.#jump && this.values.length > JUMP_FROM) {
      this.#jump = new Int32Array(1 << JUMP);
      for (let each = 0; each < this.values.length; each++) this.#jumpTo(each);
    }
  }

  delete(node: number): void {
    this.size--;
    this.#nodes[node * this.#stride + STATE]!--;
    this.values[node] = undefined;
    if (this.values.length <= 4 * this.size) return;
    // Made anew, it has fewer than two nodes for each value.
    const left: [Uint8Array, number, V][] = [];
    this.walk((each) => left.push([this.bytesOf(each), this.lengthOf(each), this.values[each] as V]));
    this.clear();
    for (const each of left) this.set(...each);
  }

  /** Makes a node of the first `length` bits of the query below `parent`, with `child` below it unless that is 0. */
  #insert(parent: number, length: number, child: number): number {
    const stride = this.#stride;
    const node = this.values.push(undefined) - 1;
    const at = node * stride;
    if (at + stride > this.#nodes.length) {
      const nodes = this.#nodes;
      this.#nodes = new Int32Array(2 * nodes.length);
      this.#nodes.set(nodes);
    }
    const nodes = this.#nodes;
    nodes[at + STATE] = length * 2;
    nodes[at + PARENT] = parent;
    nodes.set(query.subarray(0, this.#words), at + BITS);
    nodes[parent * stride + bit(query, 0, this.lengthOf(parent))] = node;
    if (child > 0) {
      nodes[at + bit(nodes, child * stride + BITS, length)] = child;
      nodes[child * stride + PARENT] = node;
    }
    this.#jumpTo(node);
    return node;
  }

  /** Enters `node` in the jump table wherever its bits lead and the entry is no longer. */
  #jumpTo(node: number): void {
    const length = this.lengthOf(node);
    const jump = this.#jump;
    if (!jump || length > JUMP) return;
    const first = (this.#word(node, BITS) >>> (32 - length)) << (JUMP - length);
    for (let i = first; i < first + 2 ** (JUMP - length); i++)
      if (this.lengthOf(jump[i]!) <= length) jump[i] = node;
  }

  /** Makes `bytes` the query. The last node on the way that its bits tell; what nodes skip is not compared. */
  #descend(bytes: Uint8Array): number {
    for (let i = 0; i < this.#words; i++) query[i] = word(bytes, 4 * i);
    const nodes = this.#nodes;
    const stride = this.#stride;
    for (let node = this.#jump?.[query[0]! >>> (32 - JUMP)] ?? 0; ; ) {
      const at = node * stride;
      // Behind the last bit there is no child.
      const child = nodes[at + bit(query, 0, nodes[at + STATE]! >>> 1)]!;
      if (child === 0) return node;
      node = child;
    }
  }

  /** How many bits the query has in common with a node's. */
  #shared(node: number): number {
    const nodes = this.#nodes;
    const words = this.#words;
    const at = node * this.#stride + BITS;
    for (let i = 0; i < words; i++) {
      const different = nodes[at + i]! ^ query[i]!;
      if (different !== 0) return 32 * i + Math.clz32(different);
    }
    return 32 * words;
  }

  #word(node: number, word: number): number {
    return this.#nodes[node * this.#stride + word]!;
  }
}

/** Bit `index`, counted from the most significant of `words[from]`. */
function bit(words: Int32Array, from: number, index: number): number {
  return (words[from + (index >> 5)]! >>> (31 - (index & 31))) & 1;
}
