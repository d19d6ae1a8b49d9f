/** A thread of the host, which makes the calls of one Python thread after the other; bridge.py has the other end. */
import { closeSync, statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import * as facade from '@sockeye/compat-python';
import { withBroken } from './break.ts';

type Call = (...args: unknown[]) => unknown;

/** A socket that Python knows by a number, or a file of one, with the descriptor that the socket was made with. */
type Known = readonly [object: object, fd: number, inode: number | undefined];
/** What JSON has no form for. */
type Tagged = Readonly<Record<'$', string> & Record<'v', unknown>>;
const tagged = ($: string, v: unknown): Tagged => ({ $, v });
// Nor is it to have one for bytes.
Reflect.deleteProperty(Buffer.prototype, 'toJSON');

/** The socket's own descriptor, as which Python has another number. */
const OWN: Tagged = tagged('own', 0);
/** The number of a descriptor that nobody has. */
const NOWHERE = 0x7ffffffe;
const NEWLINE = 10;

/** What was there before anything was broken on purpose. */
const { recvmsg, sendall, sendmsg, connect_ex, close } = facade.socket.prototype;
const { AF_UNIX, SCM_RIGHTS, SOL_SOCKET } = facade;
const functions: Record<string, unknown> = withBroken({ ...facade }, process.env.SOCKEYE_BROKEN ?? '');

/** The next request, with its descriptors; undefined when Python's thread has ended, or its call was interrupted. */
function receive(channel: facade.socket): [text: string, fds: number[]] | undefined {
  const parts: Buffer[] = [];
  const fds: number[] = [];
  try {
    while (parts.at(-1)?.at(-1) !== NEWLINE) {
      const [part, control] = recvmsg.call(channel, 1 << 18, 2048);
      if (part.length === 0) return undefined;
      parts.push(part);
      for (const [, , bytes] of control) fds.push(...numbers(bytes));
    }
    return [Buffer.concat(parts).toString(), fds];
  } catch {
    return undefined;
  }
}

function send(channel: facade.socket, text: string, fds: readonly number[]): void {
  const message = Buffer.from(`${text}\n`);
  const control = fds.length > 0 ? [[SOL_SOCKET, SCM_RIGHTS, Int32Array.from(fds)] as const] : [];
  try {
    sendall.call(channel, message.subarray(sendmsg.call(channel, [message], control)));
  } catch {
    // Nobody waits for it any more, and no other request will come.
  }
}

/** The descriptors in a payload of SCM_RIGHTS. */
function numbers(bytes: Uint8Array): number[] {
  return [...new Int32Array(Uint8Array.from(bytes.subarray(0, bytes.length & ~3)).buffer)];
}

function inodeOf(fd: number): number | undefined {
  return statSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false })?.ino;
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
  /** Descriptors of this request and of sockets that it means, those to close at its end, those to go with the answer. */
  #given: number[] = [];
  #loose: number[] = [];
  #passed: number[] = [];
  /** Memory of Python's that is written to, and where a file of Python's is to be afterwards. */
  #written: Buffer[] = [];
  #sought: number | null = null;

  /** Answers a request: with what was returned, memory that was written to, what was thrown. */
  serve(channel: facade.socket, text: string, fds: readonly number[]): void {
    [this.#given, this.#loose, this.#passed, this.#written] = [[...fds], [...fds], [], []];
    const shown = (answer: unknown): string => JSON.stringify(answer, (_, value) => this.#shown(value));
    let answer: string;
    try {
      const request = JSON.parse(text, (_, value) => ('$' in Object(value) ? this.#read(value) : value));
      answer = shown([this.#done(...(request as [string, number, string, unknown[]])), this.#written, null]);
    } catch (error) {
      this.#passed = [];
      answer = shown([null, this.#written, thrown(error)]);
    }
    send(channel, answer, this.#passed);
    for (const fd of this.#loose) closeSync(fd);
  }

  #done(op: string, number: number, name: string, args: unknown[]): unknown {
    if (op === 'names') return Object.entries(functions);
    if (op === 'call') return this.#called(name, (functions[name] as Call)(...args), args);
    const [object, fd, inode] = this.#all.get(number) as Known;
    // Behind Python's back somebody closed the descriptor: so it is closed behind the facade's.
    if (op === 'forget') return inodeOf(fd) === inode ? closeSync(fd) : null;
    if (op === 'free') return this.free(number);
    if (op === 'next') return (object as Iterable<unknown>)[Symbol.iterator]().next().value;
    const member: unknown = Reflect.get(object, name);
    if (member === undefined) throw Object.assign(new Error(), { name: 'AttributeError', args: [name] });
    const result = op === 'get' ? member : (member as Call).apply(object, args);
    if (name === 'sendfile') return [result, this.#sought];
    if (name === 'makefile') return tagged('file', this.#add(result as object, fd));
    if (result !== fd || !['detach', 'fileno', 'name'].includes(name)) return result;
    // Here nobody wants the number that was detached, unless another socket was made of it.
    const all = [...this.#all.values()].filter(([each, its]) => its === fd && each instanceof facade.socket);
    if (name === 'detach' && all.length === 1 && inodeOf(fd) === inode) this.#loose.push(fd);
    return OWN;
  }

  #called(name: string, result: unknown, args: readonly unknown[]): unknown {
    if (name === 'close') this.#loose = this.#loose.filter((fd) => fd !== args[0]);
    if (name === 'dup') return this.#pass([result as number])[0];
    if (name !== 'recv_fds') return result;
    return Object.assign([], result, { 1: this.#pass((result as [unknown, number[]])[1]) });
  }

  /** Descriptors that Python gets and this process does not keep. */
  #pass(fds: readonly number[]): Tagged[] {
    this.#loose.push(...fds);
    return fds.map((fd) => tagged('fd', this.#passed.push(fd) - 1));
  }

  /** What stands for what JSON has no form for. */
  #read({ $: tag, v: value }: Tagged): unknown {
    if (tag === 'int') return BigInt(value as string);
    // A number that is no primitive is a float, however whole.
    if (tag === 'float') return Object(Number(value));
    if (tag === 'iterator') return (value as unknown[]).values();
    if (tag === 'object') return new ({ [value as string]: class {} }[value as string] as new () => object)();
    if (tag === 'fd') return this.#given[value as number];
    if (tag === 'closed') return NOWHERE;
    if (tag === 'socket') return this.#all.get(value as number)?.[0];
    if (tag === 'same')
      return this.#given[this.#given.push(this.#all.get(value as number)?.[1] as number) - 1];
    if (tag === 'file') return this.#file(...(value as [number | null, Buffer | null, string | null]));
    if (tag === 'rights') {
      const [fds, rest] = value as [number[], Buffer];
      return Buffer.concat([Buffer.from(Int32Array.from(fds).buffer), rest]);
    }
    const bytes = Buffer.from(value as string, 'base64');
    if (tag === 'memory') this.#written.push(bytes);
    return bytes;
  }

  /** A file of Python's: its descriptor, or its bytes. */
  #file(fd: number | null, data: Buffer | null, mode: string | null): object {
    this.#sought = null;
    const seek = (offset: number): void => {
      this.#sought = offset;
    };
    let at = 0;
    const read = (size: number): Buffer | undefined => {
      at += size;
      return data?.subarray(at - size, at);
    };
    return { seek, ...(mode !== null && { mode }), ...(fd === null ? { read } : { fileno: () => fd }) };
  }

  /** What goes to Python. */
  #shown(value: unknown): unknown {
    if (value instanceof Uint8Array) return tagged('bytes', Buffer.from(value).toString('base64'));
    if (value instanceof facade.socket) return this.#made(value);
    if (typeof value === 'bigint') return tagged('int', String(value));
    if (typeof value === 'function')
      return value.prototype instanceof Error ? tagged('error', value.prototype.name) : null;
    if (!Array.isArray(value) || value[0] !== SOL_SOCKET || value[1] !== SCM_RIGHTS || value.length !== 3)
      return value;
    const data: Buffer = value[2];
    return [
      SOL_SOCKET,
      SCM_RIGHTS,
      tagged('rights', [this.#pass(numbers(data)), data.subarray(data.length & ~3)]),
    ];
  }

  #made(socket: facade.socket): Tagged {
    const { family, type, proto, timeout } = socket;
    const fd = socket.fileno();
    this.#loose = this.#loose.filter((each) => each !== fd);
    const own = this.#given.includes(fd) ? OWN : tagged('fd', this.#passed.push(fd) - 1);
    return tagged('made', [this.#add(socket, fd), own, [family, type, proto, timeout]]);
  }

  #add(object: object, fd: number): number {
    this.#all.set(++this.#last, [object, fd, inodeOf(fd)]);
    return this.#last;
  }

  /** Forgets a socket or a file, closed; all of them unless told which. */
  free(...which: number[]): void {
    for (const number of which.length > 0 ? which : this.#all.keys()) {
      const [object] = this.#all.get(number) as Known;
      this.#all.delete(number);
      try {
        (object as facade.socket).close();
      } catch {
        // Nobody asks for it any more.
      }
    }
  }
}

const connected = (channel: facade.socket): boolean => connect_ex.call(channel, workerData as string) === 0;
for (let channel = facade.socket(AF_UNIX); connected(channel); channel = facade.socket(AF_UNIX)) {
  const calls = new Calls();
  let request = receive(channel);
  if (request !== undefined) parentPort?.postMessage('taken');
  for (; request !== undefined; request = receive(channel)) calls.serve(channel, ...request);
  calls.free();
  close.call(channel);
  parentPort?.postMessage('free');
}
