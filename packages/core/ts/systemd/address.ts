/** Where NOTIFY_SOCKET points: sd_notify(3). A leaf: it lays out the two families' addresses that the variable may name. */
import { wrongValue } from '../check.ts';
import { constants as c } from '../constants.ts';

/** An address, and the types of socket to try there, best first. */
export interface Destination {
  readonly family: number;
  readonly types: readonly number[];
  readonly address: Uint8Array;
}

/** The name of the variable in errors. */
const VARIABLE = 'The environment variable NOTIFY_SOCKET';
const TAKES = "an absolute path, '@' and an abstract name, or vsock[-stream|-dgram|-seqpacket]:CID:PORT";

/** `sizeof(sun_path)`: linux/un.h. */
const SUN_PATH = 108;

/** Context ids that have names, as systemd writes them: vsock(7). */
const CIDS: Readonly<Record<string, number>> = {
  hypervisor: c.VMADDR_CID_HYPERVISOR,
  local: c.VMADDR_CID_LOCAL,
  host: c.VMADDR_CID_HOST,
};

/** Reads NOTIFY_SOCKET's value. @throws TypeError ERR_INVALID_ARG_VALUE when it is none of the forms */
export function destination(value: string): Destination {
  if (value.startsWith('/') || value.startsWith('@')) return unix(value);
  const [, form, cid = '', port = ''] = /^vsock(-stream|-dgram|-seqpacket)?:([^:]+):(\d+)$/.exec(value) ?? [];
  const id = CIDS[cid] ?? (/^\d+$/.test(cid) ? Number(cid) : -1);
  const number = port === '' ? -1 : Number(port);
  const within = (part: number): boolean => part >= 0 && part < c.VMADDR_PORT_ANY >>> 0;
  if (!within(id) || !within(number)) throw wrongValue(VARIABLE, TAKES, value);
  return { family: c.AF_VSOCK, types: typesOf(form), address: vsockAddress(id, number) };
}

/** Without a type's name datagrams come first, which not every hypervisor carries. */
function typesOf(form: string | undefined): number[] {
  if (form === '-stream') return [c.SOCK_STREAM];
  if (form === '-seqpacket') return [c.SOCK_SEQPACKET];
  return form === '-dgram' ? [c.SOCK_DGRAM] : [c.SOCK_DGRAM, c.SOCK_SEQPACKET];
}

/** `struct sockaddr_un`: a path with its NUL, or NUL and an abstract name, which ends with the address. */
function unix(value: string): Destination {
  const abstract = value.startsWith('@');
  const path = Buffer.from(abstract ? `\0${value.slice(1)}` : `${value}\0`);
  if (path.length < 2 || path.length > SUN_PATH)
    throw wrongValue(VARIABLE, `a name of at most ${SUN_PATH - 1} bytes`, value);
  const address = new Uint8Array(2 + path.length);
  new Uint16Array(address.buffer, 0, 1)[0] = c.AF_UNIX;
  address.set(path, 2);
  return { family: c.AF_UNIX, types: [c.SOCK_DGRAM], address };
}

/** `struct sockaddr_vm`, linux/vm_sockets.h: family, reserved, port, context id, flags, all in the machine's own order. */
export function vsockAddress(cid: number, port: number): Uint8Array {
  const address = new Uint8Array(16);
  new Uint16Array(address.buffer, 0, 1)[0] = c.AF_VSOCK;
  new Uint32Array(address.buffer, 4, 2).set([port, cid]);
  return address;
}
