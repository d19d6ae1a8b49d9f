/** What two containers' programs say to each other: JSON over a Unix socket in a folder that both have. */
import { unix } from '@sockeye/addr';
import { constants as c, Socket } from '@sockeye/core';
import { controlSpace, rights } from '@sockeye/core/cmsg';
import type { Kind, Side } from '../../contracts/media/link.ts';

/** What is asked of an agent. */
export type Asked =
  | { ask: 'side' }
  | { ask: 'descriptors' }
  | { ask: 'socket'; kind: Kind }
  | { ask: 'frames'; count: number; to: string }
  | { ask: 'duet'; medium: string; name: string };

/** What comes back, and what the two of a duet tell each other. */
type Said = { word: string; value?: unknown } | { error: string };

/** Bytes of the longest message. */
const LARGEST = 65_536;
/** Milliseconds that anything may take. */
export const DEADLINE = 10_000;

const path = (name: string): string => `/shared/${name}.sock`;
const kind = [c.AF_UNIX, c.SOCK_SEQPACKET] as const;

/** A Side without what makes its sockets. */
export type Description = Omit<Side, 'create'>;

/** A connection between an agent and who asks it. */
export class Line {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Over this socket, which has waited once: from then on it has as many descriptors as it will ever have. */
  static async over(socket: Socket): Promise<Line> {
    await socket.wait({ exceptional: true, timeout: 1 }).catch(() => {});
    return new Line(socket);
  }

  /** To the agent of that name. */
  static async to(name: string): Promise<Line> {
    const socket = Socket.create(...kind);
    await socket.connect(unix(path(name)), { timeout: DEADLINE });
    return Line.over(socket);
  }

  /** Those who connect to the agent of that name. */
  static listen(name: string): Socket {
    const listener = Socket.create(...kind);
    listener.bind(unix(path(name)));
    listener.listen();
    return listener;
  }

  async ask(asked: Asked): Promise<unknown> {
    await this.#send(asked);
    return asked.ask === 'duet' ? undefined : this.hear('answer');
  }

  /** What is asked next; undefined when nobody is there any more. */
  async next(): Promise<Asked | undefined> {
    const bytes = await this.#socket.recv(LARGEST);
    return bytes.length === 0 ? undefined : (JSON.parse(bytes.toString()) as Asked);
  }

  async tell(word: string, value?: unknown): Promise<void> {
    await this.#send({ word, value });
  }

  async fail(error: unknown): Promise<void> {
    await this.#send({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }

  /** @throws Error with the other's words when it failed, and when it says something else */
  async hear(word: string): Promise<unknown> {
    return read((await this.#socket.recv(LARGEST, { timeout: DEADLINE })).toString(), word);
  }

  /** Has the agent make a socket in its network; this thread waits until it is there. */
  create(wanted: Kind): Socket {
    const asked: Asked = { ask: 'socket', kind: wanted };
    this.#socket.sendSync(Buffer.from(JSON.stringify(asked)), { timeout: DEADLINE });
    const message = this.#socket.recvMsgSync(LARGEST, { control: controlSpace(4), timeout: DEADLINE });
    read(message.data.toString(), 'socket');
    const [descriptor] = message.descriptors;
    if (descriptor === undefined) throw new Error('the socket did not come');
    return Socket.fromFd(descriptor, wanted);
  }

  /** Gives a socket away. */
  async give(socket: Socket): Promise<void> {
    const said: Said = { word: 'socket' };
    await this.#socket.sendMsg(Buffer.from(JSON.stringify(said)), { control: [rights([socket])] });
  }

  async #send(what: Asked | Said): Promise<void> {
    await this.#socket.send(Buffer.from(JSON.stringify(what)), { timeout: DEADLINE });
  }

  close(): void {
    this.#socket.close();
  }
}

function read(text: string, word: string): unknown {
  if (text === '') throw new Error(`'${word}' was due, and the other container's program is gone`);
  const said = JSON.parse(text) as Said;
  if ('error' in said) throw new Error(`in the other container: ${said.error}`);
  if (said.word !== word) throw new Error(`'${word}' was due, and it was '${said.word}'`);
  return said.value;
}
