import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('./programs/ending.ts', import.meta.url));

describe('what is to be undone at the end', () => {
  it.each([
    ['none', 1, [null, 'SIGTERM']],
    ['signal-exit', 2, [null, 'SIGTERM']],
    ['signal-exit, after', 2, [null, 'SIGTERM']],
    ['own', 2, [7, null]],
  ])('is undone once by a signal, which ends the process as it would have: beside %s', async (beside, listeners, end) => {
    const child = spawn(process.execPath, ['--import', 'tsx', program, beside], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (text.includes('ready')) child.kill('SIGTERM');
    });
    const hangs = setTimeout(() => child.kill('SIGKILL'), 10_000);
    expect(await once(child, 'close')).toEqual(end);
    clearTimeout(hangs);
    expect(said).toBe(`ready ${listeners}\nundone\n`);
  });
});
