import { execFileSync } from 'node:child_process';
import { constants, ifNameToIndex, Socket } from '@sockeye/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { onlyInside } from '../only-inside.ts';

onlyInside();

/** linux/can.h and linux/can/raw.h of 6.12. */
const CANXL_MTU = 2060;
const CAN_RAW_XL_FRAMES = 7;
const CAN_RAW_XL_VCID_OPTS = 8;
const CANXL_XLF = 0x80;
const CAN_RAW_XL_VCID_TX_SET = 1;
const CAN_RAW_XL_VCID_RX_FILTER = 4;
const WAIT = { timeout: 5000 };
const BUS = 'xl0';

beforeAll(() => {
  if (process.env.SOCKEYE_RIG === undefined) return;
  execFileSync('ip', ['link', 'add', BUS, 'mtu', String(CANXL_MTU), 'type', 'vcan']);
  execFileSync('ip', ['link', 'set', BUS, 'up']);
});
afterAll(() => {
  if (process.env.SOCKEYE_RIG !== undefined) execFileSync('ip', ['link', 'del', BUS]);
});

/** A raw CAN XL socket on the bus, with the options of struct can_raw_vcid_options. */
function open(flags: number, send = 0, receive = 0, mask = 0): Socket {
  const { AF_CAN, SOCK_RAW, CAN_RAW, SOL_CAN_RAW } = constants;
  const socket = Socket.create(AF_CAN, SOCK_RAW, CAN_RAW);
  socket.setsockopt(SOL_CAN_RAW, CAN_RAW_XL_FRAMES, 1);
  if (flags !== 0)
    socket.setsockopt(SOL_CAN_RAW, CAN_RAW_XL_VCID_OPTS, Uint8Array.of(flags, send, receive, mask));
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_CAN, 0);
  address.writeInt32LE(ifNameToIndex(BUS), 4);
  socket.bind(address);
  return socket;
}

/** struct canxl_frame: priority (with the VCID in bits 16 to 23), flags, SDT, length, acceptance field, data. */
function frame(data: string): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32LE(0x123, 0);
  bytes.writeUInt8(CANXL_XLF, 4);
  bytes.writeUInt16LE(data.length, 6);
  bytes.write(data, 12);
  return bytes;
}

it('CAN XL frames get the sender’s VCID, and are filtered by it', async () => {
  using sender = open(CAN_RAW_XL_VCID_TX_SET, 0x42);
  using same = open(CAN_RAW_XL_VCID_RX_FILTER, 0, 0x42, 0xff);
  using other = open(CAN_RAW_XL_VCID_RX_FILTER, 0, 0x41, 0xff);
  using none = open(0);
  const sent = frame('x'.repeat(1000));
  await sender.send(sent, WAIT);
  const received = await same.recv(CANXL_MTU, WAIT);
  expect(received.readUInt32LE(0)).toBe(0x420123);
  expect(received.subarray(4)).toEqual(sent.subarray(4));
  // Those that filter for another, or do not know of it, get nothing and are not told.
  expect(other.tryRecvInto(new Uint8Array(CANXL_MTU))).toBeLessThan(0);
  expect(none.tryRecvInto(new Uint8Array(CANXL_MTU))).toBeLessThan(0);
});
