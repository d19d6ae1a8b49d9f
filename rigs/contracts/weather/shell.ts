/** A shell that stays: a process the size of a test runner takes a tenth of a second to start another in an emulated machine. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** What ends a command's output. */
const END = /rig-status:(\d+)\n$/;

export class Shell {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  #said = '';
  #waiting: ((said: string) => void) | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor() {
    this.#child = spawn('sh', { stdio: ['pipe', 'pipe', 'inherit'] });
    // It must not keep the process from its end.
    this.#child.unref();
    this.#child.stdin.on('error', () => {});
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
      if (END.test(this.#said)) this.#tell();
    });
    this.#child.on('close', () => {
      this.#said += 'the shell has ended\nrig-status:1\n';
      this.#tell();
    });
  }

  #tell(): void {
    const said = this.#said;
    this.#said = '';
    this.#waiting?.(said);
    this.#waiting = undefined;
  }

  /**
   * Runs a script after those before it, and gives what it printed.
   *
   * @throws Error with what it said when a command of it failed
   */
  run(script: string): Promise<string> {
    const ran = this.#last.then(() => this.#run(script));
    this.#last = ran.catch(() => {});
    return ran;
  }

  async #run(script: string): Promise<string> {
    const said = await new Promise<string>((resolve) => {
      this.#waiting = resolve;
      this.#child.stdin.write(`( set -e\n${script}\n) 2>&1 </dev/null\necho "rig-status:$?"\n`);
    });
    const output = said.replace(END, '');
    if (END.exec(said)?.[1] !== '0') throw new Error(`${output.trim()}: ${script}`);
    return output;
  }

  end(): void {
    this.#child.stdin.end();
  }
}
