/**
 * A path-compressed binary trie (PATRICIA) whose nodes lie in one array of 32-bit words. A node is a prefix: its length and bits,
 * its parent, the nodes that go on with a 0 and with a 1, and whether it has a value. Nodes without a value are only where
 * two paths part, so n values need fewer than 2n nodes. Node 0 is the root, the empty prefix, which always is there; as it is
 * nobody's child, 0 stands for no child.
 */
import { word } from './bytes.ts';

/** Words of a node. Its children are at 0 and 1, the words of its bits from BITS on. */
const STATE = 2;
const PARENT = 3;
const BITS = 4;

/** STATE is twice the length, and one more if there is a value. */
const VALUE = 1;

/** Bits that the jump table counts by, and how many nodes there are before it is worth its 256 KiB. */
const JUMP = 16;
const JUMP_FROM = 4096;

/** The address or prefix that is looked for; methods run to their end, so one is enough for all tries. */
const query: Int32Array = /* @__PURE__ */ new Int32Array(4);

export class Trie<V> {
  /** How many prefixes have a value. */
  size = 0;
  readonly #keyWords: number;
  readonly #stride: number;
  #nodes: Int32Array;
  /** By node; undefined for those without. */
  #values: (V | undefined)[] = [undefined];
  /** The first of the freed nodes, which are linked by their word 0; 0 for none. */
  #free = 0;
  /** By the first 16 bits: the last node on their way that is no longer than these. Half of the way is behind a look-up then. */
  #jump: Int32Array | undefined;

  /** For addresses of `keyWords` times 32 bits. */
  constructor(keyWords: number) {
    this.#keyWords = keyWords;
    this.#stride = BITS + keyWords;
    this.#nodes = new Int32Array(8 * this.#stride);
  }

  get byteLength(): number {
    return this.#nodes.byteLength + 8 * this.#values.length + (this.#jump?.byteLength ?? 0);
  }

  /** The node of the longest prefix with a value that the address has, or -1. */
  match(address: Uint8Array): number {
    this.#load(address);
    let node = this.#descend();
    const shared = this.#shared(node);
    const nodes = this.#nodes;
    const stride = this.#stride;
    // A node on the way is a prefix of the address if it is no longer than what the last one shares with it.
    for (;;) {
      const state = nodes[node * stride + STATE]!;
      if ((state & VALUE) !== 0 && state >>> 1 <= shared) return node;
      if (node === 0) return -1;
      node = nodes[node * stride + PARENT]!;
    }
  }

  /** The node of exactly this prefix, if it has a value, or -1. Bits behind the prefix must be 0. */
  find(bytes: Uint8Array, length: number): number {
    this.#load(bytes);
    let node = this.#descend();
    const shared = this.#shared(node);
    while (this.lengthOf(node) > length) node = this.#word(node, PARENT);
    return shared >= length && this.#word(node, STATE) === length * 2 + VALUE ? node : -1;
  }

  /** The value of a node; undefined for -1. */
  valueOf(node: number): V | undefined {
    return this.#values[node];
  }

  lengthOf(node: number): number {
    return this.#word(node, STATE) >>> 1;
  }

