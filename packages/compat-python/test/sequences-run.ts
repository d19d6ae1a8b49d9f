/** Random sequences of calls on sockets of packets, CAN and TIPC: done here and in CPython, and held against each other. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import * as socket from '@sockeye/compat-python';
import { select } from '@sockeye/compat-python/select';
import fc from 'fast-check';
import { type Call, type Sequence, sequences, type Value } from './sequences-families.ts';

/** What came of a family. */
export interface Compared {
  /** Why it was not tried. */
  absent?: string;
  /** The first call that was not the same. */
  difference?: string;
  /** How many calls were, and how many of them returned something. */
  calls: number;
  returned: number;
  /** Descriptors that were left over. */
  left: number;
}

/** Seconds that a message may take to where it is heard. */
const SETTLE = 0.02;
const PYTHON = new URL('programs/sequences.py', import.meta.url);

/** Prepares what a family stands on; says why that cannot be. */
const PREPARED: Readonly<Record<string, () => Promise<string | undefined>>> = {
  async packet() {
    const mac = (last: number): string[] => ['address', `02:00:00:00:00:0${last}`];
    const peer = ['type', 'veth', 'peer', 'name', 'v1', ...mac(2)];
    for (const args of [['link', 'add', 'v0', ...mac(1), ...peer], up('v0'), up('v1')]) {
      const why = ip(...args);
      if (why !== undefined) return why;
    }
    // Its queue is there when the kernel has heard of the carrier.
    for (const until = performance.now() + 10_000; ip('-o', 'link', 'show', 'v0', 'up') === undefined; ) {
      if (/state UP/.test(said)) return undefined;
      if (performance.now() > until) return `v0 does not come up: ${said}`;
      await delay(5);
    }
    return said;
  },
  can: async () => vcan(socket.SOCK_RAW, socket.CAN_RAW),
  isotp: async () => vcan(socket.SOCK_DGRAM, socket.CAN_ISOTP),
  j1939: async () => vcan(socket.SOCK_DGRAM, socket.CAN_J1939),
  tipc: async () => why(() => socket.socket(socket.AF_TIPC, socket.SOCK_RDM).close()),
};

function why(call: () => void): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

let said = '';
function ip(...args: string[]): string | undefined {
  const { status, stdout, stderr, error } = spawnSync('ip', args, { encoding: 'utf8' });
  said = stdout;
  return status === 0 ? undefined : `ip ${args.join(' ')}: ${error?.message ?? stderr.trim()}`;
}
const up = (name: string): string[] => ['link', 'set', name, 'up'];

function vcan(type: number, protocol: number): string | undefined {
  const no = why(() => socket.socket(socket.AF_CAN, type, protocol).close());
  if (no !== undefined) return no;
  if (ip('link', 'show', 'vcan0') === undefined) return undefined;
  return ip('link', 'add', 'vcan0', 'type', 'vcan') ?? ip(...up('vcan0'));
}

/** What the kernel chose, told by its place, so that it is the same in both. */
function plain(text: string, numbers: readonly string[]): string {
  let same = text;
  for (const [at, number] of numbers.entries()) same = same.replaceAll(number, `99900${at}`);
  return same;
}

/** A sequence here. */
class Here {
  readonly #sockets: socket.socket[] = [];
  readonly #detached: number[] = [];
  readonly #numbers: string[] = [];
  readonly #numbered: number | undefined;
  /** Memory that the call filled. */
  #rooms: Buffer[] = [];

  constructor({ sockets, numbered }: Sequence) {
    this.#numbered = numbered;
    for (const [family, type, protocol] of sockets) this.#add(socket.socket(family, type, protocol));
  }

