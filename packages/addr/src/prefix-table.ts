/** A routing table: values under prefixes, found by the longest prefix that an address has. RFC 1812 section 5.2.4.3. */
import { type IPAddress, readIP, scratch } from './ip-address.ts';
import { type Prefix, prefix, toPrefix } from './prefix.ts';
import { Trie } from './trie.ts';

/**
 * A map from prefixes to values, IPv4 and IPv6 side by side, which neither ever matches the other's addresses.
 *
 * Two path-compressed binary tries (PATRICIA) over one typed array each: a look-up makes no objects and walks one path; n prefixes
 * are fewer than 2n nodes of 20 bytes (IPv4) or 32 (IPv6) and of 8 for the value, and 256 KiB for the first steps once there
 * are 4096. Nodes whose prefix was deleted stay until there are 4n, then all is made anew. The arrays double as they fill.
 * `byteLength` says what they come to.
 */
export class PrefixTable<V> implements Iterable<[Prefix, V]> {
  readonly #four: Trie<V> = new Trie(1);
  readonly #six: Trie<V> = new Trie(4);

  constructor(entries: Iterable<readonly [Prefix | string, V]> = []) {
    for (const [prefix, value] of entries) this.set(prefix, value);
  }

  /** How many prefixes it has. */
  get size(): number {
    return this.#four.size + this.#six.size;
  }

  /** Bytes of the arrays, without what values hold elsewhere. */
  get byteLength(): number {
    return this.#four.byteLength + this.#six.byteLength;
  }

  /** Sets the value of exactly this prefix. Throws as `prefix` does. */
  set(prefix: Prefix | string, value: V): this {
    const { bytes, length } = toPrefix('prefix', prefix);
    this.#of(bytes.length).set(bytes, length, value);
    return this;
  }

  /** The value of exactly this prefix. Throws as `prefix` does. */
  get(prefix: Prefix | string): V | undefined {
    const [trie, node] = this.#find(prefix);
    return trie.values[node];
  }

  /** Is there exactly this prefix? Throws as `prefix` does. */
  has(prefix: Prefix | string): boolean {
    return this.#find(prefix)[1] >= 0;
  }

  /** Removes exactly this prefix; was it there? Throws as `prefix` does. */
  delete(prefix: Prefix | string): boolean {
    const [trie, node] = this.#find(prefix);
    if (node >= 0) trie.delete(node);
    return node >= 0;
  }

  /** The value under the longest prefix that contains the address; makes nothing. A zone is passed over. Throws as `parseIP`. */
  lookup(address: IPAddress): V | undefined {
    const trie = this.#of(readIP('address', address, scratch));
    return trie.values[trie.match(scratch, 128)];
  }

  /** The longest prefix that contains the address, and its value. A zone is passed over. Throws as `parseIP`. */
  match(address: IPAddress): [Prefix, V] | undefined {
    const trie = this.#of(readIP('address', address, scratch));
    const node = trie.match(scratch, 128);
    return node < 0 ? undefined : entryOf(trie, node);
  }

  /** Removes everything, and gives the memory back. */
  clear(): void {
    this.#four.clear();
    this.#six.clear();
  }

  /** All prefixes with their values, in the order of `Prefix.compare`, as they are when the iteration begins: the table may change meanwhile. */
  *entries(): IterableIterator<[Prefix, V]> {
    const all: [Prefix, V][] = [];
    for (const trie of [this.#four, this.#six]) trie.walk((node) => all.push(entryOf(trie, node)));
    yield* all;
  }

  [Symbol.iterator](): IterableIterator<[Prefix, V]> {
    return this.entries();
  }

  #of(size: number): Trie<V> {
    return size === 4 ? this.#four : this.#six;
  }

  /** The trie that has or would have the prefix, and its node there, or -1. */
  #find(prefix: Prefix | string): [Trie<V>, number] {
    const { bytes, length } = toPrefix('prefix', prefix);
    const trie = this.#of(bytes.length);
    const node = trie.match(bytes, length);
    return [trie, node >= 0 && trie.lengthOf(node) === length ? node : -1];
  }
}

function entryOf<V>(trie: Trie<V>, node: number): [Prefix, V] {
  return [prefix(trie.bytesOf(node), trie.lengthOf(node), { clear: true }), trie.values[node] as V];
}