  /** The bits of a node's prefix, as bytes of an address. */
  bytesOf(node: number): Uint8Array {
    const bytes = new Uint8Array(4 * this.#keyWords);
    for (let i = 0; i < bytes.length; i++)
      bytes[i] = this.#word(node, BITS + (i >> 2)) >>> (24 - 8 * (i & 3));
    return bytes;
  }

  /** The node with a value that comes after `node` (-1: the first) by address and then length; -1 at the end. */
  next(node: number): number {
    let at = node;
    do {
      at = at < 0 ? 0 : this.#after(at);
    } while (at >= 0 && (this.#word(at, STATE) & VALUE) === 0);
    return at;
  }

  set(bytes: Uint8Array, length: number, value: V): void {
    this.#load(bytes);
    let node = this.#descend();
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
    if ((this.#nodes[at]! & VALUE) === 0) {
      this.#nodes[at]! |= VALUE;
      this.size++;
    }
    this.#values[node] = value;
    if (this.#jump === undefined && this.#values.length > JUMP_FROM) {
      this.#jump = new Int32Array(1 << JUMP);
      for (let each = 0; each >= 0; each = this.#after(each)) this.#jumpTo(each, each);
    }
  }

  delete(bytes: Uint8Array, length: number): boolean {
    let node = this.find(bytes, length);
    if (node < 0) return false;
    this.size--;
    this.#nodes[node * this.#stride + STATE]! &= ~VALUE;
    this.#values[node] = undefined;
    // A node without a value stays where two paths part. Its parent may have been there for its sake only.
    while (node > 0 && (this.#word(node, STATE) & VALUE) === 0) {
      if (this.#word(node, 0) > 0 && this.#word(node, 1) > 0) break;
      const only = this.#word(node, 0) || this.#word(node, 1);
      const parent = this.#word(node, PARENT);
      this.#put(parent, this.#word(parent, 0) === node ? 0 : 1, only);
      if (only > 0) this.#put(only, PARENT, parent);
      this.#jumpTo(parent, node);
      this.#put(node, 0, this.#free);
      this.#free = node;
      if (only > 0) break;
      node = parent;
    }
    return true;
  }

  /** Makes a node of the first `length` bits of the query below `parent`, with `child` below it unless that is 0. */
  #insert(parent: number, length: number, child: number): number {
    const node = this.#allocate();
    const nodes = this.#nodes;
    const at = node * this.#stride;
    nodes.fill(0, at, at + BITS);
    nodes[at + STATE] = length * 2;
    nodes[at + PARENT] = parent;
    for (let i = 0; i < this.#keyWords; i++) {
      const kept = Math.min(32, Math.max(0, length - 32 * i));
      nodes[at + BITS + i] = kept === 0 ? 0 : query[i]! & (-1 << (32 - kept));
    }
    this.#put(parent, bit(query, 0, this.lengthOf(parent)), node);
    if (child > 0) {
      nodes[at + bit(nodes, child * this.#stride + BITS, length)] = child;
      this.#put(child, PARENT, node);
    }
    this.#jumpTo(node, node);
    return node;
  }

  /**
   * Enters `node` in the jump table wherever the bits of `of` lead and the entry is no longer than `of`: itself, if it is new, or its
   * parent, if it is about to go and all that is below it has gone or is longer.
   */
  #jumpTo(node: number, of: number): void {
    const length = this.lengthOf(of);
    const jump = this.#jump;
    if (jump === undefined || length > JUMP) return;
    const first = this.#word(of, BITS) >>> (32 - JUMP);
    for (let i = first; i < first + 2 ** (JUMP - length); i++)
      if (this.lengthOf(jump[i]!) <= length) jump[i] = node;
  }

  #allocate(): number {
    const freed = this.#free;
    if (freed > 0) {
      this.#free = this.#word(freed, 0);
      return freed;
    }
    const node = this.#values.push(undefined) - 1;
    if ((node + 1) * this.#stride > this.#nodes.length) {
      const grown = new Int32Array(2 * this.#nodes.length);
      grown.set(this.#nodes);
      this.#nodes = grown;
    }
    return node;
  }

  /** The next node of the walk that has a node before what is below it, 0 before 1. */
  #after(node: number): number {
    const down = this.#word(node, 0) || this.#word(node, 1);
    if (down > 0) return down;
    for (let at = node; at > 0; ) {
      const parent = this.#word(at, PARENT);
      const other = this.#word(parent, 1);
      if (other > 0 && other !== at) return other;
      at = parent;
    }
    return -1;
  }

  /** The last node on the way that the query's bits tell; what nodes skip is not compared. */
  #descend(): number {
    const nodes = this.#nodes;
    const stride = this.#stride;
    const bits = 32 * this.#keyWords;
    for (let node = this.#jump?.[query[0]! >>> (32 - JUMP)] ?? 0; ; ) {
      const at = node * stride;
      const length = nodes[at + STATE]! >>> 1;
      if (length === bits) return node;
      const child = nodes[at + bit(query, 0, length)]!;
      if (child === 0) return node;
      node = child;
    }
  }

  /** How many bits the query has in common with a node's. */
  #shared(node: number): number {
    const at = node * this.#stride + BITS;
    for (let i = 0; i < this.#keyWords; i++) {
      const different = this.#nodes[at + i]! ^ query[i]!;
      if (different !== 0) return 32 * i + Math.clz32(different);
    }
    return 32 * this.#keyWords;
  }

  #load(bytes: Uint8Array): void {
    for (let i = 0; i < this.#keyWords; i++) {
      query[i] = word(bytes, 4 * i);
    }
  }

  #word(node: number, word: number): number {
    return this.#nodes[node * this.#stride + word]!;
  }

  #put(node: number, word: number, value: number): void {
    this.#nodes[node * this.#stride + word] = value;
  }
}

/** Bit `index`, counted from the most significant of `words[from]`. */
function bit(words: Int32Array, from: number, index: number): number {
  return (words[from + (index >> 5)]! >>> (31 - (index & 31))) & 1;
}
