/** This end of a channel: messages with descriptors over a Unix socket. */
import { constants, Socket } from '@sockeye/core';
import { rights } from '@sockeye/core/cmsg';
import { unix } from '@sockeye/addr';

export class Channel {
  readonly #socket: Socket;

  constructor(path: string) {
    this.#socket = Socket.create(constants.AF_UNIX, constants.SOCK_STREAM);
    this.#socket.connectSync(unix(path));
  }

  /** The next request; undefined when Python's end is closed. */
  receive(): { bytes: Buffer; fds: number[] } | undefined {
    const first = this.#socket.recvMsgSync(1 << 16, { control: 2048 });
    if (first.data.length === 0) return undefined;
    const fds = first.descriptors.map((descriptor) => descriptor.detach());
    const parts = [first.data];
    let length = first.data.length;
    while (length < 4 || length < 4 + Buffer.concat(parts).readUInt32LE()) {
      const more = this.#socket.recvSync(1 << 20);
      if (more.length === 0) return undefined;
      length += more.length;
      parts.push(more);
    }
    return { bytes: Buffer.concat(parts).subarray(4), fds };
  }

  send(message: Buffer, fds: readonly number[]): void {
    const control = fds.length > 0 ? [rights([...fds])] : [];
    const sent = this.#socket.sendMsgSync(message, { control });
    if (sent < message.length) this.#socket.sendAllSync(message.subarray(sent));
  }

  close(): void {
    this.#socket.close();
  }
}
