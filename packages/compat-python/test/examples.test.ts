/** The programs of Python's manual under examples/python, run; the echo pairs are in manual.test.ts. */
import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import * as socket from '@sockeye/compat-python';
import * as struct from '@sockeye/compat-python/struct';
import { describe, expect, it, type TestContext } from 'vitest';
import { type Program, typescript } from './support.ts';

const example = (name: string, ...args: string[]): Program =>
  typescript(`../../../examples/python/${name}.ts`, args);

/** Skips the test where the kernel or the user lacks such a socket. */
function needs(context: TestContext, what: string, open: () => socket.socket): void {
  try {
    open().close();
  } catch (error) {
    if (!(error instanceof socket.OSError)) throw error;
    context.skip(`${what} cannot be had here: ${error.message}`);
  }
}

async function line(program: Program, form: RegExp): Promise<void> {
  for (let tries = 0; !form.test(program.output); tries++) {
    if (tries > 5000) throw new Error(`it never said ${form}: ${program.output}`);
    await delay(10);
  }
}

describe("the manual's", () => {
  it('recvmsg_into', async () => {
    expect(await example('recvmsg-into').end()).toBe(
      "22\n[ 22, [], 0, null ]\n[ 'Mary', '01 had a 9', 'little lamb---' ]\n",
    );
  });

  it('send_fds and recv_fds, from process to process', async () => {
    expect(await example('send-fds').end()).toBe(
      "Received a file and 1 descriptor\n// Python's send_fds and recv_fds: a process hands an open file to another one, which reads it.\n",
    );
  });

  it('TIME_WAIT, and SO_REUSEADDR', async () => {
    expect(await example('time-wait').end()).toBe(
      '[Errno 98] Address already in use\nWith SO_REUSEADDR: bound again\n',
    );
  });

  it('sniffer, in its Linux form', async (context) => {
    needs(context, 'a packet socket', () => socket.socket(socket.AF_PACKET, socket.SOCK_RAW));
    const sniffer = example('sniffer', 'lo', '1');
    const talker = createSocket('udp4');
    try {
      await line(sniffer, /Sniffing on lo/);
      const talk = setInterval(() => talker.send('sniff me', 9, '127.0.0.1'), 20);
      try {
        expect(await sniffer.end()).toMatch(
          /^Sniffing on lo\n\d+ bytes \[\s*'lo',\s*\d+,\s*\d,\s*772,\s*<Buffer 00/,
        );
      } finally {
        clearInterval(talk);
      }
    } finally {
      talker.close();
      sniffer.kill();
    }
  });

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
