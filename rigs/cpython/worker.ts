/** A thread of the host, which makes the calls of one Python thread after the other; bridge.py has the other end. */
import { closeSync, fstatSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import * as facade from '@sockeye/compat-python';
import { Channel, type Line } from './channel.ts';

type Members = Record<string, unknown>;
type Call = (...args: unknown[]) => unknown;
type Request = readonly [op: string, number: number, name: string, args: unknown[]];

/** A socket that Python knows by a number, with the descriptor that it was made with. */
interface Known {
  readonly socket: facade.socket;
  readonly fd: number;
  readonly inode: number | undefined;
}

/** What JSON has no form for. */
interface Tagged {
  readonly $: string;
  readonly v: unknown;
}

/** The socket's own descriptor, as which Python has another number. */
const OWN: Tagged = { $: 'own', v: 0 };
/** The number of a descriptor that nobody has. */
const NOWHERE = 0x7ffffffe;

const functions: Members = { ...facade };

function inodeOf(fd: number): number | undefined {
  try {
    return fstatSync(fd).ino;
  } catch {
    return undefined;
  }
}

/** A descriptor that Python is to get. */
class Passed {
  readonly fd: number;
  constructor(fd: number) {
    this.fd = fd;
  }
}
const base64 = (bytes: Uint8Array): Tagged => ({ $: 'bytes', v: Buffer.from(bytes).toString('base64') });

/** What sockets have, from whichever class they inherit it. */
function members(): Record<string, PropertyDescriptor> {
  const all = {};
  for (let at: object = facade.socket.prototype; at !== Object.prototype; at = Object.getPrototypeOf(at))
    Object.assign(all, { ...Object.getOwnPropertyDescriptors(at), ...all });
  return all;
}

/** The names of the facade with what they are, and those of its sockets. */
function names(): unknown {
  const all = Object.entries(functions).flatMap(([name, value]) => {
    if (typeof value === 'number' || typeof value === 'boolean') return [[name, 'constant', value]];
    if (typeof value !== 'function' || value === facade.socket) return [];
    const { prototype } = value as unknown as Members;
    return [prototype instanceof Error ? [name, 'error', prototype.name] : [name, 'function', null]];
  });
  return [all, Object.entries(members()).map(([name, { get }]) => [name, get === undefined ? 'method' : 'get'])];
}

/** The class and the arguments of what the facade threw; anything else has a name that Python has no class for. */
function thrown(error: unknown): [name: string, args: unknown[]] {
  if (error instanceof AggregateError) return ['ExceptionGroup', [error.message, error.errors.map(thrown)]];
  const { name, message, code, args, stack } = error as Error & { code?: string; args?: unknown[] };
  if (error instanceof facade.OSError || args !== undefined) return [name, args ?? [message]];
  const known = name !== 'RangeError' && /^ERR_(INVALID_ARG|OUT_OF_RANGE)/.test(code ?? '');
  return known ? [name, [message]] : [`JavaScript: ${name}`, [stack]];
}

/** One Python thread's calls, and the sockets they were about. */
class Calls {
  readonly #sockets = new Map<number, Known>();
  #last = 0;
  /** Descriptors of this request and of its answer that are closed at its end. */
  #loose: number[] = [];
  /** Descriptors of this request, and of sockets that it means. */
  #given: number[] = [];

  /** The answer to a message with descriptors: what was returned, memory that was written to, what was thrown. */
  answer({ text, fds }: Line): Line {
    this.#loose = [...fds];
    this.#given = [...fds];
    const written: Uint8Array[] = [];
    const passed: number[] = [];
    const replacer = this.#replacer(passed);
    try {
      const request = JSON.parse(text, this.#reviver(fds, written)) as Request;
      const value = this.#done(request) ?? null;
      return { text: JSON.stringify([value, written, null], replacer), fds: passed };
    } catch (error) {
      return { text: JSON.stringify([null, written, thrown(error)], replacer), fds: [] };
    }
  }

  #known(number: number): Known {
    const known = this.#sockets.get(number);
    if (known === undefined) throw new Error(`no socket ${number}`);
    return known;
  }

  #done([op, number, name, args]: Request): unknown {
    if (op === 'names') return names();
    if (op === 'call') return this.#called(name, (functions[name] as Call)(...args), args);
    const { socket, fd, inode } = this.#known(number);
    if (op === 'get') return (socket as unknown as Members)[name];
    if (op === 'method') {
      const result = ((socket as unknown as Members)[name] as Call)(...args);
      // The caller's number is Python's; here nobody wants it, unless another socket was made of it.
      const alone = ![...this.#sockets.values()].some((other) => other.socket.fileno() === fd);
      if (name === 'detach' && result === fd && alone) this.#loose.push(fd);
      return (name === 'detach' || name === 'fileno') && result === fd ? OWN : result;
    }
    // Behind Python's back somebody closed the descriptor: so it is closed behind the facade's.
    if (op === 'forget') return inodeOf(fd) === inode ? closeSync(fd) : null;
    this.#sockets.delete(number);
    return socket.close();
  }

  #called(name: string, result: unknown, args: readonly unknown[]): unknown {
    if (name === 'close') this.#loose = this.#loose.filter((fd) => fd !== args[0]);
    if (name !== 'dup') return result;
    this.#loose.push(result as number);
    return new Passed(result as number);
  }

  #reviver(fds: readonly number[], written: Uint8Array[]): (key: string, value: unknown) => unknown {
    const tags: Record<string, (value: unknown) => unknown> = {
      int: (value) => BigInt(value as string),
      float: Number,
      bytes: (value) => Buffer.from(value as string, 'base64'),
      memory: (value) => written[written.push(Buffer.from(value as string, 'base64')) - 1],
      iterator: (value) => (value as unknown[]).values(),
      object: (value) => new ({ [value as string]: class {} }[value as string] as new () => object)(),
      fd: (value) => fds[value as number],
      socket: (value) => this.#given[this.#given.push(this.#known(value as number).fd) - 1],
      closed: () => NOWHERE,
      rights: (value) => {
        const [numbers, rest] = value as [number[], Uint8Array];
        return Buffer.concat([Buffer.from(Int32Array.from(numbers).buffer), rest]);
      },
    };
    return (_, value) => {
      const tag = (value as Tagged | null)?.$;
      return tag === undefined ? value : tags[tag]?.((value as Tagged).v);
    };
  }

  #replacer(passed: number[]): (this: unknown, key: string, value: unknown) => unknown {
    const pass = (fd: number): Tagged => ({ $: 'fd', v: passed.push(fd) - 1 });
    const made = (socket: facade.socket): Tagged => {
      const { family, type, proto, timeout } = socket;
      const fd = socket.fileno();
      const given = this.#given.includes(fd);
      this.#loose = this.#loose.filter((each) => each !== fd);
      this.#last += 1;
      this.#sockets.set(this.#last, { socket, fd, inode: inodeOf(fd) });
      return { $: 'made', v: [this.#last, given ? OWN : pass(fd), [family, type, proto, timeout]] };
    };
    const rights = (data: Uint8Array): Tagged => {
      const whole = data.length & ~3;
      const numbers = [...new Int32Array(Uint8Array.from(data.subarray(0, whole)).buffer)];
      this.#loose.push(...numbers);
      return { $: 'rights', v: [numbers.map(pass), base64(data.subarray(whole))] };
    };
    return function (key, value) {
      const raw = (this as Members)[key];
      if (raw instanceof Uint8Array) return base64(raw);
      if (raw instanceof facade.socket) return made(raw);
      if (raw instanceof Passed) return pass(raw.fd);
      if (raw instanceof Number) return raw.valueOf();
      const [level, type, data] = Array.isArray(raw) && raw.length === 3 ? (raw as unknown[]) : [];
      const { SOL_SOCKET, SCM_RIGHTS } = facade;
      return level === SOL_SOCKET && type === SCM_RIGHTS && data instanceof Uint8Array
        ? [level, type, rights(data)]
        : value;
    };
  }

  /** Closes what the request brought, the answer took along, and nobody has. */
  clear(): void {
    for (const fd of this.#loose) closeSync(fd);
  }

  end(): void {
    for (const { socket } of this.#sockets.values()) {
      try {
        socket.close();
      } catch {
        // It was closed behind the facade's back.
      }
    }
  }
}

for (;;) {
  const channel = new Channel(workerData as string);
  const calls = new Calls();
  let served = 0;
  for (let request = channel.receive(); request !== undefined; request = channel.receive()) {
    served += 1;
    if (served === 1) parentPort?.postMessage('taken');
    channel.send(calls.answer(request));
    calls.clear();
  }
  calls.end();
  channel.close();
  if (served > 0) parentPort?.postMessage('free');
}
