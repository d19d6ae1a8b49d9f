/** Debian's python3-can as a peer: it sends what it reads, and says what it receives. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const PYTHON = '/usr/bin/python3';

/** Why it is not here, with the modules that it takes; undefined where it is. */
export function noPythonCan(...modules: string[]): string | undefined {
  const probe = spawnSync(PYTHON, ['-c', `import ${['can', ...modules].join(', ')}`], { encoding: 'utf8' });
  if (probe.error === undefined && probe.status === 0) return undefined;
  return `there is no python-can (python3-can) with ${modules.join(', ') || 'what it takes'}`;
}

const PEER = `
import can, json, sys, threading
bus = can.Bus(**json.loads(sys.argv[1]))
fields = ('is_extended_id', 'is_remote_frame', 'is_error_frame', 'is_fd', 'bitrate_switch', 'error_state_indicator')
def say():
    while True:
        m = bus.recv()
        if m is None: continue
        flags = ''.join('01'[getattr(m, name)] for name in fields)
        print('%x %s %d %s' % (m.arbitration_id, flags, m.dlc, bytes(m.data).hex()), flush=True)
threading.Thread(target=say, daemon=True).start()
print('ready', flush=True)
for line in sys.stdin:
    id, flags, dlc, data = line.rstrip('\\n').split(' ')
    bus.send(can.Message(arbitration_id=int(id, 16), dlc=int(dlc), data=bytes.fromhex(data), check=True,
        **{name: flag == '1' for name, flag in zip(fields, flags)}))
`;

/** Frames in candump's text, and as the peer says and reads them: identifier, flags, length, data. */
export const PYTHON_FRAMES: readonly (readonly [text: string, told: string])[] = [
  ['123#DEADBEEF', '123 000000 4 deadbeef'],
  ['00000123#', '123 100000 0 '],
  ['1FFFFFFF#0102030405060708', '1fffffff 100000 8 0102030405060708'],
  ['123#R', '123 010000 0 '],
  ['12345678#R4', '12345678 110000 4 '],
];
export const PYTHON_FD_FRAMES: readonly (readonly [text: string, told: string])[] = [
  ['123##1AABB', '123 000110 2 aabb'],
  [`7FF##2${'5A'.repeat(64)}`, `7ff 000101 64 ${'5a'.repeat(64)}`],
];

export interface PythonPeer extends AsyncDisposable {
  /** The next line that it says. */
  said(): Promise<string>;
  /** Has it send a frame. */
  send(told: string): void;
}

/** Starts it on a bus, which the arguments of python-can's `Bus` say. */
export async function pythonCan(bus: Readonly<Record<string, unknown>>): Promise<PythonPeer> {
  const peer = spawn(PYTHON, ['-c', PEER, JSON.stringify(bus)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = once(peer, 'exit');
  const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
  const said = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error('python-can has ended');
    return value;
  };
  const first = await said();
  if (first !== 'ready') throw new Error(`python-can says ${first}`);
  return {
    said,
    send: (told) => void peer.stdin.write(`${told}\n`),
    [Symbol.asyncDispose]: async () => {
      peer.kill('SIGKILL');
      await gone;
    },
  };
}
