/** makefile: the same reads and writes here and in CPython, over the same bytes. */
import * as socket from '@sockeye/compat-python';
import { afterEach, describe, expect, it } from 'vitest';
import { SocketIO } from '../src/io/raw.ts';
import { TextIOWrapper } from '../src/io/text.ts';
import { needsPython311, python, thrown } from './support.ts';

const open: { close(): void }[] = [];
function held<T extends { close(): void }>(one: T): T {
  open.push(one);
  return one;
}
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function pair(): [socket.socket, socket.socket] {
  const made = socket.socketpair();
  for (const one of made) held(one);
  return made;
}

type Step = readonly [call: string, ...args: (number | string | null)[]];

/** What is sent (latin-1), how the file is made, and what is done with it. */
interface Reading {
  readonly sent: string;
  readonly mode: string;
  readonly buffering: number | null;
  readonly keywords: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

const utf8 = Buffer.from('eins\nzwei \u00fc\r\ndrei \u20ac\rvier \u{1f41f}\n\nlast').toString('latin1');

const readings: Reading[] = [
  ...[null, 0, 1, 2, 7, 4096].flatMap((buffering) =>
    (
      [
        [['read']],
        [['read', 3], ['read', 100], ['read', 5], ['read']],
        [['readline'], ['readline', 3], ['readline'], ['read', 1], ['readline'], ['readline'], ['readline']],
        [['read', 0], ['readline', 0], ['readlines'], ['read'], ['read', 4], ['readline']],
        [
          ['readlines', 6],
          ['read', null],
        ],
        [['readinto', 4], ['readline'], ['readinto', 100], ['readinto', 4]],
        [
          ['read', -1],
          ['read', -1],
        ],
        [['iterate']],
        [
          ['readable'],
          ['writable'],
          ['seekable'],
          ['isatty'],
          ['tell'],
          ['seek', 0],
          ['fileno?'],
          ['mode'],
          ['closed'],
        ],
        [['write', 'x'], ['close'], ['read'], ['readline'], ['closed'], ['readable'], ['close']],
        [['read', -2]],
        [['read', 'x']],
      ] as Step[][]
    ).map((steps) => ({ sent: 'one\ntwo\r\nthree\n\nlast', mode: 'rb', buffering, keywords: {}, steps })),
  ),
  ...[undefined, '', '\n', '\r', '\r\n'].flatMap((newline) =>
    [null, 1, 3].flatMap((buffering) =>
      (
        [
          [['read']],
          [['read', 3], ['read', 9], ['readline'], ['read']],
          [
            ['readline'],
            ['readline'],
            ['readline', 2],
            ['readline'],
            ['readline'],
            ['readline'],
            ['readline'],
          ],
          [['readlines'], ['newlines']],
          [['iterate']],
          [['encoding'], ['errors'], ['mode'], ['line_buffering'], ['newlines'], ['readable'], ['writable']],
          [['write', 'x'], ['close'], ['read']],
        ] as Step[][]
      ).map((steps) => ({
        sent: utf8,
        mode: 'r',
        buffering,
        keywords: { encoding: 'utf-8', ...(newline === undefined ? {} : { newline }) },
        steps,
      })),
    ),
  ),
  ...['utf-8', 'ascii', 'latin-1', 'cp1252', 'iso-8859-15'].flatMap((encoding) =>
    ['strict', 'ignore', 'replace', 'surrogateescape', 'backslashreplace', 'no such'].map((errors) => ({
      sent: 'a\xe4\x80\xff\xe2\x82\xac\xc3',
      mode: 'r',
      buffering: 3,
      keywords: { encoding, errors },
      steps: [['read']] as Step[],
    })),
  ),
  // Every byte, in every encoding of one byte a character.
  ...[
    ...[2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15].map((part) => `iso-8859-${part}`),
    ...[1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258].map((page) => `cp${page}`),
    ...['cp866', 'koi8-r', 'koi8-u', 'latin-1'],
  ].map((encoding) => ({
    sent: Array.from({ length: 0x100 }, (_, byte) => String.fromCharCode(byte)).join(''),
    mode: 'r',
    buffering: 300,
    keywords: { encoding, errors: 'backslashreplace', newline: '' },
    steps: [['read']] as Step[],
  })),
];

const READ = `
import json, socket, sys
out = []
def shown(v):
    if isinstance(v, (bytes, bytearray)): return {'bytes': v.hex()}
    if isinstance(v, (list, tuple)): return [shown(x) for x in v]
    if isinstance(v, str): return [ord(c) for c in v]
    return v
for r in json.load(sys.stdin):
    a, b = socket.socketpair()
    b.sendall(r['sent'].encode('latin-1')); b.shutdown(socket.SHUT_WR)
    f = a.makefile(r['mode'], r['buffering'], **r['keywords'])
    done = []
    for name, *args in r['steps']:
        try:
            if name == 'iterate': v = list(f)
            elif name == 'readinto': room = bytearray(args[0]); v = [f.readinto(room), room]
            elif name == 'fileno?': v = f.fileno() == a.fileno()
            elif name == 'write': v = f.write(args[0].encode() if 'b' in r['mode'] else args[0])
            else:
                v = getattr(f, name)
                if callable(v): v = v(*args)
            done.append(shown(v))
        except Exception as e: done.append([type(e).__name__, str(e)])
    out.append(done)
    f.close(); a.close(); b.close()
print(json.dumps(out))
`;

function shown(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return value.map(shown);
  // Surrogates one by one, as Python has them; pairs as what they stand for.
  if (typeof value === 'string') return [...value].map((character) => character.codePointAt(0));
  return value;
}

function step(file: object, s: socket.socket, mode: string, [name, ...args]: Step): unknown {
  const members = file as Readonly<Record<string, unknown>> & Iterable<unknown>;
  const call = (method: string, ...given: unknown[]): unknown =>
    (members[method] as (...all: unknown[]) => unknown).apply(file, given);
  if (name === 'iterate') return [...members];
  if (name === 'readinto') {
    const room = Buffer.alloc(args[0] as number);
    return [call('readinto', room), room];
  }
  if (name === 'fileno?') return call('fileno') === s.fileno();
  if (name === 'write') return call('write', mode.includes('b') ? Buffer.from(args[0] as string) : args[0]);
  return typeof members[name] === 'function' ? call(name, ...args) : members[name];
}

function read({ sent, mode, buffering, keywords, steps }: Reading): unknown[] {
  const [a, b] = socket.socketpair();
  b.sendall(Buffer.from(sent, 'latin1'));
  b.shutdown(socket.SHUT_WR);
  const file = a.makefile(mode, buffering, keywords);
  const done = steps.map((one) => {
    try {
      return shown(step(file, a, mode, one));
    } catch (error) {
      return [(error as Error).name, (error as Error).message];
    }
  });
  file.close();
  a.close();
  b.close();
  return done;
}

/** What differs by what the language has: a closed file's words differ by class in CPython, and AttributeError is TypeError. */
function comparable(outcome: unknown): unknown {
  if (!Array.isArray(outcome) || typeof outcome[0] !== 'string') return outcome;
  if (/closed (file|socket)/.test(String(outcome[1]))) return [outcome[0], 'closed'];
  if (['UnsupportedOperation', 'TypeError'].includes(outcome[0])) return [outcome[0]];
  return outcome;
}

describe('files', () => {
  it('are read as CPython reads them', (context) => {
    needsPython311(context);
    const expected = JSON.parse(python(READ, JSON.stringify(readings))) as unknown[][];
    const got = readings.map((reading) => ({ ...reading, did: read(reading).map(comparable) }));
    expect(got).toEqual(
      readings.map((reading, at) => ({ ...reading, did: (expected[at] as unknown[]).map(comparable) })),
    );
  });

  it('are written as CPython writes them', (context) => {
    needsPython311(context);
    const writings = [undefined, '', '\n', '\r', '\r\n'].flatMap((newline) =>
      ['utf-8', 'ascii', 'latin-1', 'cp1252'].flatMap((encoding) =>
        ['strict', 'ignore', 'replace', 'backslashreplace', 'xmlcharrefreplace'].map((errors) => ({
          text: ['a\nb\r\n', '\u00fc\n', '\u20ac \u{1f41f}'],
          keywords: { encoding, errors, ...(newline === undefined ? {} : { newline }) },
        })),
      ),
    );
    const program = `
import json, socket, sys
out = []
for w in json.load(sys.stdin):
    a, b = socket.socketpair()
    f = a.makefile('w', **w['keywords']); done = []
    for text in w['text']:
        try: done.append(f.write(text))
        except Exception as e: done.append([type(e).__name__, str(e)])
    f.close(); a.close()
    done.append(b.recv(1000).hex()); b.close(); out.append(done)
print(json.dumps(out))`;
    const expected = JSON.parse(python(program, JSON.stringify(writings)));
    const got = writings.map(({ text, keywords }) => {
      const [a, b] = socket.socketpair();
      const file = a.makefile('w', null, keywords);
      const done: unknown[] = text.map((one) => {
        try {
          return file.write(one);
        } catch (error) {
          return [(error as Error).name, (error as Error).message];
        }
      });
      file.close();
      a.close();
      done.push(b.recv(1000).toString('hex'));
      b.close();
      return done;
    });
    expect(got).toEqual(expected);
  });

  it('keep their socket open until both are closed', () => {
    const [a, b] = pair();
    const file = a.makefile('rwb', 0);
    const other = a.makefile('rb');
    a.close();
    b.send(Buffer.from('still'));
    expect(file.read(9)?.toString()).toBe('still');
    expect(String(a)).not.toContain('[closed]');
    file.close();
    expect(file.closed).toBe(true);
    b.send(Buffer.from('here\n'));
    expect(other.readline().toString()).toBe('here\n');
    other.close();
    expect([a.fileno(), String(a).includes('[closed]')]).toEqual([-1, true]);
    expect(b.recv(1)).toHaveLength(0);
    expect(String(thrown(() => file.read(1)))).toBe('ValueError: I/O operation on closed file.');
  });

  it('of sockets that do not wait give null, or what is there', () => {
    const [a, b] = pair();
    a.setblocking(false);
    const raw = a.makefile('rwb', 0);
    expect([raw.read(4), raw.readinto(Buffer.alloc(4)), raw.read()]).toEqual([null, null, null]);
    const buffered = a.makefile('rb');
    expect(buffered.read(4)).toBe(null);
    b.send(Buffer.from('ab'));
    expect(buffered.read(4)?.toString()).toBe('ab');
    let sent = 0;
    for (let count = raw.write(Buffer.alloc(65536)); count !== null; count = raw.write(Buffer.alloc(65536))) {
      sent += count;
    }
    expect(sent).toBeGreaterThan(65536);
    const writer = a.makefile('wb');
    expect(writer.write(Buffer.alloc(100))).toBe(100);
    expect(String(thrown(() => writer.flush()))).toBe(
      'BlockingIOError: [Errno 11] write could not complete without blocking',
    );
    // What could not be sent is not lost.
    for (let left = sent; left > 0; left -= b.recv(65536).length);
    writer.flush();
    expect(b.recv(1000)).toHaveLength(100);
  });

  it('that timed out say so ever after, and their buffers lose nothing', () => {
    const [a, b] = pair();
    a.settimeout(0.05);
    const file = a.makefile('rb');
    b.send(Buffer.from('half a li'));
    expect(thrown(() => file.readline())).toBeInstanceOf(socket.TimeoutError);
    b.send(Buffer.from('ne\n'));
    expect(String(thrown(() => file.readline()))).toBe('OSError: cannot read from timed out object');
    expect(file.read1().toString()).toBe('half a li');
  });

  it('that cannot be made keep nothing open', () => {
    const [a] = pair();
    for (const keywords of [{ buffering: 0 }, { encoding: 'no such' }, { newline: 'x' }]) {
      expect(() => a.makefile(keywords)).toThrow();
    }
    try {
      // Which not every runtime has.
      a.makefile({ encoding: 'iso-8859-16' }).close();
    } catch (error) {
      expect(String(error)).toBe('LookupError: unknown encoding: iso-8859-16');
    }
    a.close();
    expect(a.fileno()).toBe(-1);
  });

  it('read long lines in a time that grows as they do', () => {
    const { text, seconds } = { text: 'z'.repeat(1 << 16), seconds: new Map<string, number[]>() };
    for (const length of [20, 160]) {
      for (const [name, call] of [
        ['readline', (file: TextIOWrapper) => file.readline()],
        ['readline with a size', (file: TextIOWrapper) => file.readline(1e9)],
        ['read with a size', (file: TextIOWrapper) => file.read(length << 16)],
      ] as const) {
        let left = length;
        const buffer = Object.assign(
          new SocketIO({ fileno: () => 0, recv_into: () => 0, send: () => 0 }, 'r'),
          {
            read1: () => (left-- > 0 ? Buffer.from(text) : Buffer.alloc(0)),
          },
        );
        const file = new TextIOWrapper(buffer as never, { newline: '\r\n' });
        const began = process.cpuUsage();
        expect(call(file)).toHaveLength(length << 16);
        const { user, system } = process.cpuUsage(began);
        seconds.set(name, [...(seconds.get(name) ?? []), (user + system) / 1e6]);
      }
    }
    // Eight times the length: 64 times the time it was.
    for (const [name, [short = 0, long = 0]] of seconds) expect(long, name).toBeLessThan(0.3 + 24 * short);
  });

  it('show themselves as in CPython', () => {
    const [a] = pair();
    const [reader, writer, text] = [a.makefile('rb'), a.makefile('wb'), a.makefile('r')];
    const fd = a.fileno();
    expect([reader, writer, text].map(String)).toEqual([
      `<_io.BufferedReader name=${fd}>`,
      `<_io.BufferedWriter name=${fd}>`,
      `<_io.TextIOWrapper name=${fd} mode='r' encoding='UTF-8'>`,
    ]);
    for (const file of [reader, writer, text]) file.close();
    expect([reader, writer].map(String)).toEqual([
      '<_io.BufferedReader name=-1>',
      '<_io.BufferedWriter name=-1>',
    ]);
  });

  it('are closed by using', () => {
    const [a] = pair();
    const file = a.makefile();
    file[Symbol.dispose]();
    expect(file.closed).toBe(true);
    expect(a.fileno()).toBeGreaterThan(2);
  });
});
