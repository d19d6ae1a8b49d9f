/** What the kernel tells of transfers by the error queue of a J1939 socket: SO_J1939_ERRQUEUE, networking/j1939.rst. */
import { constants as c, errnos, MessageBuffer, type Socket } from '@sockeye/core';
import { type Attribute, controlSpace, decodeControl } from '@sockeye/core/cmsg';

/** One thing told. `key` counts the messages that the socket sent, or the interface received. */
export type Notice =
  | { readonly kind: 'progress' | 'acknowledged'; readonly key: number; readonly bytes: number }
  | {
      readonly kind: 'aborted' | 'receive-aborted';
      readonly key: number;
      readonly bytes: number;
      readonly code: string;
      readonly errno: number;
    }
  | {
      readonly kind: 'receiving';
      readonly key: number;
      readonly length: number;
      readonly pgn: number;
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: 'receive-progress'; readonly key: number; readonly bytes: number };

/** sock_extended_err, scm_timestamping, and the attributes: 80 bytes at most. */
const ROOM = controlSpace(32, 48, 128);

function attribute(attributes: readonly Attribute[], type: number): number {
  const data = attributes.find((one) => one.type === type)?.data;
  if (data === undefined) return 0;
  if (data.length < 4) return data[0] ?? 0;
  return new DataView(data.buffer, data.byteOffset).getUint32(0, LITTLE);
}

/** Asks for it: acknowledgements and aborts, `progress` as well if told, or with `receive` what is being received. */
export function askForNotices(socket: Socket, what: { progress?: boolean; receive?: boolean }): void {
  const send = c.SOF_TIMESTAMPING_TX_ACK | (what.progress === true ? c.SOF_TIMESTAMPING_TX_SCHED : 0);
  const flags =
    c.SOF_TIMESTAMPING_SOFTWARE |
    c.SOF_TIMESTAMPING_OPT_CMSG |
    c.SOF_TIMESTAMPING_OPT_ID |
    c.SOF_TIMESTAMPING_OPT_STATS |
    c.SOF_TIMESTAMPING_OPT_TSONLY;
  socket.setsockopt(
    c.SOL_SOCKET,
    c.SO_TIMESTAMPING,
    flags | (what.receive === true ? c.SOF_TIMESTAMPING_RX_SOFTWARE : send),
  );
  socket.setsockopt(c.SOL_CAN_J1939, c.SO_J1939_ERRQUEUE, 1);
}

const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Reads one socket's notices. */
export class ErrorQueue {
  readonly #socket: Socket;
  readonly #data: Uint8Array = new Uint8Array(128);
  /** One for those who wait, one for those who do not: what came is not to be overwritten before it was read. */
  readonly #waited: MessageBuffer = new MessageBuffer({ control: ROOM });
  readonly #message: MessageBuffer = new MessageBuffer({ control: ROOM });

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** The next one, if there is one. */
  tryNext(): Notice | undefined {
    for (;;) {
      const count = this.#socket.tryRecvMsgInto(this.#data, this.#message, c.MSG_ERRQUEUE);
      if (count < 0) return undefined;
      const notice = read(this.#message);
      if (notice !== undefined) return notice;
    }
  }

  /** Waits for one. Throws ECANCELED when the socket is closed meanwhile, ABORT_ERR. */
  async next(signal?: AbortSignal): Promise<Notice> {
    for (;;) {
      await this.#socket.recvMsgInto(this.#data, this.#waited, { flags: c.MSG_ERRQUEUE, signal });
      const notice = read(this.#waited);
      if (notice !== undefined) return notice;
    }
  }
}

function read(buffer: MessageBuffer): Notice | undefined {
  let error:
    | { errno: number; name: string | undefined; origin: unknown; info: number; data: number }
    | undefined;
  let attributes: readonly Attribute[] = [];
  for (const message of buffer.control()) {
    const control = decodeControl(message);
    if (control.kind === 'error') error = control;
    if (control.kind === 'timestamping-statistics') attributes = control.attributes;
  }
  if (error === undefined) return undefined;
  const { data: key, info } = error;
  const bytes = attribute(attributes, c.J1939_NLA_BYTES_ACKED);
  if (error.origin === 'txstatus') {
    if (info === c.SCM_TSTAMP_ACK) return { kind: 'acknowledged', key, bytes };
    return info === c.SCM_TSTAMP_SCHED ? { kind: 'progress', key, bytes } : undefined;
  }
  // The kernel has it positive in some places and negative in others.
  const errno = Math.abs(error.errno | 0);
  const code = Object.entries(errnos).find(([, number]) => number === errno)?.[0] ?? `E${errno}`;
  if (info === c.J1939_EE_INFO_TX_ABORT) return { kind: 'aborted', key, bytes, code, errno };
  if (info === c.J1939_EE_INFO_RX_ABORT) return { kind: 'receive-aborted', key, bytes, code, errno };
  if (info === c.J1939_EE_INFO_RX_DPO) return { kind: 'receive-progress', key, bytes };
  if (info !== c.J1939_EE_INFO_RX_RTS) return undefined;
  const of = (type: number): number => attribute(attributes, type);
  return {
    kind: 'receiving',
    key,
    length: of(c.J1939_NLA_TOTAL_SIZE),
    pgn: of(c.J1939_NLA_PGN),
    from: of(c.J1939_NLA_SRC_ADDR),
    to: of(c.J1939_NLA_DEST_ADDR),
  };
}
