/** A bus, and who is on it, for the tests of J1939. */
import { can } from '@sockeye/addr';
import { constants, ifNameToIndex, platform, Socket } from '@sockeye/core';
import { afterEach, beforeEach } from 'vitest';
import { decodeFrame, encodeFrame } from '../src/frame.ts';
import { ext } from '../src/id.ts';
import { decodePduId } from '../src/j1939/pgn.ts';
import { encodeName, J1939, type J1939Change, type J1939Message, type J1939Messages } from '../src/j1939.ts';

/** A virtual CAN bus for these tests alone. */
export const BUS = process.env.SOCKEYE_VCAN ?? 'vcan0';
/** Proprietary A, PDU1, and one of Proprietary B, PDU2: SAE J1939-21. */
export const PROPRIETARY_A = 0xef00;
export const PROPRIETARY_B = 0xff42;
export const name = encodeName({ manufacturer: 0x7ff, identity: 0x1000 });
export const later = encodeName({ manufacturer: 0x7ff, identity: 0x2000 });

function whyNot(): string | undefined {
  if (platform !== 'linux') return 'J1939 sockets are Linux only';
  try {
    Socket.create(constants.AF_CAN, constants.SOCK_DGRAM, constants.CAN_J1939).close();
    J1939.open(BUS).close();
    return undefined;
  } catch (error) {
    return `no J1939 on a virtual CAN bus ${BUS}: ${(error as Error).message}`;
  }
}

const reason = whyNot();
const ecus: J1939[] = [];

export function keep(ecu: J1939): J1939 {
  ecus.push(ecu);
  return ecu;
}
export const open = (address?: number, bus = BUS): J1939 => keep(J1939.open(bus, { address }));

export async function next(messages: J1939Messages): Promise<J1939Message> {
  const { value, done } = await messages.next();
  if (done || value === undefined) throw new Error('closed');
  return value;
}

/** Until a change of this type. */
export async function until(ecu: J1939, type: J1939Change['type']): Promise<J1939Change> {
  for await (const change of ecu.changes({ signal: AbortSignal.timeout(10_000) })) {
    if (change.type === type) return change;
  }
  throw new Error(`closed before ${type}`);
}

/** Frames, as who breaks the rules of J1939 sends them. */
export class RawBus implements Disposable {
  readonly #socket: Socket = Socket.create(constants.AF_CAN, constants.SOCK_RAW, constants.CAN_RAW);

  constructor() {
    this.#socket.bind(can(ifNameToIndex(BUS)));
  }

  send(id: number, ...data: readonly number[]): void {
    const bytes = new Uint8Array(16);
    encodeFrame({ id: ext(id), data: Uint8Array.from(data) }, bytes);
    this.#socket.sendSync(bytes);
  }

  /** Waits for a frame of this parameter group from this address to that one. */
  async until(pgn: number, source: number, destination: number): Promise<void> {
    for (;;) {
      const { id } = decodeFrame(await this.#socket.recv(16, { timeout: 5000 }));
      const found = decodePduId(id);
      if (found.pgn === pgn && found.source === source && found.destination === destination) return;
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

export const pattern = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) & 0xff);

/** Skips where there is no bus, and closes what was opened. */
export function onBus(): void {
  beforeEach((context) => {
    if (reason !== undefined) context.skip(reason);
  });

  afterEach(async () => {
    await Promise.all(ecus.splice(0).map((ecu) => ecu.close()));
  });
}
