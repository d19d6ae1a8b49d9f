import type { Duplex } from 'node:stream';

/** Kinds of frames to the agent, as in guest/agent.c. */
export const TO_GUEST = { start: 1, input: 2, signal: 3, size: 4, powerOff: 5 } as const;
/** Kinds of frames from it. */
export const FROM_GUEST = { hello: 0, stdout: 1, stderr: 2, exit: 3 } as const;

/** Length of the payload and number of the command (u32, little-endian), kind (u8). */
const HEADER = 9;

export type OnFrame = (command: number, kind: number, payload: Buffer) => void;

/** Frames over the port between host and guest. */
export class Channel {
  readonly #stream: Duplex;
  #rest: Buffer[] = [];
  #size = 0;

  constructor(stream: Duplex, onFrame: OnFrame) {
    this.#stream = stream;
    // The machine's end is told by its process.
    stream.on('error', () => {});
    stream.on('data', (bytes: Buffer) => {
      this.#rest.push(bytes);
      this.#size += bytes.length;
      this.#take(onFrame);
    });
  }

  #take(onFrame: OnFrame): void {
    if (this.#size < HEADER) return;
    let bytes = this.#rest.length === 1 ? (this.#rest[0] as Buffer) : Buffer.concat(this.#rest);
    while (bytes.length >= HEADER) {
      const end = HEADER + bytes.readUInt32LE(0);
      if (bytes.length < end) break;
      onFrame(bytes.readUInt32LE(4), bytes.readUInt8(8), bytes.subarray(HEADER, end));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes.length === 0 ? [] : [bytes];
    this.#size = bytes.length;
  }

  /** Sends a frame; resolves when the machine has taken it, or is gone. */
  send(command: number, kind: number, payload: Uint8Array = new Uint8Array()): Promise<void> {
    const header = Buffer.alloc(HEADER);
    header.writeUInt32LE(payload.length, 0);
    header.writeUInt32LE(command, 4);
    header.writeUInt8(kind, 8);
    if (!this.#stream.writable) return Promise.resolve();
    return new Promise((resolve) => {
      this.#stream.write(Buffer.concat([header, payload]), () => resolve());
    });
  }
}

/** A payload of 32-bit numbers, then strings that a NUL ends. */
export function pack(numbers: readonly number[], strings: readonly string[] = []): Buffer {
  const head = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, index) => {
    head.writeUInt32LE(number, 4 * index);
  });
  return Buffer.concat([head, ...strings.map((text) => Buffer.from(`${text}\0`))]);
}
