/** The programs of Python's manual under examples/python, run; the echo pairs are in manual.test.ts, CAN and Bluetooth in examples-families.test.ts. */
import { createSocket } from 'node:dgram';
import * as socket from '@sockeye/compat-python';
import { describe, expect, it } from 'vitest';
import { example, line, needs } from './examples.ts';

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
});
