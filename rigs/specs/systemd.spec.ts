/** `@sockeye/core/systemd` judged by systemd: its manager starts our services and says what it heard. */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { command, MissingPackages, provision } from '../provision/index.ts';

const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

let seen: Record<string, unknown> = {};
let missing: string | undefined;

beforeAll(async () => {
  if (process.getuid?.() !== 0) {
    missing = 'a service manager of its own takes root, for namespaces and control groups';
    return;
  }
  try {
    await provision(['systemd', 'util-linux'], 'the systemd spec');
  } catch (error) {
    if (!(error instanceof MissingPackages)) throw error;
    missing = error.message;
    return;
  }
  const args = [program('systemd-manager.sh'), process.execPath, program('systemd-driver.mjs')];
  const { status, stdout, stderr } = await command('sh', args);
  // 125: the manager itself did not come up, as where control groups are read-only.
  if (status === 125) missing = stderr;
  else {
    expect([status, stderr]).toEqual([0, '']);
    seen = JSON.parse(stdout);
  }
}, 90_000);

beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

describe('systemd’s own manager', () => {
  it.for<[string, unknown]>([
    // A Type=notify service is running when it has said so; its status and the store's two descriptors are known then.
    ['started', ['running', 'first start', '2']],
    // Longer than WatchdogSec=, and never restarted.
    ['watched', ['active', '0']],
    ['reloading', 'reloading'],
    ['reloaded', ['active', 'reloaded']],
    // What one process stored, the next one reads.
    ['restarted', 'kept,peer remembered'],
    ['stopping', ['stopping', 'deactivating']],
    ['silent', 'watchdog'],
    ['barrier', 'true'],
    ['sockets', 'front stream, front datagram, front seqpacket, front no socket'],
    ['connection', 'connection: hello'],
  ])('%s', ([name, wanted]) => {
    expect(seen[name]).toEqual(wanted);
  });

  it('leaves no control group and no file behind', () => {
    const hierarchies = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'];
    const groups = hierarchies.filter((path) => existsSync(path)).flatMap((path) => readdirSync(path));
    expect(groups.filter((name) => name.startsWith('sockeye-spec-'))).toEqual([]);
    expect(existsSync('/run/user/0/front')).toBe(false);
  });
});
