/** Options of sockets that Node.js made: what `net` and `dgram` have no methods for. */

import { checkOption } from '../arguments.ts';
import { native } from '../binding.ts';
import { checkBytes, checkInt, checkInteger } from '../check.ts';
import { Descriptor } from '../descriptor.ts';
import { systemError } from '../errors.ts';
import { checkNodeSocket, fdOf, type NodeSocket } from '../node/descriptor.ts';
import { ANSWER, type HasOptions, MAKE, type OptionForms, PROGRAM } from '../sockopt.ts';

const out: Int32Array = new Int32Array(2);
const made: Int32Array = new Int32Array(2);
/** As the call for integers tells of failures: so far below an `int`. */
const INT_MIN = -0x80000000;
const BELOW: number = 2 ** 32;

/**
 * Each call has a descriptor of its own, fcntl(2) F_DUPFD_CLOEXEC, for as long as it lasts: options are the open socket's, not
 * the descriptor's, and Node.js's stays Node.js's.
 */
class OfNode implements HasOptions, OptionForms {
  readonly #socket: NodeSocket;

  constructor(socket: NodeSocket) {
    this.#socket = socket;
  }

  #call(syscall: string, work: (slot: number, generation: number) => number): number {
    const duplicated = native.dupFd(fdOf(this.#socket), out);
    if (duplicated < 0) throw systemError(duplicated, 'fcntl');
    const [slot = 0, generation = 0] = out;
    let result: number;
    try {
      result = work(slot, generation);
    } finally {
      native.close(slot, generation);
    }
    if (result < 0) throw systemError(result, syscall);
    return result;
  }

  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, length: number): Buffer;
  getsockopt(level: number, name: number, length?: number): number | Buffer {
    checkInt('level', level);
    checkInt('name', name);
    if (length === undefined) {
      let value = 0;
      this.#call('getsockopt', (slot, generation) => {
        value = native.getsockoptInt(slot, generation, level, name);
        return value < INT_MIN ? value + BELOW : 0;
      });
      return value;
    }
    const value = Buffer.alloc(checkInteger('length', length, 0, 1 << 20));
    return value.subarray(0, this[ANSWER](level, name, value));
  }

  setsockopt(level: number, name: number, value: number | Uint8Array): void {
    checkInt('level', level);
    checkInt('name', name);
    if (typeof value === 'object') {
      checkBytes('value', value);
      this.#call('setsockopt', (slot, generation) =>
        native.setsockoptBytes(slot, generation, level, name, value),
      );
    } else {
      const int = checkOption(value);
      this.#call('setsockopt', (slot, generation) =>
        native.setsockoptInt(slot, generation, level, name, int),
      );
    }
  }

  [ANSWER](level: number, name: number, value: Uint8Array): number {
    return this.#call('getsockopt', (slot, generation) =>
      native.getsockoptBytes(slot, generation, level, name, value),
    );
  }

  [MAKE](level: number, name: number): Descriptor {
    this.#call('getsockopt', (slot, generation) =>
      native.getsockoptDescriptor(slot, generation, level, name, made),
    );
    return new Descriptor(made[0] as number, made[1] as number);
  }

  [PROGRAM](level: number, name: number, program: Uint8Array): void {
    this.#call('setsockopt', (slot, generation) =>
      native.setsockoptProgram(slot, generation, level, name, program),
    );
  }
}

/**
 * The options of a `net.Socket`, `net.Server` or `dgram.Socket`: what is given to every option's `get` and `set`. Nothing is taken
 * from Node.js; good as long as the object is open. Each call duplicates and closes a descriptor: some microseconds.
 *
 * Throws ERR_INVALID_ARG_TYPE for anything else. Its calls throw ERR_INVALID_ARG_VALUE when the object has no descriptor (not
 * connected, listening or bound yet, or closed), SocketError ENOTSUP where the runtime or the platform shows none, and EMFILE.
 */
export function of(nodeSocket: NodeSocket): HasOptions {
  return new OfNode(checkNodeSocket(nodeSocket));
}
