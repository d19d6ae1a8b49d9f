/** This end of a channel: lines with descriptors over a Unix socket. */
import { constants, Socket } from '@sockeye/core';
import { rights } from '@sockeye/core/cmsg';
import { unix } from '@sockeye/addr';

export class Channel {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** One to Python, which accepts it when a thread wants one; undefined when Python has ended. */
  static to(path: string): Channel | undefined {
    const socket = Socket.create(constants.AF_UNIX, constants.SOCK_STREAM);
    try {
      socket.connectSync(unix(path));
      return new Channel(socket);
    } catch {
      socket.close();
      return undefined;
    }
  }

  /** The next request; undefined when Python's end is closed. */
  receive(): { text: string; fds: number[] } | undefined {
    try {
      return this.#line();
    } catch {
      // Python left without reading the last answer.
      return undefined;
    }
  }

  #line(): { text: string; fds: number[] } | undefined {
    const first = this.#socket.recvMsgSync(1 << 18, { control: 2048 });
    const fds = first.descriptors.map((descriptor) => descriptor.detach());
    const parts = [first.data];
    while (parts.at(-1)?.at(-1) !== 10) {
      if (parts.at(-1)?.length === 0) return undefined;
      parts.push(this.#socket.recvSync(1 << 20));
    }
    return { text: Buffer.concat(parts).toString(), fds };
  }

  send(text: string, fds: readonly number[]): void {
    try {
      this.#send(text, fds);
    } catch {
      // Python does not wait for it any more: the next request never comes.
    }
  }

  #send(text: string, fds: readonly number[]): void {
    const message = Buffer.from(`${text}\n`);
    const control = fds.length > 0 ? [rights([...fds])] : [];
    const sent = this.#socket.sendMsgSync(message, { control });
    if (sent < message.length) this.#socket.sendAllSync(message.subarray(sent));
  }

  close(): void {
    this.#socket.close();
  }
}
