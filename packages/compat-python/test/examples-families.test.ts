/** Those programs of Python's manual that take families which few kernels have loaded: they run in the rig's machine too. */
import * as socket from '@sockeye/compat-python';
import * as struct from '@sockeye/compat-python/struct';
import { describe, expect, it } from 'vitest';
import { example, line, needs } from './examples.ts';

describe("the manual's", () => {
  it('CAN program', async (context) => {
    needs(context, 'vcan0', () => {
      const s = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW);
      try {
        s.bind(['vcan0']);
      } catch (error) {
        s.close();
        throw error;
      }
      return s;
    });
    const program = example('can', 'vcan0', '1');
    using s = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW);
    s.bind(['vcan0']);
    s.settimeout(5);
    try {
      await line(program, /Listening on/);
      const frame = struct.pack('=IB3x8s', 0x123, 2, Buffer.from([0xbe, 0xef]));
      s.send(frame);
      expect(s.recv(16)).toEqual(frame);
      expect(s.recv(16)).toEqual(struct.pack('=IB3x8s', 1, 3, Buffer.from([1, 2, 3])));
      expect(await program.end()).toContain('Received: can_id=123, can_dlc=2, data=beef\n');
    } finally {
      program.kill();
    }
  });

  it('AF_BLUETOOTH', async (context) => {
    needs(context, 'Bluetooth', () =>
      socket.socket(socket.AF_BLUETOOTH, socket.SOCK_STREAM, socket.BTPROTO_RFCOMM),
    );
    expect(await example('bluetooth').end()).toBe(
      "L2CAP listens on [ '00:00:00:00:00:00', 4097 ]\nRFCOMM listens on [ '00:00:00:00:00:00', 4 ]\n",
    );
  });
});
