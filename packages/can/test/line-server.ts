/** Adapters and daemons at the other end of a connection, on a bus in memory. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { CanBus, ReceivedFrame } from '../src/bus.ts';
import { VirtualCan } from '../src/memory.ts';

export interface Speech {
  /** What it says first, to whom a connection was made. */
  readonly hello?: string;
  /** What ends a line of the client's. */
  readonly ends: RegExp;
  /** Answers a line, with the node of the bus that this connection is. */
  readonly heard: (line: string, node: CanBus, say: (text: string) => void) => Promise<void> | void;
  /** A frame, as it is said; undefined where it is not. */
  readonly said: (frame: ReceivedFrame) => string | undefined;
}

export class LineServer implements AsyncDisposable {
  readonly wire: VirtualCan = new VirtualCan();
  /** All that clients said, line by line. */
  readonly lines: string[] = [];
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();

  private constructor(speech: Speech) {
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket, speech));
  }

  static async listen(speech: Speech): Promise<LineServer> {
    const made = new LineServer(speech);
    made.#server.listen(0, '127.0.0.1');
    await once(made.#server, 'listening');
    return made;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async connect(): Promise<Socket> {
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return socket;
  }

  /** Ends all connections, as a machine that goes away. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket, { hello, ends, heard, said }: Speech): void {
    this.#sockets.add(socket);
    const node = this.wire.open();
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      void node.close();
    });
    if (hello !== undefined) socket.write(hello);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
        const line = text.slice(0, end.index + end[0].length);
        text = text.slice(line.length);
        this.lines.push(line);
        void heard(line, node, (words) => socket.write(words));
      }
    });
    void (async () => {
      for await (const frame of node.frames()) {
        const words = said(frame);
        if (words !== undefined) socket.write(words, 'latin1');
      }
    })();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hangUp();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
