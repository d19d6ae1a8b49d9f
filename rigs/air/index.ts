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
  /** Milliseconds for each answer of the kernel, and each connection. */
  timeout: number;
}

/**
 * Milliseconds that each start of btvirt is waited for. The kernel gives a controller two seconds for each of its first
 * commands (HCI_CMD_TIMEOUT), and never lists one that was late, as btvirt is on a machine that is busy enough: then
 * only another start helps.
 */
const STARTS = [3000, 6000, 9000, 12_000];

async function prepare(kernel: Management, index: number): Promise<Controller> {
  await kernel.ask(MGMT.SET_CONNECTABLE, index, 1);
  await kernel.ask(MGMT.SET_POWERED, index, 1);
  const info = await kernel.ask(MGMT.READ_INFO, index);
  return { index, address: new Uint8Array(info.subarray(0, 6)) };
}

/** btvirt, as it runs. */
interface Emulator {
  /** What it said. */
  said(): string;
  ended(): boolean;
  /** Ends it, and waits until the kernel has taken its controllers away, which is a little later. */
  close(): Promise<void>;
}

function startEmulator(before: readonly number[], timeout: number): Emulator {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'btvirt', '-l2'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const gone = new Promise((resolve) => child.once('close', resolve));
  let said = '';
  for (const out of [child.stdout, child.stderr]) out.on('data', (text) => (said += text));
  child.on('error', (error) => (said += error.message));
  const close = async (): Promise<void> => {
    if (child.kill('SIGKILL')) await gone;
    using after = new Management(timeout);
    for (let waited = 0; waited < timeout && (await after.controllers()).length > before.length; waited += 10)
      await sleep(10);
  };
  return {
    said: () => said.trim(),
    ended: () => child.exitCode !== null || child.signalCode !== null,
    close,
  };
}

/** The controllers that were not there before; undefined when they are not both there in time. */
async function appeared(
  kernel: Management,
  before: readonly number[],
  emulator: Emulator,
  ms: number,
): Promise<readonly [Controller, Controller] | undefined> {
  const until = performance.now() + ms;
  while (performance.now() < until && !emulator.ended()) {
    const [one, other] = (await kernel.controllers()).filter((index) => !before.includes(index));
    if (one !== undefined && other !== undefined)
      return [await prepare(kernel, one), await prepare(kernel, other)];
    await sleep(20);
  }
  return undefined;
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
  let said = '';
  for (const ms of STARTS) {
    const emulator = startEmulator(before, timeout);
    try {
      const controllers = await appeared(kernel, before, emulator, ms);
      if (controllers !== undefined) {
        const release = await hold(controllers[0].address, controllers[1].address, timeout);
        const close = async (): Promise<void> => {
          release();
          await emulator.close();
        };
        return { controllers, close };
      }
    } catch (error) {
      await emulator.close();
      throw error;
    }
    await emulator.close();
    said = emulator.said();
  }
  throw new Missing(
    `btvirt made no two controllers in ${STARTS.length} starts: ${said.slice(0, 200)}`,
    modprobe(['hci_vhci', 'ecb', 'cmac', 'algif_skcipher']),
  );
}
