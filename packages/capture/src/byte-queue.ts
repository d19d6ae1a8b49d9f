const NOTHING = new Uint8Array(0);

/**
 * Bytes that come in chunks and go in records. A record that lies in one chunk is a view of it; one that does not is
 * copied, once.
 */
export class ByteQueue {
  #first: Uint8Array = NOTHING;
  #at = 0;
  readonly #rest: Uint8Array[] = [];
  #length = 0;
  #offset = 0;

  /** Bytes that are waiting. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that have gone. */
  get offset(): number {
    return this.#offset;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.#length === 0) {
      this.#first = chunk;
      this.#at = 0;
    } else this.#rest.push(chunk);
    this.#length += chunk.length;
  }

  /** The next `count` bytes, which stay; undefined where there are not so many yet. */
  peek(count: number): Uint8Array | undefined {
    if (this.#length < count) return undefined;
    if (this.#first.length - this.#at < count) this.#join(count);
    return this.#first.subarray(this.#at, this.#at + count);
  }

  /** Lets `count` bytes go, which a `peek` has shown. */
  skip(count: number): void {
    this.#at += count;
    this.#length -= count;
    this.#offset += count;
    if (this.#at < this.#first.length) return;
    this.#first = this.#rest.shift() ?? NOTHING;
    this.#at = 0;
  }

  /** Makes one chunk of the first ones, as many as have `count` bytes. */
  #join(count: number): void {
    let parts = 0;
    let length = this.#first.length - this.#at;
    while (length < count) length += this.#rest[parts++]?.length ?? 0;
    const joined = new Uint8Array(length);
    joined.set(this.#first.subarray(this.#at));
    let at = this.#first.length - this.#at;
    for (const part of this.#rest.splice(0, parts)) {
      joined.set(part, at);
      at += part.length;
    }
    this.#first = joined;
    this.#at = 0;
  }
}
