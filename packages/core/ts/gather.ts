import { checkBuffers, wrongValue } from './check.ts';

/** The most buffers that one call takes: IOV_MAX, writev(2). */
const MOST_BUFFERS = 1024;

/** Buffers on their way out as one run of bytes: what of them the kernel has not taken yet. */
export class Gather {
  /** Bytes that the kernel has taken. */
  sent = 0;
  readonly #buffers: readonly Uint8Array[];
  readonly #lengths: readonly number[];
  #index = 0;
  /** Bytes of the first remaining buffer that the kernel has taken. */
  #offset = 0;

  constructor(buffers: readonly Uint8Array[]) {
    checkBuffers('data', buffers);
    this.#buffers = [...buffers];
    this.#lengths = this.#buffers.map(({ byteLength }) => byteLength);
  }

  get done(): boolean {
    return this.#index >= this.#buffers.length;
  }

  /** The next bytes, for one call. */
  rest(): Uint8Array[] {
    const rest = this.#buffers.slice(this.#index, this.#index + MOST_BUFFERS);
    rest.forEach((buffer, index) => {
      // What was promised is sent, or it is said that it cannot be.
      if (buffer.byteLength === this.#lengths[this.#index + index]) return;
      throw wrongValue(`data[${this.#index + index}]`, 'left alone until it is sent', buffer);
    });
    if (this.#offset > 0) rest[0] = (rest[0] as Uint8Array).subarray(this.#offset);
    return rest;
  }

  /** The kernel has taken so many bytes of {@link rest}. */
  took(count: number): void {
    this.sent += count;
    this.#offset += count;
    // Buffers without bytes are through as soon as those before them are.
    while (!this.done && this.#offset >= (this.#lengths[this.#index] as number)) {
      this.#offset -= this.#lengths[this.#index] as number;
      this.#index += 1;
    }
  }
}
