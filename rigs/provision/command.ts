import { spawn } from 'node:child_process';
import { atEnd } from './ending.ts';

export interface Outcome {
  /** The exit status; 127 when there is no such command, 128 when a signal ended it. */
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a program of this machine to its end and collects what it says. */
export function command(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { ...(options.env ?? process.env), LC_ALL: 'C.UTF-8' };
    const child = spawn(program, args, { ...options, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const forget = atEnd(() => child.kill());
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error) => {
      forget();
      resolve({ status: 127, stdout, stderr: `${program}: ${error.message}` });
    });
    child.on('close', (status, signal) => {
      forget();
      resolve({ status: status ?? 128, stdout, stderr: signal === null ? stderr : `${stderr}(${signal})` });
    });
  });
}
