/** How the programs under examples/python are run. */
import { setTimeout as delay } from 'node:timers/promises';
import * as socket from '@sockeye/compat-python';
import type { TestContext } from 'vitest';
import { type Program, typescript } from './support.ts';

export const example = (name: string, ...args: string[]): Program =>
  typescript(`../../../examples/python/${name}.ts`, args);

/** Skips the test where the kernel or the user lacks such a socket. */
export function needs(context: TestContext, what: string, open: () => socket.socket): void {
  try {
    open().close();
  } catch (error) {
    if (!(error instanceof socket.OSError)) throw error;
    context.skip(`${what} cannot be had here: ${error.message}`);
  }
}

/** Waits until a program has said this. */
export async function line(program: Program, form: RegExp): Promise<void> {
  for (let tries = 0; !form.test(program.output); tries++) {
    if (tries > 5000) throw new Error(`it never said ${form}: ${program.output}`);
    await delay(10);
  }
}
