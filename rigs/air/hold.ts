/**
 * A connection that stays. Without one, the kernel ends what two controllers share two seconds after the last channel was
 * closed (HCI_DISCONN_TIMEOUT, and RFCOMM_IDLE_TIMEOUT of a session), on both sides: a channel that is opened in that moment
 * is reset.
 */
import { type Address, Socket } from '@sockeye/core';
import { l2cap, rfcomm } from '../probe/sockaddr.ts';

const AF_BLUETOOTH = 31;
const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;
const BTPROTO_L2CAP = 0;
const BTPROTO_RFCOMM = 3;
/** The last dynamic PSM of two bytes that begins with 0x10, and the last channel of RFCOMM: others have theirs below. */
const PSM = 0x10ff;
const CHANNEL = 30;

async function connection(
  type: number,
  protocol: number,
  from: Address,
  to: Address,
  timeout: number,
  held: Socket[],
): Promise<void> {
  const make = (): Socket => {
    const socket = Socket.create(AF_BLUETOOTH, type, protocol);
    held.push(socket);
    return socket;
  };
  const listener = make();
  listener.bind(to);
  listener.listen(1);
  const client = make();
  client.bind(from);
  const [accepted] = await Promise.all([listener.accept({ timeout }), client.connect(to, { timeout })]);
  held.push(accepted);
}

/**
 * Connects two controllers, by their addresses, with L2CAP and with RFCOMM.
 *
 * @param timeout milliseconds for each step
 * @returns what ends that
 */
export async function hold(one: Uint8Array, other: Uint8Array, timeout: number): Promise<() => void> {
  const held: Socket[] = [];
  const release = (): void => {
    for (const socket of held) socket.close();
  };
  try {
    await connection(SOCK_SEQPACKET, BTPROTO_L2CAP, l2cap(one, 0), l2cap(other, PSM), timeout, held);
    await connection(SOCK_STREAM, BTPROTO_RFCOMM, rfcomm(one, 0), rfcomm(other, CHANNEL), timeout, held);
    return release;
  } catch (error) {
    release();
    throw error;
  }
}
