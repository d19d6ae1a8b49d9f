import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Command, environment, MissingError } from './launch.ts';

/** What a contender measured in one turn: operations in a time, or a figure in the case's unit. */
export type Reading = { readonly count: number; readonly ns: number } | { readonly value: number };

/** A contender's process ended, hung, or said what it should not. */
export class CrashError extends Error {
  override readonly name = 'CrashError';
  /** The last of what it wrote to its standard error. */
  readonly stderr: string;

  constructor(message: string, stderr = '') {
    super(message);
    this.stderr = stderr;
  }
}

const startDeadline = 30_000;
const alive = new Set<Contender>();

/** End every contender at once, whatever it does: for the harness's own end. */
export function killAll(): void {
  for (const contender of alive) contender.kill();
}

/** A contender's process. It leads a process group of its own, so that what it starts ends with it. */
export class Contender {
  readonly name: string;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<string>;
  #waiting: ((line: string) => void) | undefined;
  #stderr = '';

  /** Start the process and wait until it is ready. Throws MissingError or CrashError. */
  static async start(name: string, command: Command): Promise<Contender> {
    const contender = new Contender(name, command);
    try {
      const line = await contender.#ask(undefined, startDeadline);
      if (line.startsWith('missing ')) throw new MissingError(line.slice('missing '.length));
      if (line !== 'ready') throw new CrashError(`said "${line}" instead of "ready"`);
      return contender;
    } catch (error) {
      contender.kill();
      throw error;
    }
  }

  private constructor(name: string, command: Command) {
    const { file, args } = command;
    const child = spawn(file, args, { env: environment(), stdio: 'pipe', detached: true });
    this.name = name;
    this.pid = child.pid ?? -1;
    this.#child = child;
    alive.add(this);
    child.stdin.on('error', () => {}); // EPIPE: the end of the process says it better
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = `${this.#stderr}${text}`.slice(-8192);
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#waiting?.(line);
      this.#waiting = undefined;
    });
    this.#ended = new Promise((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('close', (code, signal) =>
        resolve(`${signal ?? `exit status ${code}`}${errorIn(this.#stderr)}`),
      );
    });
  }

  /** Let it work for ms milliseconds. Throws CrashError. */
  async turn(ms: number): Promise<Reading> {
    const line = await this.#ask(`turn ${ms}\n`, 10_000 + ms * 10);
    const [verb, ...rest] = line.split(' ');
    const [first = Number.NaN, second = Number.NaN] = rest.map(Number);
    if (verb === 'did' && first > 0 && second > 0) return { count: first, ns: second };
    if (verb === 'value' && Number.isFinite(first)) return { value: first };
    throw new CrashError(`said "${line}" instead of "did <count> <ns>" or "value <figure>"`);
  }

  /** End it: it is asked to (the end of its input), then made to. */
  async stop(): Promise<void> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.kill(), 2000);
    await this.#ended;
    clearTimeout(timer);
    this.kill();
  }

  /** End it and all that it started, now. */
  kill(): void {
    alive.delete(this);
    if (this.pid < 0) return;
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** Write a line (if any) and wait for the next one. */
  async #ask(line: string | undefined, deadline: number): Promise<string> {
    const answer = new Promise<string>((resolve) => {
      this.#waiting = resolve;
    });
    if (line !== undefined) this.#child.stdin?.write(line);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new CrashError(`no answer within ${deadline / 1000} s`, this.#stderr)),
        deadline,
      );
    });
    const ended = this.#ended.then((how): never => {
      throw new CrashError(`crashed: ${how}`, this.#stderr);
    });
    try {
      return await Promise.race([answer, ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The line that names the error in what a process wrote before it ended. */
function errorIn(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const line = lines.findLast((one) => /^\S*(Error|Exception)\b/.test(one)) ?? lines.at(-1);
  return line === undefined ? '' : `: ${line.trim()}`;
}
