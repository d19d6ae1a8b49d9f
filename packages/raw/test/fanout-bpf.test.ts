/** A fanout group whose packets an eBPF program shares out, which CPython loads and sends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, Socket } from '@sockeye/core';
import { expect, it, type TestContext } from 'vitest';
import { PacketSocket } from '../src/packet-socket.ts';
import { PacketRing } from '../src/ring.ts';
import { PRIVATE, privateFrame, whyNot } from './packets.ts';

/** The number of bpf(2), which the C library has no function for. */
const BPF: Readonly<Record<string, number>> = { x64: 321, arm64: 280 };

/** Loads a program of the type SOCKET_FILTER whose result is the first byte of the payload; gives its descriptor. */
const LOADER = `
import ctypes, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
sock = socket.socket(fileno=3)
# r6 = r1; r0 = ldb [0]; exit
code = struct.pack('<BBhi', 0xbf, 0x16, 0, 0) + struct.pack('<BBhi', 0x30, 0, 0, 0) + struct.pack('<BBhi', 0x95, 0, 0, 0)
code, licence = ctypes.create_string_buffer(code, len(code)), ctypes.create_string_buffer(b'GPL')
attr = struct.pack('<IIQQIIQII', 1, 3, ctypes.addressof(code), ctypes.addressof(licence), 0, 0, 0, 0, 0)
fd = libc.syscall(int(sys.argv[1]), 5, ctypes.create_string_buffer(attr, len(attr)), len(attr))
if fd < 0: sock.send(str(OSError(ctypes.get_errno(), 'bpf')).encode())
else: socket.send_fds(sock, [b'ok'], [fd])
`;

/** Has the program loaded; the message that its descriptor is in, which owns it. */
async function load(context: TestContext): ReturnType<Socket['recvMsg']> {
  const number = BPF[process.arch];
  if (number === undefined) context.skip(`the number of bpf(2) on ${process.arch} is not known here`);
  const [ours, theirs] = Socket.socketpair(constants.AF_UNIX, constants.SOCK_STREAM);
  using _ours = ours;
  using _theirs = theirs;
  const child = spawn('python3', ['-c', LOADER, String(number)], {
    stdio: ['ignore', 'ignore', 'inherit', theirs.fd],
  });
  const failed = await Promise.race([once(child, 'error'), once(child, 'exit').then(() => undefined)]);
  if (failed !== undefined) context.skip(`python3 does not run: ${failed}`);
  const message = await ours.recvMsg(100, { control: 64, timeout: 5000 });
  if (message.data.toString() !== 'ok') context.skip(`this kernel loads no program: ${message.data}`);
  return message;
}

const group = 0x6bf0;
const TEXTS = ['0', '1', '2', '3', '5'];

it('sockets and rings are chosen by an eBPF program', async (context) => {
  const reason = whyNot();
  if (reason !== undefined) context.skip(reason);
  const message = await load(context);
  try {
    const [descriptor] = message.descriptors;
    if (descriptor === undefined) throw new Error('no descriptor came');
    const fanout = { mode: 'bpf', group, descriptor } as const;
    using sender = PacketSocket.open({ interface: 'lo', protocol: 0 });
    using socket = PacketSocket.open({ interface: 'lo', protocol: PRIVATE, fanout });
    await using ring = await PacketRing.open('lo', { protocol: PRIVATE, fanout, blocks: 2, blockSize: 4096 });
    for (const text of TEXTS) sender.sendSync(privateFrame(text));
    const textOf = (frame: Uint8Array): string => Buffer.from(frame.subarray(14)).toString();
    const even = [0, 1].map(() => textOf(socket.recvSync({ timeout: 5000 }).data));
    expect(even).toEqual(['0', '2']);
    expect(() => socket.recvSync({ timeout: 0 })).toThrow(
      expect.objectContaining({ code: 'ERR_SOCKET_TIMEOUT' }),
    );
    const odd: string[] = [];
    while (odd.length < 3) {
      using block = await ring.take({ timeout: 5000 });
      for (const one of block ?? []) odd.push(textOf(one.data));
    }
    expect(odd).toEqual(['1', '3', '5']);
    // What is no program is refused, and leaves no socket behind.
    const wrong = { mode: 'bpf', group: group + 1, descriptor: sender.socket } as const;
    expect(() => PacketSocket.open({ interface: 'lo', protocol: PRIVATE, fanout: wrong })).toThrow(/EINVAL/);
    await expect(PacketRing.open('lo', { protocol: PRIVATE, fanout: wrong })).rejects.toMatchObject({
      code: 'EINVAL',
    });
  } finally {
    message.close();
  }
});
