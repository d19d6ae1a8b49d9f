import { constants } from '../constants.ts';
import type { Failure } from './failure.ts';

/** The kernel module of each protocol of AF_CAN; Linux, Documentation/networking/can.rst. */
const MODULES: ReadonlyMap<number, string> = new Map([
  [constants.CAN_RAW, 'can-raw'],
  [constants.CAN_BCM, 'can-bcm'],
  [constants.CAN_ISOTP, 'can-isotp'],
  [constants.CAN_J1939, 'can-j1939'],
]);

const VIRTUAL_BUS = '"sudo modprobe vcan && sudo ip link add vcan0 type vcan && sudo ip link set vcan0 up"';

/** How to make an interface that is missing, where its name says what it would be. */
export function canInterfaceHint(name: string): string | undefined {
  return /^vcan/.test(name) ? `a virtual bus is made by ${VIRTUAL_BUS.replaceAll('vcan0', name)}` : undefined;
}

/** What a send over J1939 lacks, which is the program's to do; networking/j1939.rst. */
const J1939_SENDS: ReadonlyMap<string, string> = new Map([
  [
    'EADDRNOTAVAIL',
    'a NAME that is sent from, or to, has no address: send from one after its claim, which the kernel takes 250 ms after it was ' +
      'sent, and to one that has claimed its address since this socket was bound',
  ],
  ['EBUSY', 'another socket sends a long message from this address to the same one'],
  ['EACCES', 'it goes to everybody, which takes the option SO_BROADCAST'],
  ['EBADFD', 'the socket has no address to send from: bind it to one, or to a NAME'],
  ['EPROTO', 'an address claim has the NAME that the socket is bound to as its data, and goes to everybody'],
]);

/** AF_CAN: needs no capability, but modules that a kernel may lack. */
export function canHint({ code, syscall, family, protocol }: Failure): string | undefined {
  if (family !== constants.AF_CAN) return undefined;
  if (syscall === 'socket' && (code === 'EAFNOSUPPORT' || code === 'EPROTONOSUPPORT')) {
    const module = MODULES.get(protocol) ?? 'can-raw';
    return (
      `this kernel has no ${module} loaded: run "sudo modprobe ${module}", and for a virtual bus ${VIRTUAL_BUS}; ` +
      'a kernel built without CAN needs its extra modules package (CAN sockets take no capability)'
    );
  }
  if (protocol === constants.CAN_J1939 && syscall.startsWith('send') && J1939_SENDS.has(code))
    return J1939_SENDS.get(code);
  if (code === 'EINVAL' && protocol === constants.CAN_RAW && /^send/.test(syscall)) {
    return (
      'an FD frame takes a socket with CAN_RAW_FD_FRAMES and an interface with an MTU of 72, an XL frame CAN_RAW_XL_FRAMES and ' +
      'an MTU of 2060: "ip link show <interface>" says what it has'
    );
  }
  if (code === 'ENETDOWN') return 'the interface is down: run "sudo ip link set <interface> up"';
  return undefined;
}