  #add(one: socket.socket): unknown {
    if (one.gettimeout() === null) one.settimeout(0);
    this.#sockets.push(one);
    if (this.#numbered !== undefined) {
      const number = String(one.getsockname<socket.ReturnedTipc>()[this.#numbered]);
      if (Number(number) > 0 && !this.#numbers.includes(number)) this.#numbers.push(number);
    }
    return ['socket', one.family, one.type, one.proto, one.gettimeout()];
  }

  #value(value: Value): unknown {
    if (Array.isArray(value)) return value.map((one) => this.#value(one));
    if (typeof value !== 'object' || value === null) return value;
    if ('bytes' in value) return Buffer.from(value.bytes, 'hex');
    if ('fill' in value) return Buffer.alloc(value.fill, 'ab\nc');
    if ('int' in value) return BigInt(value.int);
    if ('own' in value) return this.#sockets[value.own % this.#sockets.length]?.getsockname();
    const made = Buffer.alloc((value as { room: number }).room);
    this.#rooms.push(made);
    return made;
  }

  #shown(value: unknown): unknown {
    if (value === undefined) return null;
    if (value instanceof socket.socket) return this.#add(value);
    if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
    if (typeof value === 'bigint') return String(value);
    return Array.isArray(value) ? value.map((one) => this.#shown(one)) : value;
  }

  #made(name: string, one: socket.socket, args: unknown[]): unknown {
    if (name === 'twin') return socket.socket({ fileno: one.fileno() });
    if (name === 'repr') return String(one).replace(/fd=\d+/, 'fd=N');
    if (name === 'fileno') return one.fileno() >= 0;
    if (name === 'detach') {
      const fd = one.detach();
      if (fd >= 0) this.#detached.push(fd);
      return fd >= 0;
    }
    const methods = one as object as Readonly<Record<string, (...all: unknown[]) => unknown>>;
    return methods[name]?.(...args);
  }

  /** Sockets that have heard nothing yet. */
  #quiet(): socket.socket[] {
    const open = this.#sockets.filter((one) => one.fileno() >= 0);
    const [heard] = select(open, [], [], 0);
    return open.filter((one) => !heard.includes(one));
  }

  do([name, at, ...args]: Call): unknown {
    const one = this.#sockets[at % this.#sockets.length] as socket.socket;
    this.#rooms = [];
    let result: unknown;
    const quiet = name.startsWith('send') ? this.#quiet() : undefined;
    try {
      result = this.#shown(
        this.#made(
          name,
          one,
          args.map((arg) => this.#value(arg)),
        ),
      );
      if (this.#rooms.length > 0) result = [result, this.#shown(this.#rooms)];
      if (quiet !== undefined) select(quiet, [], [], SETTLE);
    } catch (error) {
      const { name: kind, message, errno } = error as Error & { errno?: number | null };
      result = { error: kind, words: message, errno: errno ?? null };
    }
    return JSON.parse(plain(JSON.stringify(result), this.#numbers)) as unknown;
  }

  end(): void {
    const ends = [
      ...this.#sockets.map((one) => () => one.close()),
      ...this.#detached.map((fd) => () => socket.close(fd)),
    ];
    for (const close of ends) why(close);
  }
}

function run(sequence: Sequence): unknown[] {
  const here = new Here(sequence);
  try {
    const before = sequence.setup.map((call) => here.do(call));
    const timed = sequence.sockets.map((_, at) => here.do(['settimeout', at, sequence.timeout]));
    return [...before, ...timed, ...sequence.calls.map((call) => here.do(call))];
  } finally {
    here.end();
  }
}

function compare(all: readonly Sequence[]): Compared {
  const { status, stdout, stderr } = spawnSync('python3', ['-W', 'ignore', PYTHON.pathname], {
    encoding: 'utf8',
    input: JSON.stringify(all),
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`python3 failed:\n${stderr}`);
  const theirs = JSON.parse(stdout) as unknown[][];
  const before = readdirSync('/proc/self/fd').length;
  const compared = { calls: 0, returned: 0, left: 0 };
  for (const [number, sequence] of all.entries()) {
    const calls = [...sequence.setup, ...sequence.sockets.map(() => ['settimeout']), ...sequence.calls];
    for (const [at, result] of run(sequence).entries()) {
      const [ours, other] = [result, theirs[number]?.[at]].map((one) => JSON.stringify(one));
      if (ours !== other) {
        const until = JSON.stringify(calls.slice(0, at + 1));
        const difference = `${number}: ${sequence.kind}, timeout ${sequence.timeout}, ${until}: ${ours}, CPython ${other}`;
        return { ...compared, difference };
      }
      compared.calls += 1;
      if (!Object.hasOwn(Object(result), 'error')) compared.returned += 1;
    }
  }
  return { ...compared, left: readdirSync('/proc/self/fd').length - before };
}

/**
 * Sequences of a family, so many of each seed, in this network namespace: in it is nobody else who sends what would be heard, or not
 * by this family.
 */
export async function compared(family: string, numRuns: number, seeds: readonly number[]): Promise<Compared> {
  const absent = ip(...up('lo')) ?? (await PREPARED[family]?.());
  if (absent !== undefined) return { absent, calls: 0, returned: 0, left: 0 };
  return compare(seeds.flatMap((seed) => fc.sample(sequences(family), { seed, numRuns })));
}
