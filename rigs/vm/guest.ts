import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atEnd } from '../provision/index.ts';
import { Channel, FROM_GUEST, pack, TO_GUEST } from './channel.ts';
import { VmError } from './error.ts';
import { Log } from './log.ts';
import { type Place, place } from './places.ts';
import { type Machine, type Qemu, startQemu } from './qemu.ts';

export type Stream = 'stdout' | 'stderr';

export interface Start {
  command: readonly string[];
  cwd: string;
  env: Record<string, string>;
  /** Rows and columns of a terminal; without them the command has pipes. */
  terminal?: { rows: number; columns: number };
  onBytes: (bytes: Buffer, stream: Stream) => void;
}

/** A command that runs inside. */
export interface Running {
  /** Its exit status; rejects with VmError when the machine goes away first. */
  readonly status: Promise<number>;
  /** Bytes for its standard input; resolves when there is room for more. */
  input(bytes: Uint8Array): Promise<void>;
  /** Ends its standard input. */
  endInput(): void;
  /** A signal (a number of Linux's) to its process group. */
  kill(signal: number): void;
  resize(rows: number, columns: number): void;
}

interface Waiting {
  onBytes: Start['onBytes'];
  resolve(status: number): void;
  reject(error: Error): void;
}

/** How long a machine may take to power off, in milliseconds, before it is killed. */
const GRACE = 3000;
/** Bytes of input in one frame, which is held in memory inside. */
const FRAME = 64 << 10;

/** One machine, from the start of QEMU to its end. */
export class Guest {
  readonly place: Place;
  /** The kernel's release, when the agent has spoken. */
  readonly hello: Promise<string>;
  /** Resolves when QEMU has ended and its traces are removed. */
  readonly ended: Promise<void>;
  readonly #log: Log;
  readonly #qemu: Qemu;
  readonly #channel: Channel;
  readonly #commands = new Map<number, Waiting>();
  #last = 0;
  #failure: VmError | undefined;
  #closing = false;

  static async start(
    machine: Omit<Machine, 'initramfs' | 'results'>,
    initramfs: Uint8Array,
    listener: (line: string) => void,
  ): Promise<Guest> {
    const here = place();
    try {
      const file = join(here.folder, 'initramfs');
      await writeFile(file, initramfs);
      return new Guest({ ...machine, initramfs: file, results: here.results }, here, listener);
    } catch (error) {
      here.remove();
      throw error;
    }
  }

  private constructor(machine: Machine, here: Place, listener: (line: string) => void) {
    this.place = here;
    this.#log = new Log(listener);
    this.#qemu = startQemu(machine);
    const { child, console, complaints, port } = this.#qemu;
    if (child.pid !== undefined) here.claim(child.pid);
    const forget = atEnd(() => {
      child.kill('SIGKILL');
      here.remove();
    });
    for (const stream of [console, complaints])
      stream.setEncoding('utf8').on('data', (text: string) => this.#log.write(text));

    let greet: (release: string) => void = () => {};
    let fail: (error: Error) => void = () => {};
    this.hello = new Promise((resolve, reject) => {
      greet = resolve;
      fail = reject;
    });
    this.hello.catch(() => {});
    this.#channel = new Channel(port, (id, kind, payload) => {
      if (kind === FROM_GUEST.hello) greet(payload.toString());
      else this.#heard(id, kind, payload);
    });
    this.ended = new Promise((resolve) => {
      const over = (words: string): void => {
        this.#failure ??= new VmError(
          this.#closing ? 'the virtual machine was closed' : words,
          this.#log.text,
        );
        fail(this.#failure);
        for (const { reject } of this.#commands.values()) reject(this.#failure);
        this.#commands.clear();
        here.remove();
        forget();
        resolve();
      };
      child.on('error', (error) => over(`QEMU does not start: ${error.message}`));
      child.on('close', (status, signal) => over(this.#why(status, signal)));
    });
  }

  #why(status: number | null, signal: NodeJS.Signals | null): string {
    if (/Kernel panic/.test(this.#log.text)) return 'the virtual machine’s kernel panicked';
    if (signal !== null) return `the virtual machine was killed (${signal})`;
    return status === 0
      ? 'the virtual machine powered off'
      : `the virtual machine ended: QEMU left with status ${status}`;
  }

  #heard(id: number, kind: number, payload: Buffer): void {
    const command = this.#commands.get(id);
    if (command === undefined) return;
    if (kind === FROM_GUEST.stdout) command.onBytes(payload, 'stdout');
    else if (kind === FROM_GUEST.stderr) command.onBytes(payload, 'stderr');
    else if (kind === FROM_GUEST.exit) {
      this.#commands.delete(id);
      command.resolve(payload.readUInt32LE(0));
    }
  }

  /** Starts a command inside. */
  run({ command, cwd, env, terminal, onBytes }: Start): Running {
    this.#last += 1;
    const id = this.#last;
    const status = new Promise<number>((resolve, reject) => {
      if (this.#failure === undefined) this.#commands.set(id, { onBytes, resolve, reject });
      else reject(this.#failure);
    });
    status.catch(() => {});
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const { rows, columns } = terminal ?? { rows: 0, columns: 0 };
    const numbers = [terminal === undefined ? 0 : 1, rows, columns, variables.length, command.length];
    void this.#channel.send(id, TO_GUEST.start, pack(numbers, [cwd, ...variables, ...command]));
    return {
      status,
      input: async (bytes) => {
        for (let at = 0; at < bytes.length; at += FRAME)
          await this.#channel.send(id, TO_GUEST.input, bytes.subarray(at, at + FRAME));
      },
      endInput: () => void this.#channel.send(id, TO_GUEST.input),
      kill: (signal) => void this.#channel.send(id, TO_GUEST.signal, pack([signal])),
      resize: (height, width) => void this.#channel.send(id, TO_GUEST.size, pack([height, width])),
    };
  }

  /** An error of this machine, with the end of its log. */
  error(message: string): VmError {
    return new VmError(message, this.#log.text);
  }

  /** Ends the machine at once; what waits for it fails with this error. */
  async destroy(error?: VmError): Promise<void> {
    this.#failure ??= error;
    this.#qemu.child.kill('SIGKILL');
    await this.ended;
  }

  /** Powers the machine off. */
  async close(): Promise<void> {
    this.#closing = true;
    void this.#channel.send(0, TO_GUEST.powerOff);
    const timer = setTimeout(() => this.#qemu.child.kill('SIGKILL'), GRACE);
    await this.ended;
    clearTimeout(timer);
  }
}
