/**
 * AF_CAN: `(ifname,)` for raw CAN and the broadcast manager, `(ifname, rx_id, tx_id)` for ISO-TP, `(ifname, name, pgn, addr)`
 * for J1939; Linux, Documentation/networking/can.rst, j1939.rst.
 */
import { can, decode } from '@sockeye/addr/can';
import { canIsotp, decode as decodeIsotp } from '@sockeye/addr/can-isotp';
import { canJ1939, decode as decodeJ1939 } from '@sockeye/addr/can-j1939';
import { constants, platform } from '@sockeye/core';
import { noneOrType, toInteger, toUint32 } from '../arguments.ts';
import { plainError, typeError } from '../errors.ts';
import { nameOf } from '../interfaces.ts';
import type { Called, Family, RetAddress } from './family.ts';
import { interfaceIndex, toTuple } from './tuple.ts';

function toRaw(address: unknown, called: Called): Uint8Array {
  const tuple = toTuple(address, called.caller, 'AF_CAN');
  if (tuple.length !== 1) throw typeError('AF_CAN address must be a tuple (interface, )');
  return can(interfaceIndex(tuple[0], called)).toSockaddr(platform);
}

function takes(tuple: readonly unknown[], count: number): void {
  if (tuple.length !== count) {
    throw typeError(`function takes exactly ${count} arguments (${tuple.length} given)`);
  }
}

/** A C unsigned long, or long long: Python's formats `k` and `K` take integers alone, and keep the low bits. */
function toMasked(tuple: readonly unknown[], at: number, bits: number): bigint {
  const value = tuple[at];
  if (!Number.isInteger(value) && typeof value !== 'bigint' && typeof value !== 'boolean') {
    throw typeError(`argument ${at + 1} must be int, not ${noneOrType(value)}`);
  }
  return BigInt.asUintN(bits, typeof value === 'bigint' ? value : BigInt(toInteger(value)));
}

function toIsotp(address: unknown, called: Called): Uint8Array {
  const tuple = toTuple(address, called.caller, 'AF_CAN');
  takes(tuple, 3);
  const [rxId, txId] = [Number(toMasked(tuple, 1, 32)), Number(toMasked(tuple, 2, 32))];
  return canIsotp({ ifindex: interfaceIndex(tuple[0], called), rxId, txId }).toSockaddr(platform);
}

function toJ1939(address: unknown, called: Called): Uint8Array {
  const tuple = toTuple(address, called.caller, 'AF_CAN');
  takes(tuple, 4);
  const name = toMasked(tuple, 1, 64);
  // A C unsigned char: Python's format `B` keeps the low bits.
  const [pgn, addr] = [toUint32(tuple[2]), toUint32(tuple[3]) & 0xff];
  return canJ1939({ ifindex: interfaceIndex(tuple[0], called), name, pgn, addr }).toSockaddr(platform);
}

/** AF_CAN, by the protocol of the socket. */
export const canFamily: Family = {
  numbers: [constants.AF_CAN],
  to(address: unknown, called: Called): Uint8Array {
    const { caller, proto } = called;
    if (proto === constants.CAN_RAW || proto === constants.CAN_BCM) return toRaw(address, called);
    if (proto === constants.CAN_ISOTP) return toIsotp(address, called);
    if (proto === constants.CAN_J1939) return toJ1939(address, called);
    throw plainError(`${caller}(): unsupported CAN protocol`);
  },
  from(bytes: Uint8Array, proto: number): RetAddress {
    if (proto === constants.CAN_ISOTP) {
      const { ifindex, rxId, txId } = decodeIsotp(bytes, 0, bytes.length, platform);
      return [nameOf(ifindex), rxId, txId];
    }
    if (proto === constants.CAN_J1939) {
      const { ifindex, name, pgn, addr } = decodeJ1939(bytes, 0, bytes.length, platform);
      return [nameOf(ifindex), name <= Number.MAX_SAFE_INTEGER ? Number(name) : name, pgn, addr];
    }
    return [nameOf(decode(bytes, 0, bytes.length, platform).ifindex)];
  },
};
