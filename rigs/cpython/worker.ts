/** A thread of the host: makes the calls of one Python thread after the other. */
import { closeSync, fstatSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import * as facade from '@sockeye/compat-python';
import { Channel } from './channel.ts';
import { type Made, OWN, Passed, Reader, Rights, Writer } from './codec.ts';

type Functions = Record<string, (...args: unknown[]) => unknown>;
type Request = readonly [op: string, socket: number, name: string, args: unknown[]];

const functions = { ...facade } as unknown as Functions;

class Sockets {
  readonly #all = new Map<number, { socket: facade.socket; fd: number; inode: number }>();
  #last = 0;

  add(socket: facade.socket, own = false): Made {
    const fd = socket.fileno();
    this.#last += 1;
    this.#all.set(this.#last, { socket, fd, inode: fd < 0 ? 0 : fstatSync(fd).ino });
    const { family, type, proto, timeout } = socket;
    return { made: this.#last, fd: own || fd < 0 ? null : new Passed(fd), known: [family, type, proto, timeout] };
  }

  get(number: number): { socket: facade.socket; fd: number; inode: number } {
    const entry = this.#all.get(number);
    if (entry === undefined) throw new Error(`no socket ${number}`);
    return entry;
  }

  free(number: number): void {
    this.get(number).socket.close();
    this.#all.delete(number);
  }

  /** Closes the descriptor behind the facade's back, as somebody did behind Python's. */
  forget(number: number): null {
    const { fd, inode } = this.get(number);
    if (fd >= 0 && fstatSync(fd, { throwIfNoEntry: false })?.ino === inode) closeSync(fd);
    return null;
  }

  end(): void {
    for (const { socket } of this.#all.values()) {
      try {
        socket.close();
      } catch {
        // It was closed behind the facade's back.
      }
    }
  }
}

/** Names of the facade with what they are, and of its socket. */
function names(): unknown[] {
  const all = Object.entries(functions as Record<string, unknown>).flatMap(([name, value]) => {
    if (typeof value === 'number' || typeof value === 'boolean') return [[name, 'constant', value]];
    if (typeof value !== 'function') return [];
    const { prototype } = value as { prototype?: unknown };
    if (prototype instanceof Error) return [[name, 'error', prototype.name]];
    return prototype === facade.socket.prototype ? [] : [[name, 'function', null]];
  });
  const members = Object.entries(Object.getOwnPropertyDescriptors(facade.socket.prototype));
  return [all, members.map(([name, { get }]) => [name, get === undefined ? 'method' : 'get'])];
}

class Calls {
  readonly sockets: Sockets = new Sockets();
  /** Descriptors of this request that nobody owns yet. */
  fds: number[] = [];

  answer([op, number, name, args]: Request): unknown {
    if (op === 'names') return names();
    if (op === 'free') return this.sockets.free(number) ?? null;
    if (op === 'forget') return this.sockets.forget(number);
    if (op === 'new') return this.#adopted(facade.socket(...(args as [number])), args);
    if (op === 'attach') return this.#attach(name === 'closed', args);
    if (op === 'call') return this.#called(name, (functions[name] as Functions[string])(...args), args);
    const { socket, fd } = this.sockets.get(number);
    const members = socket as unknown as Functions & Record<string, unknown>;
    if (op === 'get') return members[name];
    const result = (members[name] as Functions[string])(...args);
    if (name === 'fileno' && result === fd) return OWN;
    if (name === 'detach' && result === fd) {
      closeSync(fd);
      return OWN;
    }
    return this.#shown(result);
  }

  #adopted(socket: facade.socket, args: readonly unknown[]): Made {
    const own = args.includes(socket.fileno()) && this.fds.includes(socket.fileno());
    if (own) this.fds = [];
    return this.sockets.add(socket, own);
  }

  #attach(closed: boolean, [fd, family, type, proto, timeout]: unknown[]): Made {
    const known = [family, type, proto] as [number, number, number];
    const socket = fd === null ? facade.socket(...known) : facade.socket(...known, fd as number);
    this.fds = [];
    socket.settimeout(timeout as number | null);
    const made = this.sockets.add(socket, true);
    if (closed) socket.close();
    else if (fd === null) this.sockets.forget(made.made);
    return made;
  }

  #called(name: string, result: unknown, args: readonly unknown[]): unknown {
    if (name === 'close') this.fds = this.fds.filter((fd) => fd !== args[0]);
    if (name !== 'dup') return this.#shown(result);
    this.fds.push(result as number);
    return new Passed(result as number);
  }

  #shown(result: unknown): unknown {
    if (result instanceof facade.socket) return this.sockets.add(result);
    if (!Array.isArray(result)) return result;
    const [level, type, data] = result as unknown[];
    const { SOL_SOCKET, SCM_RIGHTS } = facade;
    if (result.length === 3 && level === SOL_SOCKET && type === SCM_RIGHTS && data instanceof Uint8Array) {
      const view = new DataView(data.buffer, data.byteOffset);
      for (let at = 0; at + 4 <= data.length; at += 4) this.fds.push(view.getInt32(at, true));
      return [level, type, new Rights(data)];
    }
    return result.map((each) => this.#shown(each));
  }
}

/** The class and the arguments of what the facade threw; of anything else its words, under no class of Python's. */
function raised(error: unknown): [name: string, args: readonly unknown[]] {
  if (error instanceof facade.OSError) return [error.name, error.args];
  if (error instanceof AggregateError) return ['ExceptionGroup', [error.message, error.errors.map(raised)]];
  const { name, message, code, stack } = error as Error & { code?: string };
  const python = /^ERR_(INVALID_ARG|OUT_OF_RANGE)/.test(code ?? '') && name !== 'RangeError';
  return python ? [name, [message]] : [`JavaScript: ${name}`, [stack ?? message]];
}

function serve(path: string): void {
  const channel = new Channel(path);
  const calls = new Calls();
  let taken = false;
  for (;;) {
    const request = channel.receive();
    if (request === undefined) break;
    if (!taken) parentPort?.postMessage('taken');
    taken = true;
    calls.fds = request.fds;
    const reader = new Reader(request.bytes, request.fds, (number) => calls.sockets.get(number).fd);
    const writer = new Writer();
    try {
      writer.value(calls.answer(reader.value() as unknown as Request));
    } catch (error) {
      writer.raise(...raised(error));
    }
    for (const bytes of reader.writable) writer.value(bytes);
    channel.send(writer.message(), writer.fds);
    for (const fd of calls.fds) closeSync(fd);
  }
  calls.sockets.end();
  channel.close();
  if (taken) parentPort?.postMessage('free');
}

for (;;) serve(workerData as string);
