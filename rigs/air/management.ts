/** The kernel's management interface of Bluetooth, BlueZ's doc/mgmt-api: a header of code, controller and length, then parameters. */
import { Socket } from '@sockeye/core';

const AF_BLUETOOTH = 31;
const SOCK_RAW = 3;
const BTPROTO_HCI = 1;
/** struct sockaddr_hci of net/bluetooth/hci_sock.h: no device, HCI_CHANNEL_CONTROL. */
const CONTROL = Uint8Array.of(AF_BLUETOOTH, 0, 0xff, 0xff, 3, 0);
const NO_DEVICE = 0xffff;

export const MGMT = {
  READ_VERSION: 0x0001,
  READ_INDEX_LIST: 0x0003,
  READ_INFO: 0x0004,
  SET_POWERED: 0x0005,
  SET_CONNECTABLE: 0x0007,
} as const;
const EV_CMD_COMPLETE = 0x0001;
const EV_CMD_STATUS = 0x0002;

/** A command of {@link Management} that the kernel refused. */
class ManagementError extends Error {
  constructor(code: number, status: number) {
    super(`the management command ${code} failed with status ${status}`);
    this.name = 'ManagementError';
  }
}

/** A socket on the control channel, which takes CAP_NET_ADMIN for whatever changes something. */
export class Management implements Disposable {
  readonly #socket: Socket;
  readonly #timeout: number;

  /** @param timeout milliseconds for each answer */
  constructor(timeout: number) {
    this.#timeout = timeout;
    this.#socket = Socket.create(AF_BLUETOOTH, SOCK_RAW, BTPROTO_HCI);
    try {
      this.#socket.bind(CONTROL);
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  /** Asks the kernel, of a controller or of none, and gives the answer's parameters. */
  async ask(code: number, index: number = NO_DEVICE, ...parameters: number[]): Promise<Buffer> {
    const wait = { timeout: this.#timeout };
    const request = Buffer.alloc(6 + parameters.length);
    request.writeUInt16LE(code, 0);
    request.writeUInt16LE(index, 2);
    request.writeUInt16LE(parameters.length, 4);
    request.set(parameters, 6);
    await this.#socket.send(request, wait);
    for (;;) {
      const event = await this.#socket.recv(512, wait);
      const kind = event.readUInt16LE(0);
      const answers = kind === EV_CMD_COMPLETE || kind === EV_CMD_STATUS;
      // Other events are told to every listener: of the controllers that come and go.
      if (!answers || event.readUInt16LE(6) !== code || event.readUInt16LE(2) !== index) continue;
      const status = event[8] ?? 0;
      if (status !== 0) throw new ManagementError(code, status);
      return event.subarray(9);
    }
  }

  /** Controllers that the kernel knows, by index. */
  async controllers(): Promise<number[]> {
    const list = await this.ask(MGMT.READ_INDEX_LIST);
    return Array.from({ length: list.readUInt16LE(0) }, (_, n) => list.readUInt16LE(2 + 2 * n));
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
