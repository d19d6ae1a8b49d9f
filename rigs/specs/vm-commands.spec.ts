import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MissingPackages } from '../provision/index.ts';
import { Vm } from '../vm/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

let vm: Vm;
const shown: string[] = [];
let missing: string | undefined;
beforeAll(async () => {
  try {
    const began = performance.now();
    vm = await Vm.boot({ log: (line) => void shown.push(line) });
    const { status } = await vm.run(['true']);
    const seconds = (performance.now() - began) / 1000;
    console.log(
      `${vm.kernel} (${vm.accel}): up in ${(vm.bootMs / 1000).toFixed(1)} s, first command done after ${seconds.toFixed(1)} s`,
    );
    expect(status).toBe(0);
    expect(seconds).toBeLessThan(60);
  } catch (error) {
    if (!(error instanceof MissingPackages)) throw error;
    missing = error.message;
  }
}, 120_000);
afterAll(() => vm?.close());
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

const sh = (script: string, options = {}) => vm.run(['sh', '-c', script], options);

describe('a command inside', () => {
  it('has its status and its streams', async () => {
    expect(await sh('echo out; echo err >&2; exit 7')).toEqual({
      status: 7,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(await sh('kill -TERM $$')).toMatchObject({ status: 128 + 15 });
  });

  it('runs under the kernel asked for, in the checkout, on the host’s files', async () => {
    const { stdout } = await sh('uname -r; pwd; cat package.json', { env: { PWD: '/' } });
    const [release, cwd, ...file] = stdout.split('\n');
    expect(release).toMatch(/^6\.1\./);
    expect(release).toBe(vm.kernel);
    expect(cwd).toBe(root);
    expect(file.join('\n')).toBe(readFileSync(join(root, 'package.json'), 'utf8'));
  });

  it('writes over the host’s files without the host seeing it', async () => {
    const { stdout } = await sh('echo inside > LICENSE; cat LICENSE');
    expect(stdout).toBe('inside\n');
    expect(readFileSync(join(root, 'LICENSE'), 'utf8')).not.toBe('inside\n');
  });

  it('brings files back through the folder for results', async () => {
    await sh(`echo back > ${vm.results.guest}/file`);
    expect(readFileSync(join(vm.results.host, 'file'), 'utf8')).toBe('back\n');
  });

  it('gets its environment and nothing of ours', async () => {
    const { stdout } = await vm.run(['env'], { env: { GIVEN: 'a b\n"c"' } });
    expect(stdout).toContain('GIVEN=a b\n"c"\n');
    expect(stdout).toContain('SOCKEYE_RIG=vm 6.1\n');
    expect(stdout).not.toContain('VITEST');
  });

  it('is not found, or may not run', async () => {
    expect(await vm.run(['nosuch', 'x'])).toEqual({
      status: 127,
      stdout: '',
      stderr: 'rig: nosuch: command not found in the virtual machine\n',
    });
    expect(await vm.run(['/etc/passwd'])).toMatchObject({
      status: 126,
      stderr: 'rig: /etc/passwd: Permission denied in the virtual machine\n',
    });
  });

  it('streams its output as it comes', async () => {
    const heard: [string, string][] = [];
    let first = 0;
    await sh('echo one; sleep 1; echo two >&2', {
      onOutput: (text: string, stream: string) => {
        first ||= performance.now();
        heard.push([stream, text]);
      },
    });
    expect(heard).toEqual([
      ['stdout', 'one\n'],
      ['stderr', 'two\n'],
    ]);
    expect(performance.now() - first).toBeGreaterThan(900);
  });

  it('says megabytes, bytes of all values, without loss', async () => {
    const parts: Buffer[] = [];
    const size = 8 << 20;
    const running = vm.start(['sh', '-c', `head -c ${size} /dev/urandom | tee ${vm.results.guest}/random`], {
      onBytes: (bytes) => void parts.push(Buffer.from(bytes)),
    });
    expect(await running.status).toBe(0);
    const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
    const said = Buffer.concat(parts);
    expect(said.length).toBe(size);
    expect(digest(said)).toBe(digest(readFileSync(join(vm.results.host, 'random'))));
  });

  it('gets megabytes of input, as much as it takes', async () => {
    const parts: Buffer[] = [];
    const running = vm.start(['sha256sum'], { onBytes: (bytes) => void parts.push(Buffer.from(bytes)) });
    const input = Buffer.alloc(12 << 20, 'sockeye');
    await running.input(input);
    running.endInput();
    expect(await running.status).toBe(0);
    expect(Buffer.concat(parts).toString()).toBe(`${createHash('sha256').update(input).digest('hex')}  -\n`);
    // One that leaves without reading is no trouble.
    const leaving = vm.start(['true'], { onBytes: () => {} });
    await leaving.input(Buffer.alloc(1 << 20));
    expect(await leaving.status).toBe(0);
  });

  it('is not disturbed by a console full of kernel messages', async () => {
    // Lines at level 2 of the kernel's log, which go to the console.
    const flood = 'for i in $(seq 3000); do echo "<2>flood $i" > /dev/kmsg; done';
    const [{ stdout }] = await Promise.all([sh('for i in $(seq 2000); do echo line $i; done'), sh(flood)]);
    expect(stdout).toBe(Array.from({ length: 2000 }, (_, index) => `line ${index + 1}\n`).join(''));
    expect(shown.filter((line) => line.includes('flood')).length).toBeGreaterThan(100);
    expect(await sh('echo still there')).toMatchObject({ status: 0, stdout: 'still there\n' });
  });

  it('may leave a daemon behind without being waited for', async () => {
    const began = performance.now();
    expect(await sh('sleep 100 & echo started')).toMatchObject({ status: 0, stdout: 'started\n' });
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it('runs beside others', async () => {
    const runs = await Promise.all([1, 2, 3, 4, 5].map((number) => sh(`sleep 0.5; echo ${number}`)));
    expect(runs.map(({ stdout }) => stdout)).toEqual(['1\n', '2\n', '3\n', '4\n', '5\n']);
  });

  it('has a deadline; the machine goes on', async () => {
    await expect(sh('echo so far; sleep 100', { timeout: 1500 })).rejects.toThrow(
      'took longer than 1500 ms and was killed; it said last:\nso far',
    );
    expect(await sh('echo $((1 + 1))')).toMatchObject({ stdout: '2\n' });
  });

  it('has a terminal when it is given one', async () => {
    let text = '';
    const running = vm.start(['sh', '-c', 'tty; stty size; read line; echo "[$line]"'], {
      terminal: { rows: 33, columns: 99 },
      onBytes: (bytes) => {
        text += bytes.toString();
      },
    });
    await running.input(Buffer.from('typed\n'));
    expect(await running.status).toBe(0);
    expect(text).toMatch(/\/dev\/pts\/0\r\n33 99\r\n/);
    expect(text).toContain('[typed]\r\n');
  });
});
