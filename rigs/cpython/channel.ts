/** This end of a channel: lines with descriptors over a Unix socket. */
import * as facade from '@sockeye/compat-python';

/** What was there before anything was broken on purpose. */
const { recv, recvmsg, sendall, sendmsg, connect, close } = facade.socket.prototype;
const { AF_UNIX, SCM_RIGHTS, SOL_SOCKET, socket } = facade;

/** A line and the descriptors that came or go with it. */
export interface Line {
  readonly text: string;
  readonly fds: number[];
}

export class Channel {
  readonly #socket: facade.socket = socket(AF_UNIX);

  /** To Python, which takes it when a thread wants one. Throws when Python has ended. */
  constructor(path: string) {
    connect.call(this.#socket, path);
  }

  /** The next request; undefined when Python's thread has ended, or its call was interrupted. */
  receive(): Line | undefined {
    try {
      const [first, control] = recvmsg.call(this.#socket, 1 << 18, 2048);
      const fds = control.flatMap(([, , bytes]) => [...new Int32Array(Uint8Array.from(bytes).buffer)]);
      const parts = [first];
      for (let part = first; part.at(-1) !== 10; parts.push(part)) {
        if (part.length === 0) return undefined;
        part = recv.call(this.#socket, 1 << 20);
      }
      return { text: Buffer.concat(parts).toString(), fds };
    } catch {
      return undefined;
    }
  }

  send({ text, fds }: Line): void {
    const message = Buffer.from(`${text}\n`);
    const rights = Buffer.from(Int32Array.from(fds).buffer);
    try {
      const sent = sendmsg.call(
        this.#socket,
        [message],
        fds.length > 0 ? [[SOL_SOCKET, SCM_RIGHTS, rights]] : [],
      );
      sendall.call(this.#socket, message.subarray(sent));
    } catch {
      // Nobody waits for it any more, and no other request will come.
    }
  }

  close(): void {
    close.call(this.#socket);
  }
}
