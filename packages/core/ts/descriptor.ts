import { native } from './binding.ts';
import { droppedDescriptors, place } from './dropped.ts';
import { systemError } from './errors.ts';

/** A slot that nothing has: what a closed one is given, so that the native part answers EBADF. */
const NOWHERE = 0x3fffffff;

/** Under this name every copy of this module (CommonJS and ES modules have one each) knows the others' descriptors. */
const DESCRIPTOR: unique symbol = Symbol.for('@sockeye/core: Descriptor');

const out: Int32Array = new Int32Array(4);

/**
 * A descriptor of any kind (a socket, a file, a pipe, a process) that this process owns: one that came with a message,
 * unix(7) SCM_RIGHTS, or an end of a pipe. It is close-on-exec. Whoever wants to keep it takes it: as a socket by
 * `Socket.fromFd(descriptor)`, as a number by {@link detach}. One that is dropped is closed, with a warning.
 */
export class Descriptor {
  #slot: number;
  #generation: number;
  #fd: number;

  /** Not for callers: messages and {@link Descriptor.pipe} make them. */
  constructor(slot: number, generation: number) {
    this.#slot = slot;
    this.#generation = generation;
    this.#fd = native.fd(slot, generation);
    if (this.#fd < 0) throw systemError(this.#fd, 'Descriptor');
    droppedDescriptors.register(this, place(slot, generation), this);
  }

  /** The two ends of a pipe, close-on-exec: the one to read from, the one to write to; pipe2(2). */
  static pipe(): [Descriptor, Descriptor] {
    const result = native.pipe(out);
    if (result < 0) throw systemError(result, 'pipe2');
    const [readSlot = 0, readGeneration = 0, writeSlot = 0, writeGeneration = 0] = out;
    return [new Descriptor(readSlot, readGeneration), new Descriptor(writeSlot, writeGeneration)];
  }

  /** The number; -1 when closed or given away. */
  get fd(): number {
    return this.#fd;
  }

  get closed(): boolean {
    return this.#fd < 0;
  }

  /**
   * Gives the number to the caller, open, and forgets it: for `fs`, `net`, `child_process`.
   * @throws SocketError EBADF when it was closed or given away
   */
  detach(): number {
    const { slot, generation } = this.release();
    const fd = native.detach(slot, generation);
    if (fd >= 0) return fd;
    // Something else had closed it: its slot is free again.
    native.close(slot, generation);
    throw systemError(fd, 'detach');
  }

  /** Closes it: close(2). Twice is fine. */
  close(): void {
    if (this.closed) return;
    const { slot, generation } = this.release();
    const result = native.close(slot, generation);
    if (result < 0) throw systemError(result, 'close');
  }

  /**
   * Forgets where the table has it, and says so.
   * @internal
   */
  release(): { slot: number; generation: number } {
    const slot = this.#slot;
    const generation = this.#generation;
    droppedDescriptors.unregister(this);
    this.#slot = NOWHERE;
    this.#fd = -1;
    return { slot, generation };
  }

  /**
   * Where the table has it.
   * @internal
   */
  get place(): { slot: number; generation: number } {
    return { slot: this.#slot, generation: this.#generation };
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

Object.defineProperty(Descriptor.prototype, DESCRIPTOR, { value: true });

/** Whether it is a Descriptor, of whichever copy of this module. */
export function isDescriptor(value: unknown): value is Descriptor {
  return typeof value === 'object' && value !== null && DESCRIPTOR in value;
}

/** Closes all of them, whatever becomes of each; throws the first error. */
export function closeAll(descriptors: readonly Descriptor[]): void {
  let failure: unknown;
  for (const descriptor of descriptors) {
    try {
      descriptor.close();
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
}

/** Closes what nobody took. That something else had closed one is no concern of the message that comes now. */
export function closeQuietly(descriptors: readonly Descriptor[]): void {
  try {
    closeAll(descriptors);
  } catch {}
}
