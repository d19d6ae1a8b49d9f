import { spawn } from 'node:child_process';
import { ip } from '../../netns/ip.ts';

/** As far as is looked at, what `ip -json -details -statistics link show` says of a CAN interface. */
export interface CanLink {
  operstate: string;
  mtu: number;
  linkinfo: {
    info_data: {
      state: string;
      ctrlmode?: string[];
      restart_ms: number;
      berr_counter?: { tx: number; rx: number };
      bittiming?: { bitrate: number; sample_point: string };
      data_bittiming?: { bitrate: number };
    };
    info_xstats?: Record<'restarts' | 'bus_error' | 'error_warning' | 'error_passive' | 'bus_off', number>;
  };
  stats64: Record<'rx' | 'tx', { bytes: number; packets: number; errors: number; dropped: number }>;
}

export function link(name: string): CanLink {
  const links = JSON.parse(ip('-json', '-details', '-statistics', 'link', 'show', name)) as CanLink[];
  if (links[0] === undefined) throw new Error(`ip knows no ${name}`);
  return links[0];
}

/** Takes an interface down, sets what its kind has to set, and brings it up again. */
export function configure(name: string, ...settings: (string | number)[]): void {
  ip('link', 'set', name, 'down');
  if (settings.length > 0) ip('link', 'set', name, 'type', 'can', ...settings.map(String));
  ip('link', 'set', name, 'up');
}

/** Runs a shell's line after a while, in a process of its own: for what happens while this one is blocked. */
export function later(ms: number, line: string): Promise<void> {
  const child = spawn('sh', ['-c', `sleep ${ms / 1000}; ${line}`], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) =>
      status === 0 ? resolve() : reject(new Error(`${line}: status ${status}`)),
    );
  });
}

/** Bytes and packets that an interface has sent and received since `before`. */
export function moved(
  name: string,
  before: CanLink,
): Record<'rx' | 'tx', { bytes: number; packets: number }> {
  const { rx, tx } = link(name).stats64;
  const since = (now: typeof rx, then: typeof rx) => ({
    bytes: now.bytes - then.bytes,
    packets: now.packets - then.packets,
  });
  return { rx: since(rx, before.stats64.rx), tx: since(tx, before.stats64.tx) };
}
