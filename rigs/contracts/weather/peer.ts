/** An end of a pair in a process of its own, which can be stopped, woken and killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { python } from '../../probe/python.ts';
import { patience } from '../forms.ts';
import type { End } from '../medium.ts';

const PROGRAM = fileURLToPath(new URL('peer.py', import.meta.url));

/** The process that has the other end of a pair; it alone. */
export class Peer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  #complaint = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#gone = once(child, 'close');
    child.stderr?.on('data', (text: Buffer) => {
      this.#complaint += text;
    });
  }

  /**
   * Gives an end away to a process that does `work`: peer.py says what there is. Resolves when the process has it.
   *
   * @throws Error with what the process complained of
   */
  static async take({ socket }: End, ...work: string[]): Promise<Peer> {
    const child = spawn(python(), ['-I', '-S', PROGRAM, ...work], {
      stdio: ['pipe', 'pipe', 'pipe', socket.fd],
    });
    const peer = new Peer(child);
    socket.close();
    // It may be killed before it has read anything.
    child.stdin?.on('error', () => {});
    const clock = setTimeout(() => child.kill('SIGKILL'), 2 * patience.ms);
    const said = child.stdout === null ? undefined : once(child.stdout, 'data');
    const first = await Promise.race([said, peer.#gone.then(() => undefined)]);
    clearTimeout(clock);
    if (String(first?.[0]) === 'ready\n') return peer;
    await peer.kill();
    throw new Error(`the other process: ${peer.#complaint || 'not ready'}`);
  }

  /** SIGSTOP; resolves when it stands still. */
  async stop(): Promise<void> {
    this.#child.kill('SIGSTOP');
    // What the kernel counts as stopped runs no more.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** SIGCONT. */
  wake(): void {
    this.#child.kill('SIGCONT');
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
