import { checkString, wrongValue } from '@sockeye/addr/check';
import { constants, errnos, type Socket, SocketError } from '@sockeye/core';

/** `struct ifreq` (net/if.h): IFNAMSIZ bytes of name, then a union whose largest part has 24. */
const SIZE = 40;
const NAME_SIZE = 16;

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const text = new TextDecoder();

function ask(socket: Socket, request: number, name: string): DataView {
  const ifreq = new Uint8Array(SIZE);
  const bytes = new TextEncoder().encode(checkString('interface', name));
  if (bytes.length === 0 || bytes.length >= NAME_SIZE) {
    throw wrongValue('interface', `a name of 1 to ${NAME_SIZE - 1} bytes`, name);
  }
  ifreq.set(bytes);
  try {
    socket.ioctl(request, ifreq);
  } catch (error) {
    if (!(error instanceof SocketError) || error.code !== 'ENODEV') throw error;
    const words = `ioctl ENODEV: there is no interface ${name} where this socket is`;
    throw new SocketError(words, { code: 'ENODEV', errno: -errnos.ENODEV, syscall: 'ioctl' });
  }
  return new DataView(ifreq.buffer, NAME_SIZE);
}

/**
 * The index of an interface of the socket's own network namespace, which need not be this process's: netdevice(7),
 * SIOCGIFINDEX.
 * @throws ENODEV
 */
export function interfaceIndex(socket: Socket, name: string): number {
  return ask(socket, constants.SIOCGIFINDEX, name).getInt32(0, LITTLE_ENDIAN);
}

/** Its name by its index, in the socket's namespace (SIOCGIFNAME). Throws ENODEV. */
export function interfaceName(socket: Socket, ifindex: number): string {
  const ifreq = new Uint8Array(SIZE);
  new DataView(ifreq.buffer).setInt32(NAME_SIZE, ifindex, LITTLE_ENDIAN);
  socket.ioctl(constants.SIOCGIFNAME, ifreq);
  return text.decode(ifreq.subarray(0, ifreq.indexOf(0)));
}

/** Its hardware address (SIOCGIFHWADDR), the 6 bytes of Ethernet's, and what kind of address it is (ARPHRD_). */
export function interfaceHardware(socket: Socket, name: string): { type: number; address: Uint8Array } {
  const answer = ask(socket, constants.SIOCGIFHWADDR, name);
  const { buffer, byteOffset } = answer;
  return {
    type: answer.getUint16(0, LITTLE_ENDIAN),
    address: new Uint8Array(buffer, byteOffset + 2, 6).slice(),
  };
}

/**
 * Its first IPv4 address and the length of its prefix (SIOCGIFADDR, SIOCGIFNETMASK), 4 bytes; undefined where it has none.
 * The socket may be of any family.
 */
export function interfaceIPv4(
  socket: Socket,
  name: string,
): { address: Uint8Array; length: number } | undefined {
  const bytes = (request: number): Uint8Array => {
    const { buffer, byteOffset } = ask(socket, request, name);
    // A struct sockaddr_in, whose address is behind family and port.
    return new Uint8Array(buffer, byteOffset + 4, 4).slice();
  };
  try {
    const address = bytes(constants.SIOCGIFADDR);
    const mask = new DataView(bytes(constants.SIOCGIFNETMASK).buffer).getUint32(0);
    return { address, length: Math.clz32(~mask >>> 0) };
  } catch (error) {
    if (error instanceof SocketError && error.code === 'EADDRNOTAVAIL') return undefined;
    throw error;
  }
}

/** Its MTU in bytes (SIOCGIFMTU). */
export function interfaceMtu(socket: Socket, name: string): number {
  return ask(socket, constants.SIOCGIFMTU, name).getInt32(0, LITTLE_ENDIAN);
}
