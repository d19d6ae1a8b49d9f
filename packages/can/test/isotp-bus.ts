import { errnos } from '@sockeye/core';
import { expect } from 'vitest';
import { CanSocket } from '../src/can-socket.ts';
import { decodeFrame, encodeFrame } from '../src/frame.ts';
import { formatFrame, parseFrame } from '../src/text.ts';

/** The frames of an interface as text, as candump has it. */
export interface Frames {
  /** What was there since the last look. */
  all(): string[];
  /** Waits for a frame whose text begins so, and passes others over. */
  next(begin: string): Promise<string>;
  send(text: string): void;
  close(): void;
}

export function rawFrames(name: string): Frames {
  const { socket } = CanSocket.openSync(name, { fd: true });
  const bytes = new Uint8Array(72);
  const texts: string[] = [];
  const drain = (): void => {
    for (;;) {
      const size = socket.tryRecvInto(bytes);
      if (size === -errnos.EAGAIN) return;
      if (size < 0) throw new Error(`recv: ${size}`);
      texts.push(formatFrame(decodeFrame(bytes.subarray(0, size))));
    }
  };
  return {
    all: () => {
      drain();
      return texts.splice(0);
    },
    next: async (begin) => {
      const look = (): string | undefined => {
        drain();
        const at = texts.findIndex((text) => text.startsWith(begin));
        return at < 0 ? undefined : texts.splice(0, at + 1).at(-1);
      };
      let found: string | undefined;
      await expect.poll(() => (found = look()), { timeout: 5000, interval: 2 }).toBeDefined();
      return `${found}`;
    },
    send: (text) => {
      const into = new Uint8Array(72);
      const size = encodeFrame(parseFrame(text), into);
      expect(socket.trySend(into.subarray(0, size))).toBe(size);
    },
    close: () => socket.close(),
  };
}
