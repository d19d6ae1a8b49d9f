/** This end of a channel: text, bytes and descriptors over a Unix socket. */
import * as facade from '@sockeye/compat-python';

/** What was there before anything was broken on purpose. */
const { recv, recvmsg, sendall, sendmsg, connect, close } = facade.socket.prototype;
const { AF_UNIX, SCM_RIGHTS, SOL_SOCKET, socket } = facade;

/** A text in JSON with the bytes and the descriptors that it speaks of; behind the lengths of text and bytes. */
export interface Message {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly fds: number[];
}

export class Channel {
  readonly #socket: facade.socket = socket(AF_UNIX);

  /** One to Python, which takes it when a thread wants one; undefined when Python has ended. */
  static to(path: string): Channel | undefined {
    const channel = new Channel();
    try {
      connect.call(channel.#socket, path);
      return channel;
    } catch {
      return undefined;
    }
  }

  /** The next request; undefined when Python's thread has ended, or its call was interrupted. */
  receive(): Message | undefined {
    try {
      const [first, control] = recvmsg.call(this.#socket, 1 << 18, 2048);
      const fds = control.flatMap(([, , bytes]) => [...new Int32Array(Uint8Array.from(bytes).buffer)]);
      const parts = [first];
      let wanted = 8 + first.readUInt32LE() + first.readUInt32LE(4) - first.length;
      for (let part = first; wanted > 0; wanted -= part.length) {
        part = recv.call(this.#socket, wanted);
        if (part.length === 0) return undefined;
        parts.push(part);
      }
      const whole = Buffer.concat(parts);
      const end = 8 + whole.readUInt32LE();
      return { text: whole.toString('utf8', 8, end), bytes: whole.subarray(end), fds };
    } catch {
      return undefined;
    }
  }

  send({ text, bytes, fds }: Message): void {
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32LE(Buffer.byteLength(text));
    lengths.writeUInt32LE(bytes.length, 4);
    const message = Buffer.concat([lengths, Buffer.from(text), bytes]);
    const rights = [SOL_SOCKET, SCM_RIGHTS, Buffer.from(Int32Array.from(fds).buffer)] as const;
    try {
      const sent = sendmsg.call(this.#socket, [message], fds.length > 0 ? [rights] : []);
      sendall.call(this.#socket, message.subarray(sent));
    } catch {
      // Nobody waits for it any more, and no other request will come.
    }
  }

  close(): void {
    close.call(this.#socket);
  }
}
