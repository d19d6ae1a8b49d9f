/** AF_PACKET: `(ifname, proto[, pkttype[, hatype[, addr]]])`; packet(7). */
import { parseMac } from '@sockeye/addr/mac';
import { decode, packet } from '@sockeye/addr/packet';
import { constants, platform } from '@sockeye/core';
import { toBytes, toInt } from '../arguments.ts';
import { OverflowError, typeError, ValueError } from '../errors.ts';
import { nameOf } from '../interfaces.ts';
import type { Called, Family } from './family.ts';
import { indexOn, toTuple } from './tuple.ts';

const ADDRESS_SIZE = 8;
const PROTO_MAX = 0xffff;

function toPacket(address: unknown, called: Called): Uint8Array {
  const { caller } = called;
  const tuple = toTuple(address, caller, 'AF_PACKET');
  const [ifname, proto, pkttype = 0, hatype = 0, addr] = tuple;
  if (tuple.length < 2 || tuple.length > 5 || typeof ifname !== 'string') {
    throw typeError('AF_PACKET address must be a tuple of two to five elements');
  }
  if (ifname.includes('\0')) throw new ValueError('embedded null character');
  let numbers: [number, number, number];
  try {
    numbers = [toInt(proto), toInt(pkttype), toInt(hatype)];
  } catch (error) {
    if (!(error instanceof OverflowError)) throw error;
    throw new OverflowError(`${caller}(): address argument out of range`);
  }
  const hardware = addr === undefined ? new Uint8Array(0) : toBytes(addr);
  const ifindex = indexOn(ifname, called);
  if (hardware.length > ADDRESS_SIZE) throw new ValueError('Hardware address must be 8 bytes or less');
  if (numbers[0] < 0 || numbers[0] > PROTO_MAX) {
    throw new OverflowError(`${caller}(): proto must be 0-65535.`);
  }
  // The fields are shorter than what Python takes; C keeps the low bits.
  return packet({
    ifindex,
    protocol: numbers[0],
    pkttype: numbers[1] & 0xff,
    hatype: numbers[2] & 0xffff,
    address: hardware,
  }).toSockaddr(platform);
}

/** AF_PACKET. */
export const packetFamily: Family = {
  numbers: [constants.AF_PACKET],
  to: toPacket,
  from(sockaddr) {
    const { ifindex, protocol, pkttype, hatype, address } = decode(sockaddr, 0, sockaddr.length, platform);
    const bytes = address === '' ? Buffer.alloc(0) : Buffer.from(parseMac(address));
    return [nameOf(ifindex), protocol, pkttype, hatype, bytes];
  },
};
