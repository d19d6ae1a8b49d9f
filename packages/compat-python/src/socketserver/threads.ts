/**
 * Requests of a server, each in a thread: a worker, which is kept for the next. Threads of JavaScript's share no objects: the worker
 * loads the handler's module itself, and gets the request's descriptor.
 */
import type { Worker } from 'node:worker_threads';
import type { RetAddress } from '../address/family.ts';
import { typeError } from '../errors.ts';
import { fs, threads } from '../runtime.ts';
import type { PythonSocket } from '../socket/python-socket.ts';
import { socket } from '../socket/socket.ts';
import type { Timeout } from '../timeouts.ts';
import type { Datagram, HandlerClass } from './handlers.ts';

/** What a thread may be doing, in shared memory. */
const IDLE = 0;
const BUSY = 1;
const GONE = 2;

/** Where the worker's own copy of this module leaves what the worker calls. */
const SERVE = '@sockeye/compat-python/socketserver';

/** A program whose handler cannot be had says so, and closes what it gets. */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
import(workerData.module).then((module) => {
  const serve = globalThis[Symbol.for('${SERVE}')];
  if (serve === undefined) throw new TypeError(workerData.module + ' does not import socketserver');
  serve(module);
}).catch((error) => {
  const { closeSync, writeSync } = require('node:fs');
  writeSync(2, error.stack + '\\n');
  parentPort.on('message', (task) => {
    if (task === null) return parentPort.close();
    closeSync(task.fd);
    Atomics.store(workerData.state, 0, ${IDLE});
    Atomics.notify(workerData.state, 0);
    parentPort.postMessage(null);
  });
});`;

/** What a worker is told once. */
export interface Told {
  readonly module: string;
  readonly handler: string;
  /** The server's class, by its name in that module, and whether it is one of datagrams. */
  readonly server: string;
  readonly datagrams: boolean;
  readonly server_address: unknown;
  readonly shutdown_flag: Int32Array<SharedArrayBuffer>;
  readonly state: Int32Array<SharedArrayBuffer>;
}

/** A request. */
interface Task {
  readonly fd: number;
  readonly kind: readonly [family: number, type: number, proto: number];
  readonly timeout: Timeout;
  /** Of a datagram; the socket is the server's, by another descriptor. */
  readonly data: Uint8Array | null;
  readonly client_address: RetAddress;
}

/** A thread of a server. */
class Thread {
  readonly #worker: Worker;
  readonly #state: Int32Array<SharedArrayBuffer>;

  constructor(told: Told) {
    this.#state = told.state;
    this.#worker = new (threads().Worker)(PROGRAM, { eval: true, workerData: told });
    // One that waits for work keeps no process.
    this.#worker.on('message', () => this.#worker.unref());
    this.#worker.on('error', (error) => showNow(`${error.stack}\n`));
    this.#worker.unref();
  }

  get idle(): boolean {
    return Atomics.load(this.#state, 0) === IDLE;
  }

  run(task: Task, daemon: boolean): void {
    Atomics.store(this.#state, 0, BUSY);
    if (!daemon) this.#worker.ref();
    this.#worker.postMessage(task);
  }

  /** Ends it after its request; `wait` blocks this thread until then. */
  end(wait: boolean): void {
    if (wait) Atomics.wait(this.#state, 0, BUSY);
    this.#worker.postMessage(null);
  }
}

/** What threads hear of a server. */
export interface Served {
  readonly server_address: unknown;
  readonly shutdown_flag: Int32Array<SharedArrayBuffer>;
  readonly RequestHandlerClass: object;
}

/** The threads of one server. */
export class Threads {
  readonly #server: Served;
  readonly #datagrams: boolean;
  readonly #all: Thread[] = [];

  constructor(server: Served, datagrams: boolean) {
    this.#server = server;
    this.#datagrams = datagrams;
  }

  #started(): Thread {
    const { RequestHandlerClass, server_address, shutdown_flag } = this.#server;
    const { module, name } = RequestHandlerClass as { module?: unknown; name: string };
    if (typeof module !== 'string') {
      const words = `${name}.module must be str, the address of the module that exports ${name}: static module = import.meta.url`;
      throw typeError(words);
    }
    const thread = new Thread({
      module,
      handler: name,
      server: this.#server.constructor.name,
      datagrams: this.#datagrams,
      server_address,
      shutdown_flag,
      state: new Int32Array(new SharedArrayBuffer(4)),
    });
    this.#all.push(thread);
    return thread;
  }

  /** Has a thread handle a request, one that has nothing to do if there is one. */
  run(request: PythonSocket | Datagram, client_address: RetAddress, daemon: boolean): void {
    const thread = this.#all.find(({ idle }) => idle) ?? this.#started();
    const [data, sock] = Array.isArray(request) ? [request[0], request[1].dup()] : [null, request];
    const { family, type, proto } = sock;
    const timeout = sock.gettimeout();
    const kind = [family, type, proto] as const;
    thread.run({ fd: sock.detach(), kind, timeout, data, client_address }, daemon);
  }

  /** Ends all of them. */
  end(wait: boolean): void {
    for (const thread of this.#all.splice(0)) thread.end(wait);
  }
}

/** What has a server handle a request, in its thread. */
export interface Threaded {
  process_request_thread(request: PythonSocket | Datagram, client_address: RetAddress): void;
}

type Exports = Readonly<Record<string, unknown>>;

/** In a worker of {@link Threads}: takes requests. `made` makes a server that has no socket, of the class of the one outside. */
function serve(exports: Exports, made: (told: Told, type: unknown) => Threaded): void {
  const { parentPort, workerData } = threads();
  const told = workerData as Told;
  const handler = exports[told.handler];
  if (typeof handler !== 'function') throw typeError(`${told.module} exports no ${told.handler}`);
  const server = made(told, exports[told.server]);
  Object.assign(server, { RequestHandlerClass: handler as HandlerClass<never, never> });
  const become = (state: number): void => {
    Atomics.store(told.state, 0, state);
    Atomics.notify(told.state, 0);
  };
  // Whatever ends this thread: nobody is to wait for it, nor to give it work.
  process.on('exit', () => become(GONE));
  parentPort?.on('message', (task: Task | null) => {
    if (task === null) {
      parentPort?.close();
      return;
    }
    const sock = socket(...task.kind, task.fd);
    sock.settimeout(task.timeout);
    try {
      const data = task.data;
      const request: PythonSocket | Datagram = data === null ? sock : [Buffer.from(data), sock];
      server.process_request_thread(request, task.client_address);
    } finally {
      if (task.data !== null) sock.close();
      become(IDLE);
      parentPort?.postMessage(null);
    }
  });
}

/** Leaves for the worker's program what it calls. */
export function offer(made: (told: Told, type: unknown) => Threaded): void {
  const { isMainThread } = threads();
  if (!isMainThread) Reflect.set(globalThis, Symbol.for(SERVE), (exports: Exports) => serve(exports, made));
}

/** Shows words at once, in a thread whose standard error passes by one that blocks. */
export function showNow(words: string): void {
  const { isMainThread } = threads();
  if (isMainThread) process.stderr.write(words);
  else fs().writeSync(2, words);
}
