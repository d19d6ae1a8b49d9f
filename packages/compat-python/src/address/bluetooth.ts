/**
 * AF_BLUETOOTH: L2CAP `(bdaddr, psm[, cid[, bdaddr_type]])`, RFCOMM `(bdaddr, channel)`, HCI `dev` or `(dev[, channel])`,
 * SCO `bdaddr`; the kernel's include/net/bluetooth.
 */
import { btHci, decode as decodeHci } from '@sockeye/addr/bt-hci';
import { btL2cap, decode as decodeL2cap } from '@sockeye/addr/bt-l2cap';
import { btRfcomm, decode as decodeRfcomm } from '@sockeye/addr/bt-rfcomm';
import { btSco, decode as decodeSco } from '@sockeye/addr/bt-sco';
import { constants, platform } from '@sockeye/core';
import { plainError, refused, ValueError } from '../errors.ts';
import type { Called, Family, RetAddress } from './family.ts';

/** Six numbers of one or more hex digits, as sscanf(3) reads them. */
const BDADDR = /^(?:0x)?([\da-f]{1,8})(?::(?:0x)?([\da-f]{1,8})){5}$/i;

function toBdaddr(value: unknown): string {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value;
  if (typeof text !== 'string' || !BDADDR.test(text)) throw plainError('bad bluetooth address');
  const bytes = text.split(':').map((part) => Number.parseInt(part, 16));
  if (bytes.some((byte) => byte > 0xff)) throw plainError('bad bluetooth address');
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Numbers within these bounds, in order; anything else has the wrong format, says Python. */
function numbers(caller: string, values: readonly unknown[], ...most: readonly number[]): number[] {
  if (values.length > most.length) throw wrong(caller);
  return most.map((bound, at) => {
    const value = values.length > at ? values[at] : 0;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > bound) {
      throw wrong(caller);
    }
    return value;
  });
}

function wrong(caller: string): Error {
  return plainError(`${caller}(): wrong format`);
}

/** An address and what follows it. */
function leading(address: unknown, caller: string, least: number): [string, readonly unknown[]] {
  if (!Array.isArray(address) || address.length < least || typeof address[0] !== 'string') {
    throw wrong(caller);
  }
  return [address[0], address.slice(1)];
}

const SHORT = 0xffff;
const BYTE = 0xff;

function toL2cap(address: unknown, caller: string): Uint8Array {
  const [bdaddr, rest] = leading(address, caller, 2);
  const [psm = 0, cid = 0, addressType = 0] = numbers(caller, rest, SHORT, SHORT, BYTE);
  return btL2cap({ address: toBdaddr(bdaddr), psm, cid, addressType }).toSockaddr(platform);
}

function toRfcomm(address: unknown, caller: string): Uint8Array {
  const [bdaddr, rest] = leading(address, caller, 2);
  const [channel = 0] = numbers(caller, rest, BYTE);
  return btRfcomm({ address: toBdaddr(bdaddr), channel }).toSockaddr(platform);
}

function toHci(address: unknown, caller: string): Uint8Array {
  const tuple: readonly unknown[] = Array.isArray(address) ? address : [address];
  if (tuple.length === 0) throw wrong(caller);
  const [dev = 0, channel = 0] = numbers(caller, tuple, SHORT, SHORT);
  return btHci(dev, channel).toSockaddr(platform);
}

function toSco(address: unknown, caller: string): Uint8Array {
  if (typeof address !== 'string' && !(address instanceof Uint8Array)) throw wrong(caller);
  return btSco(toBdaddr(address)).toSockaddr(platform);
}

function fromL2cap(bytes: Uint8Array): RetAddress {
  const { address, psm, cid, addressType } = decodeL2cap(bytes, 0, bytes.length, platform);
  return cid === 0 && addressType === 0 ? [address, psm] : [address, psm, cid, addressType];
}

/** AF_BLUETOOTH, by the protocol of the socket. */
export const bluetoothFamily: Family = {
  numbers: [constants.AF_BLUETOOTH],
  to(address: unknown, { caller, proto }: Called): Uint8Array {
    if (proto === constants.BTPROTO_L2CAP) return toL2cap(address, caller);
    if (proto === constants.BTPROTO_RFCOMM) return toRfcomm(address, caller);
    if (proto === constants.BTPROTO_HCI) return toHci(address, caller);
    if (proto === constants.BTPROTO_SCO) return toSco(address, caller);
    throw plainError(`${caller}(): unknown Bluetooth protocol`);
  },
  from(bytes: Uint8Array, proto: number): RetAddress {
    if (proto === constants.BTPROTO_L2CAP) return fromL2cap(bytes);
    if (proto === constants.BTPROTO_RFCOMM) {
      const { address, channel } = decodeRfcomm(bytes, 0, bytes.length, platform);
      return [address, channel];
    }
    if (proto === constants.BTPROTO_HCI) {
      const { dev, channel } = decodeHci(bytes, 0, bytes.length, platform);
      return channel === constants.HCI_CHANNEL_RAW ? dev : [dev, channel];
    }
    if (proto === constants.BTPROTO_SCO) return decodeSco(bytes, 0, bytes.length, platform).address;
    throw refused(new ValueError('Unknown Bluetooth protocol'));
  },
};
