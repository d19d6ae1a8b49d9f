/**
 * AF_CAN: `(ifname,)` for raw CAN and the broadcast manager, `(ifname, rx_id, tx_id)` for ISO-TP, `(ifname, name, pgn, addr)`
 * for J1939; Linux, Documentation/networking/can.rst, j1939.rst.
 */
import { can, decode } from '@sockeye/addr/can';
import { canIsotp, decode as decodeIsotp } from '@sockeye/addr/can-isotp';
import { canJ1939, decode as decodeJ1939 } from '@sockeye/addr/can-j1939';
import { constants, platform } from '@sockeye/core';
import { toInteger, toUint32 } from '../arguments.ts';
import { OverflowError, plainError, typeError } from '../errors.ts';
import { nameOf } from '../interfaces.ts';
import type { Called, Family, RetAddress } from './family.ts';
import { interfaceIndex, toTuple } from './tuple.ts';

function toRaw(address: unknown, caller: string): Uint8Array {
  const tuple = toTuple(address, caller, 'AF_CAN');
  if (tuple.length !== 1) throw typeError('AF_CAN address must be a tuple (interface, )');
  return can(interfaceIndex(tuple[0])).toSockaddr(platform);
}

function takes(tuple: readonly unknown[], count: number): void {
  if (tuple.length !== count) {
    throw typeError(`function takes exactly ${count} arguments (${tuple.length} given)`);
  }
}

function toIsotp(address: unknown, caller: string): Uint8Array {
  const tuple = toTuple(address, caller, 'AF_CAN');
  takes(tuple, 3);
  const [rxId, txId] = [toUint32(tuple[1]), toUint32(tuple[2])];
  return canIsotp({ ifindex: interfaceIndex(tuple[0]), rxId, txId }).toSockaddr(platform);
}

/** A C unsigned char, whose range Python checks. */
function toByte(value: unknown): number {
  const number = toInteger(value);
  if (number < 0) throw new OverflowError('unsigned byte integer is less than minimum');
  if (number > 0xff) throw new OverflowError('unsigned byte integer is greater than maximum');
  return number;
}

function toJ1939(address: unknown, caller: string): Uint8Array {
  const tuple = toTuple(address, caller, 'AF_CAN');
  takes(tuple, 4);
  // toInteger refuses what is none; a bigint keeps all its bits.
  const name = BigInt.asUintN(64, typeof tuple[1] === 'bigint' ? tuple[1] : BigInt(toInteger(tuple[1])));
  const [pgn, addr] = [toUint32(tuple[2]), toByte(tuple[3])];
  return canJ1939({ ifindex: interfaceIndex(tuple[0]), name, pgn, addr }).toSockaddr(platform);
}

/** AF_CAN, by the protocol of the socket. */
export const canFamily: Family = {
  numbers: [constants.AF_CAN],
  to(address: unknown, { caller, proto }: Called): Uint8Array {
    if (proto === constants.CAN_RAW || proto === constants.CAN_BCM) return toRaw(address, caller);
    if (proto === constants.CAN_ISOTP) return toIsotp(address, caller);
    if (proto === constants.CAN_J1939) return toJ1939(address, caller);
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
