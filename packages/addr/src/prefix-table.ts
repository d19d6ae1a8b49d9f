/** A routing table: values under prefixes, found by the longest prefix that an address has. RFC 1812 section 5.2.4.3. */
import { type IPAddress, readIP } from './ip-address.ts';
import { Prefix, toPrefix } from './prefix.ts';
import { Trie } from './trie.ts';

const key: Uint8Array = /* @__PURE__ */ new Uint8Array(16);

/**
 * A map from prefixes to values, IPv4 and IPv6 side by side, which neither ever matches the other's addresses.
 *
 * Two path-compressed binary tries (PATRICIA) over one typed array each: a look-up makes no objects and walks one path; n prefixes
 * are fewer than 2n nodes of 20 bytes (IPv4) or 32 (IPv6) and of 8 for the value, and 256 KiB for the first steps once there
 * are 4096. The arrays double as they fill and do not shrink; `clear` drops them. `byteLength` says what they come to.
 */
export class PrefixTable<V> implements Iterable<[Prefix, V]> {
  #four: Trie<V> = new Trie(1);
  #six: Trie<V> = new Trie(4);

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
    const { bytes, length } = toPrefix('prefix', prefix);
    const trie = this.#of(bytes.length);
    return trie.valueOf(trie.find(bytes, length));
  }

  /** Is there exactly this prefix? Throws as `prefix` does. */
  has(prefix: Prefix | string): boolean {
    const { bytes, length } = toPrefix('prefix', prefix);
    return this.#of(bytes.length).find(bytes, length) >= 0;
  }

  /** Removes exactly this prefix; was it there? Throws as `prefix` does. */
  delete(prefix: Prefix | string): boolean {
    const { bytes, length } = toPrefix('prefix', prefix);
    return this.#of(bytes.length).delete(bytes, length);
  }

  /** The value under the longest prefix that contains the address; makes nothing. A zone is passed over. Throws as `parseIP`. */
  lookup(address: IPAddress): V | undefined {
    const trie = this.#of(readIP('address', address, key));
    return trie.valueOf(trie.match(key));
  }

  /** The longest prefix that contains the address, and its value. A zone is passed over. Throws as `parseIP`. */
  match(address: IPAddress): [Prefix, V] | undefined {
    const trie = this.#of(readIP('address', address, key));
    const node = trie.match(key);
    return node >= 0 ? [prefixAt(trie, node), trie.valueOf(node) as V] : undefined;
  }

  /** Removes everything, and gives the memory back. */
  clear(): void {
    this.#four = new Trie(1);
    this.#six = new Trie(4);
  }

  /** All prefixes with their values, in the order of `Prefix.compare`, as they are when the iteration begins: the table may change meanwhile. */
  *entries(): IterableIterator<[Prefix, V]> {
    const all: [Prefix, V][] = [];
    for (const trie of [this.#four, this.#six]) {
      for (let node = trie.next(-1); node >= 0; node = trie.next(node)) {
        all.push([prefixAt(trie, node), trie.valueOf(node) as V]);
      }
    }
    yield* all;
  }

  [Symbol.iterator](): IterableIterator<[Prefix, V]> {
    return this.entries();
  }

  #of(size: number): Trie<V> {
    return size === 4 ? this.#four : this.#six;
  }
}

function prefixAt<V>(trie: Trie<V>, node: number): Prefix {
  return new Prefix(trie.bytesOf(node), trie.lengthOf(node));
}
