import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { MissingPackages } from '../provision/index.ts';
import { Vm, VmError, type VmOptions } from '../vm/index.ts';

/** A machine, or the test is skipped for want of packages. */
async function boot(context: TestContext, options: VmOptions = {}): Promise<Vm> {
  try {
    return await Vm.boot({ memory: 1024, ...options });
  } catch (error) {
    if (error instanceof MissingPackages) context.skip(error.message);
    throw error;
  }
}

const folderOf = (vm: Vm): string => dirname(vm.results.host);

/** The process that is a machine. */
function processOf(vm: Vm): number {
  const { qemu } = JSON.parse(readFileSync(join(folderOf(vm), 'claim.json'), 'utf8'));
  return qemu.pid;
}

const gone = (vm: Vm, pid: number): void => {
  expect(existsSync(folderOf(vm))).toBe(false);
  expect(existsSync(`/proc/${pid}`)).toBe(false);
};

const opens = `import socket
for name, family, kind, protocol in (('tipc', 30, 2, 0), ('isotp', 29, 2, 6), ('raw', 29, 3, 1)):
  try: socket.socket(family, kind, protocol); print(name, 'there')
  except OSError as error: print(name, 'not')
`;

describe('a machine', { timeout: 180_000 }, () => {
  it('without a module has not what it brings; killed, it is one message', async (context) => {
    const vm = await boot(context, { modules: { without: ['tipc', 'can-isotp'] } });
    const { stdout } = await vm.run(['python3', '-c', opens]);
    expect(stdout).toBe('tipc not\nisotp not\nraw there\n');
    expect(await vm.run(['modprobe', 'tipc'])).toMatchObject({ status: 1 });
    const pid = processOf(vm);
    const waiting = vm.run(['sleep', '100']);
    process.kill(pid, 'SIGKILL');
    await expect(waiting).rejects.toThrow(new VmError('the virtual machine was killed (SIGKILL)').message);
    await expect(vm.run(['true'])).rejects.toBeInstanceOf(VmError);
    gone(vm, pid);
    await vm.close();
  });

  it('that panics is one message, with the panic in it', async (context) => {
    const vm = await boot(context);
    const pid = processOf(vm);
    const run = vm.run(['sh', '-c', 'echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger'], {
      timeout: 60_000,
    });
    await expect(run).rejects.toThrow(
      /^the virtual machine’s kernel panicked; its console said last:\n[\s\S]*Kernel panic - not syncing/,
    );
    gone(vm, pid);
  });

  it('that hangs is given up; closed twice is closed', async (context) => {
    const vm = await boot(context);
    const pid = processOf(vm);
    process.kill(pid, 'SIGSTOP');
    await expect(vm.run(['true'], { timeout: 500 })).rejects.toThrow(
      /^true took longer than 500 ms, and the virtual machine hangs; its console said last:/,
    );
    gone(vm, pid);
    await vm.close();
    await vm.close();
  });

  it('is cancelled while it boots', async (context) => {
    const probe = new AbortController();
    const booting = boot(context, {
      signal: probe.signal,
      log: (line) => line.length > 0 && probe.abort(),
    });
    await expect(booting).rejects.toThrow(/^the virtual machine was cancelled/);
    const children = execFileSync('ps', ['-o', 'comm=', '--ppid', String(process.pid)], { encoding: 'utf8' });
    expect(children).not.toMatch(/qemu/);
  });
});

describe('options that cannot be', () => {
  it.each<[VmOptions, string]>([
    [{ memory: 10 }, 'memory must be an integer from 256 to 65536; got 10'],
    [{ memory: 1000.5 }, 'memory must be an integer from 256 to 65536; got 1000.5'],
    [{ can: { bitrate: 1 } }, 'can.bitrate must be an integer from 10000 to 1000000; got 1'],
    [{ modules: { without: ['a b'] } }, 'modules.without must name modules; got "a b"'],
  ])('%j: %s', async (options, words) => {
    await expect(Vm.boot(options)).rejects.toThrow(words);
  });

  it.each<[string, RegExp]>([
    ['nosuch', /^modules\.without: nosuch is no module of 6\.1\./],
    ['unix', /^modules\.without: unix is built into 6\.1\./],
  ])('a module that cannot be left out: %s', async (name, words) => {
    await expect(Vm.boot({ modules: { without: [name] } })).rejects.toThrow(words);
  });
});
