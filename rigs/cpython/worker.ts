/** A thread of the host, which makes the calls of one Python thread after the other; bridge.py has the other end. */
import { closeSync, fstatSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import * as facade from '@sockeye/compat-python';
import { withBroken } from './break.ts';
import { Channel, type Message } from './channel.ts';

type Call = (...args: unknown[]) => unknown;
type Request = readonly [op: string, number: number, name: string, args: unknown[]];

/** A socket that Python knows by a number, or a file of one, with the descriptor that the socket was made with. */
interface Known {
  readonly object: object;
  readonly fd: number;
  readonly inode: number | undefined;
}

/** What JSON has no form for. */
class Tagged {
  readonly $: string;
  readonly v: unknown;
  constructor(tag: string, value: unknown) {
    this.$ = tag;
    this.v = value;
  }
}

// Bytes go beside the text: JSON need not spell them first.
Reflect.deleteProperty(Buffer.prototype, 'toJSON');

/** The socket's own descriptor, as which Python has another number. */
const OWN: Tagged = new Tagged('own', 0);
/** The number of a descriptor that nobody has. */
const NOWHERE = 0x7ffffffe;

const functions: Record<string, unknown> = withBroken({ ...facade }, process.env.SOCKEYE_BROKEN ?? '');

function inodeOf(fd: number): number | undefined {
  try {
    return fstatSync(fd).ino;
  } catch {
    return undefined;
  }
}

/** What an object has, from whichever class it inherits it: `'method'` or `'get'` each. */
function members(object: object): Record<string, string> {
  const all: Record<string, string> = {};
  for (let at = object; at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      all[name] ??= typeof value === 'function' ? 'method' : 'get';
  return all;
}

/** The names of the facade with what they are, and those of its sockets. */
function names(): unknown {
  const all = Object.entries(functions).map(([name, value]): unknown[] => {
    if (typeof value !== 'function') return [name, 'constant', typeof value === 'object' ? null : value];
    const { prototype } = value;
    return prototype instanceof Error ? [name, 'error', prototype.name] : [name, 'function', null];
  });
  return [all, Object.entries(members(facade.socket.prototype))];
}

/** The class and the arguments of what the facade threw; anything else has a name that Python has no class for. */
function thrown(error: unknown): [name: string, args: unknown[]] {
  if (error instanceof AggregateError) return ['ExceptionGroup', [error.message, error.errors.map(thrown)]];
  const { name, message, code, args, stack } = error as Error & { code?: string; args?: unknown[] };
  if (args !== undefined) return [name, args];
  const known = name !== 'RangeError' && /^ERR_(INVALID_ARG|OUT_OF_RANGE)/.test(code ?? '');
  return known ? [name, [message]] : [`JavaScript: ${name}`, [stack]];
}

/** One Python thread's calls, and the sockets and files that they were about. */
class Calls {
  readonly #all = new Map<number, Known>();
  #last = 0;
  /** Descriptors of this request, and of sockets that it means. */
  #given: number[] = [];
  /** Descriptors that are to be closed at its end: of the request, of the answer. */
  #loose: number[] = [];
  /** Descriptors that go with the answer. */
  #passed: number[] = [];
  /** What is left of the request's bytes, and the answer's. */
  #bytes: Uint8Array = new Uint8Array();
  #parts: Uint8Array[] = [];
  /** Memory of Python's that is written to. */
  #written: Uint8Array[] = [];
  /** The descriptor of the socket whose method is called, and where a file of Python's is to be after it. */
  #fd = -1;
  #sought: number | null = null;

  /** The answer to a request: what was returned, memory that was written to, what was thrown. */
  answer({ text, bytes, fds }: Message): Message {
    this.#loose = [...fds];
    this.#given = [...fds];
    this.#passed = [];
    this.#written = [];
    this.#bytes = bytes;
    this.#parts = [];
    const calls = this;
    const replacer = function (this: object, key: string, value: unknown): unknown {
      return calls.#shown(Reflect.get(this, key), value);
    };
    try {
      const request = JSON.parse(text, (_, value) => ('$' in Object(value) ? this.#read(value) : value));
      const value = this.#done(request) ?? null;
      const answer = JSON.stringify([value, this.#written, null], replacer);
      return { text: answer, bytes: Buffer.concat(this.#parts), fds: this.#passed };
    } catch (error) {
      this.#parts = [];
      const answer = JSON.stringify([null, this.#written, thrown(error)], replacer);
      return { text: answer, bytes: Buffer.concat(this.#parts), fds: [] };
    }
  }

  #done([op, number, name, args]: Request): unknown {
    if (op === 'names') return names();
    if (op === 'call') return this.#called(name, (functions[name] as Call)(...args), args);
    const { object, fd, inode } = this.#known(number);
    // Behind Python's back somebody closed the descriptor: so it is closed behind the facade's.
    if (op === 'forget') return inodeOf(fd) === inode ? closeSync(fd) : null;
    if (op === 'free') return this.free(number);
    if (op === 'next') return (object as Iterable<unknown>)[Symbol.iterator]().next().value;
    this.#fd = fd;
    const member: unknown = Reflect.get(object, name);
    const result = op === 'get' ? member : (member as Call).apply(object, args);
    if (name === 'sendfile') return [result, this.#sought];
    if (result !== fd || !['detach', 'fileno', 'name'].includes(name)) return result;
    // Here nobody wants the number that was detached, unless another socket was made of it.
    const others = [...this.#all.values()].map(
      (each) => each.object instanceof facade.socket && each.object.fileno(),
    );
    if (name === 'detach' && !others.includes(fd) && inodeOf(fd) === inode) this.#loose.push(fd);
    return OWN;
  }

  #called(name: string, result: unknown, args: readonly unknown[]): unknown {
    if (name === 'close') this.#loose = this.#loose.filter((fd) => fd !== args[0]);
    if (name === 'dup') return this.#pass([result as number])[0];
    return name === 'recv_fds'
      ? Object.assign([], result, { 1: this.#pass((result as [unknown, number[]])[1]) })
      : result;
  }

  #known(number: number): Known {
    const known = this.#all.get(number);
    if (known === undefined) throw new Error(`no socket ${number}`);
    return known;
  }

  /** Descriptors that Python gets and this process does not keep. */
  #pass(fds: readonly number[]): Tagged[] {
    this.#loose.push(...fds);
    return fds.map((fd) => new Tagged('fd', this.#passed.push(fd) - 1));
  }

  /** What stands for what JSON has no form for. */
  #read({ $: tag, v: value }: Tagged): unknown {
    if (tag === 'int') return BigInt(value as string);
    if (tag === 'float') return Number(value);
    if (tag === 'iterator') return (value as unknown[]).values();
    if (tag === 'object') return new ({ [value as string]: class {} }[value as string] as new () => object)();
    if (tag === 'fd') return this.#given[value as number];
    if (tag === 'closed') return NOWHERE;
    if (tag === 'socket') return this.#known(value as number).object;
    if (tag === 'same') return this.#given[this.#given.push(this.#known(value as number).fd) - 1];
    if (tag === 'file') return this.#file(...(value as [number | null, Buffer | null, string | null]));
    if (tag === 'rights') {
      const [numbers, rest] = value as [number[], Uint8Array];
      return Buffer.concat([Buffer.from(Int32Array.from(numbers).buffer), rest]);
    }
    const bytes = Buffer.from(this.#bytes.subarray(0, value as number));
    this.#bytes = this.#bytes.subarray(bytes.length);
    if (tag === 'memory') this.#written.push(bytes);
    return bytes;
  }

  /** A file of Python's: its descriptor, or its bytes. */
  #file(fd: number | null, data: Buffer | null, mode: string | null): object {
    let at = 0;
    const seek = (offset: number): void => {
      at = offset;
      this.#sought = offset;
    };
    const read = (size: number): Buffer | undefined => {
      at += size;
      return data?.subarray(at - size, at);
    };
    return { seek, ...(mode !== null && { mode }), ...(fd === null ? { read } : { fileno: () => fd }) };
  }

  /** What goes to Python; `plain` is what JSON makes of it. */
  #shown(value: unknown, plain: unknown): unknown {
    const { SOL_SOCKET, SCM_RIGHTS } = facade;
    if (value instanceof Uint8Array) return this.#beside(value);
    if (value instanceof facade.socket) return this.#made(value);
    if (value instanceof Object && typeof Reflect.get(value, 'readline') === 'function')
      return new Tagged('file', [this.#add(value, this.#fd), members(value)]);
    if (!Array.isArray(value) || value[0] !== SOL_SOCKET || value[1] !== SCM_RIGHTS || value.length !== 3)
      return plain;
    const data: Buffer = value[2];
    const whole = data.length & ~3;
    const fds = [...new Int32Array(Uint8Array.from(data.subarray(0, whole)).buffer)];
    return [
      SOL_SOCKET,
      SCM_RIGHTS,
      new Tagged('rights', [this.#pass(fds), this.#beside(data.subarray(whole))]),
    ];
  }

  #beside(bytes: Uint8Array): Tagged {
    this.#parts.push(bytes);
    return new Tagged('bytes', bytes.length);
  }

  #made(socket: facade.socket): Tagged {
    const { family, type, proto, timeout } = socket;
    const fd = socket.fileno();
    this.#loose = this.#loose.filter((each) => each !== fd);
    const own = this.#given.includes(fd) ? OWN : new Tagged('fd', this.#passed.push(fd) - 1);
    return new Tagged('made', [this.#add(socket, fd), own, [family, type, proto, timeout]]);
  }

  #add(object: object, fd: number): number {
    this.#last += 1;
    this.#all.set(this.#last, { object, fd, inode: inodeOf(fd) });
    return this.#last;
  }

  /** Forgets a socket or a file, closed; all of them unless told which. */
  free(...numbers: number[]): null {
    for (const number of numbers.length > 0 ? numbers : this.#all.keys()) {
      const { object } = this.#known(number);
      this.#all.delete(number);
      try {
        (object as facade.socket).close();
      } catch {
        // Nobody asks for it any more.
      }
    }
    return null;
  }

  /** Closes what the request brought or the answer took along, and nobody has here. */
  clear(): void {
    for (const fd of this.#loose) closeSync(fd);
  }
}

for (;;) {
  const channel = Channel.to(workerData as string);
  if (channel === undefined) break;
  const calls = new Calls();
  let served = 0;
  for (let request = channel.receive(); request !== undefined; request = channel.receive()) {
    served += 1;
    if (served === 1) parentPort?.postMessage('taken');
    channel.send(calls.answer(request));
    calls.clear();
  }
  calls.free();
  channel.close();
  if (served > 0) parentPort?.postMessage('free');
}
