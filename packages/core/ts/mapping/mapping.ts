/** Memory that a socket and this process share: mmap(2). */
import { BAD_ARGUMENT, native } from '../binding.ts';
import { checkBytes, checkInteger, wrongType, wrongValue } from '../check.ts';
import { errnos } from '../constants.ts';
import { handleOf } from '../endpoint.ts';
import { systemError } from '../errors.ts';
import type { Socket } from '../socket.ts';

const out: Int32Array = new Int32Array(2);
const U32 = 0xffffffff;

/** Index and generation of a mapping in its environment. */
interface Place {
  readonly index: number;
  readonly generation: number;
}

const dropped: FinalizationRegistry<Place> = new FinalizationRegistry(({ index, generation }) => {
  native.munmap(index, generation);
});

/**
 * The memory of a socket that has some (a ring of a packet socket, of XDP's), mapped to be read and written: mmap(2). The kernel
 * keeps the socket as long as its memory is mapped, also when its descriptor is closed.
 *
 * Words of 32 bits, in the machine's byte order, say whose a part of the memory is. They are read with acquire and set with release, so
 * that what stands beside them is whole: no other access of JavaScript's is ordered against the kernel's.
 *
 * The memory is unmapped when nobody can look into it any more: after {@link close} and when the views of {@link buffer} are
 * gone. One that is dropped is unmapped when it is collected. Children of the process do not get it.
 */
export class Mapping implements Disposable {
  /** In bytes. */
  readonly length: number;
  #place: Place;
  #closed = false;
  #gone = false;

  /**
   * Maps the first `length` bytes of a socket's memory; most sockets that have some want it whole.
   * @throws SocketError ENODEV for a socket that has none, EINVAL for a length that it does not take, EBADF, ENOTSUP on Windows;
   * ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
   */
  constructor(socket: Socket, length: number) {
    if (typeof (socket as Partial<Socket> | null | undefined)?.tryWait !== 'function') {
      throw wrongType('socket', 'a Socket', socket);
    }
    checkInteger('length', length, 1, Number.MAX_SAFE_INTEGER);
    const handle = handleOf(socket);
    handle.done(native.mmap(handle.slot, handle.generation, length, out), 'mmap');
    this.length = length;
    const [index = 0, generation = 0] = out;
    this.#place = { index, generation };
    dropped.register(this, this.#place, this);
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * The memory itself; undefined where the runtime allows no ArrayBuffer over memory that is not its own (Electron), and
   * {@link read} and {@link write} are the way. The same one at each call. It is detached by {@link close}; it cannot be transferred.
   * @throws SocketError EBADF when the mapping is closed
   */
  buffer(): ArrayBuffer | undefined {
    const { index, generation } = this.#place;
    const made = native.mappingBuffer(index, generation);
    if (typeof made !== 'number') return made;
    if (made === -errnos.ENOTSUP) return undefined;
    throw systemError(made, 'mmap', 'this Mapping is closed');
  }

  /**
   * How many words in a row, of `count` that begin at `offset` and lie `stride` bytes apart, have `value` in the bits of `mask`;
   * read with acquire: what the kernel wrote before it set them can be read.
   * @throws ERR_OUT_OF_RANGE when they do not all lie in the memory, or are none, ERR_INVALID_ARG_VALUE when not at multiples of 4; SocketError EBADF when the mapping is closed
   */
  match(offset: number, stride: number, count: number, mask: number, value: number): number {
    const { index, generation } = this.#place;
    const matched = native.mappingMatch(index, generation, offset, stride, count, mask, value);
    return matched < 0 ? this.#refuse(matched, offset, stride, count, mask, value) : matched;
  }

  /**
   * Sets words, as {@link match} has them, with release: the kernel that sees them sees all that was written before.
   * @throws as {@link match}
   */
  store(offset: number, stride: number, count: number, value: number): void {
    const { index, generation } = this.#place;
    const result = native.mappingStore(index, generation, offset, stride, count, value);
    if (result < 0) this.#refuse(result, offset, stride, count, value);
  }

  /**
   * Copies what lies at `offset` into `into`, all of it.
   * @throws ERR_OUT_OF_RANGE when that is not all in the memory, ERR_INVALID_ARG_TYPE; SocketError EBADF when the mapping is closed
   */
  read(offset: number, into: Uint8Array): void {
    const { index, generation } = this.#place;
    const result = native.mappingRead(index, generation, offset, into);
    if (result < 0) this.#outside(result, offset, 'into', into);
  }

  /** Copies all of `from` to `offset`. @throws as {@link read} */
  write(offset: number, from: Uint8Array): void {
    const { index, generation } = this.#place;
    const result = native.mappingWrite(index, generation, offset, from);
    if (result < 0) this.#outside(result, offset, 'from', from);
  }

  /**
   * Ends the mapping: views of {@link buffer} are empty from now on. Whether the memory is unmapped already: the runtime may
   * give it back a turn of the event loop later, or hold it until it is collected. May be called again to ask.
   */
  close(): boolean {
    if (this.#gone) return true;
    const { index, generation } = this.#place;
    if (!this.#closed) dropped.unregister(this);
    this.#closed = true;
    const left = native.munmap(index, generation);
    // Another mapping may have its place by now, with another generation.
    this.#gone = left <= 0;
    return this.#gone;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Names the argument that the native part refused. */
  #refuse(result: number, offset: number, stride: number, count: number, ...words: number[]): never {
    if (result !== BAD_ARGUMENT) throw systemError(result, 'mmap', 'this Mapping is closed');
    checkWord('offset', offset, this.length - 4);
    checkWord('stride', stride, this.length);
    const most = stride === 0 ? U32 : Math.floor((this.length - 4 - offset) / stride) + 1;
    checkInteger('count', count, 1, most);
    for (const word of words) checkInteger('value', word, -0x80000000, U32);
    throw wrongValue('count', 'a number of words in the memory', count);
  }

  #outside(result: number, offset: number, name: string, bytes: Uint8Array): never {
    if (result !== BAD_ARGUMENT) throw systemError(result, 'mmap', 'this Mapping is closed');
    checkBytes(name, bytes);
    checkInteger('offset', offset, 0, Math.max(0, this.length - bytes.byteLength));
    throw wrongValue(name, `no longer than the memory, ${this.length} bytes`, bytes);
  }
}

/** A place of words of 32 bits. */
function checkWord(argument: string, value: number, most: number): void {
  checkInteger(argument, value, 0, most);
  if (value % 4 !== 0) throw wrongValue(argument, 'a multiple of 4', value);
}
