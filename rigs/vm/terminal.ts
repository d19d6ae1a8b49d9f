import type { Vm } from './vm.ts';

const SIGKILL = 9;
const PIPE_BROKEN = 141;

/**
 * Runs a command inside with this process's standard streams, byte by byte; as `terminal`, with a terminal of its own inside
 * that follows this one.
 *
 * @returns its exit status; undefined when it took longer than `timeout` seconds and was killed
 */
export async function through(
  vm: Vm,
  command: readonly string[],
  terminal: boolean,
  timeout: number | undefined,
): Promise<number | undefined> {
  const { stdin, stdout } = process;
  const size = (): { rows: number; columns: number } => ({ rows: stdout.rows, columns: stdout.columns });
  const running = vm.start(command, {
    ...(terminal && { terminal: size(), env: { TERM: process.env.TERM ?? 'dumb' } }),
    onBytes: (bytes, stream) => void process[stream].write(bytes),
  });
  const broken = new Promise<number>((resolve) => {
    // Whoever read this went away, as in "… | head".
    stdout.on('error', () => resolve(PIPE_BROKEN));
  });
  const resize = (): void => running.resize(size().rows, size().columns);
  if (terminal) {
    stdin.setRawMode(true);
    stdout.on('resize', resize);
  }
  if (stdin.isTTY && !terminal) running.endInput();
  else void feed(running);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    if (timeout !== undefined) timer = setTimeout(() => resolve(undefined), timeout * 1000);
  });
  try {
    const status = await Promise.race([running.status, broken, late]);
    if (status === undefined) running.kill(SIGKILL);
    return status;
  } finally {
    clearTimeout(timer);
    stdout.off('resize', resize);
    if (terminal) stdin.setRawMode(false);
    // Otherwise an open pipe would keep this process.
    stdin.destroy();
  }
}

async function feed(running: ReturnType<Vm['start']>): Promise<void> {
  try {
    for await (const bytes of process.stdin) await running.input(bytes as Buffer);
  } catch {
    // Destroyed at the end.
  }
  running.endInput();
}
