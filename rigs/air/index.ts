/** Two Bluetooth controllers on one emulated air: BlueZ's btvirt, over the kernel's hci_vhci. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { installed, modprobe } from '../probe/explain.ts';
import { Missing } from '../probe/finding.ts';
import { hold } from './hold.ts';
import { Management, MGMT } from './management.ts';

export interface Controller {
  /** 0 for hci0. */
  readonly index: number;
  /** The six bytes of its address, as a sockaddr has them: the last of its text first. */
  readonly address: Uint8Array;
}

export interface Air {
  /** Two, powered, connectable, and connected to each other. */
  readonly controllers: readonly [Controller, Controller];
  close(): Promise<void>;
}

export interface AirOptions {
  /** Milliseconds for each step. */
  timeout: number;
}

async function prepare(kernel: Management, index: number): Promise<Controller> {
  await kernel.ask(MGMT.SET_CONNECTABLE, index, 1);
  await kernel.ask(MGMT.SET_POWERED, index, 1);
  const info = await kernel.ask(MGMT.READ_INFO, index);
  return { index, address: new Uint8Array(info.subarray(0, 6)) };
}

/**
 * Starts btvirt, which dies with this process.
 *
 * @throws Missing for what the machine lacks, with what mends it
 */
export async function startAir({ timeout }: AirOptions): Promise<Air> {
  if (!existsSync('/dev/vhci'))
    throw new Missing('no /dev/vhci, by which a controller is emulated', modprobe(['hci_vhci']));
  if (!installed('btvirt'))
    throw new Missing('no btvirt, which emulates controllers', 'sudo apt-get install bluez-test-tools');
  using kernel = new Management(timeout);
  const before = await kernel.controllers();
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'btvirt', '-l2'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const gone = new Promise((resolve) => child.once('close', resolve));
  let said = '';
  for (const out of [child.stdout, child.stderr]) out.on('data', (text) => (said += text));
  child.on('error', (error) => (said += error.message));
  let release = (): void => {};
  const close = async (): Promise<void> => {
    release();
    if (child.kill('SIGKILL')) await gone;
    // The kernel takes its controllers away a little later.
    using after = new Management(timeout);
    for (let waited = 0; waited < timeout && (await after.controllers()).length > before.length; waited += 10)
      await sleep(10);
  };
  try {
    for (let waited = 0; waited < timeout && child.exitCode === null; waited += 20) {
      const [one, other] = (await kernel.controllers()).filter((index) => !before.includes(index));
      if (one !== undefined && other !== undefined) {
        const controllers = [await prepare(kernel, one), await prepare(kernel, other)] as const;
        release = await hold(controllers[0].address, controllers[1].address, timeout);
        return { controllers, close };
      }
      await sleep(20);
    }
  } catch (error) {
    await close();
    throw error;
  }
  await close();
  throw new Missing(
    `btvirt made no two controllers: ${said.trim().slice(0, 200)}`,
    modprobe(['hci_vhci', 'ecb', 'cmac', 'algif_skcipher']),
  );
}
