import {
  AddressBuffer,
  constants as c,
  getaddrinfo,
  getaddrinfoSync,
  ifIndexToName,
  ifNameToIndex,
  Socket,
} from '@sockeye/core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { datagrams, descriptors, loopback, rejected, thrown } from './support.ts';

const [socket, other] = datagrams();
// The first wait of a process may bring what stays: a thread's descriptors, for example.
await rejected(socket.recv(1, { timeout: 1 }));
const before = descriptors();
afterAll(() => {
  // The two, and what watched them.
  const open = descriptors();
  socket.close();
  other.close();
  expect(open - descriptors()).toBeGreaterThanOrEqual(2);
  expect(open).toBeLessThanOrEqual(before + 1);
});

/** Anything at all, passed where the types forbid it. */
const as = <T>(value: unknown): T => value as T;

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

function detached(): Uint8Array {
  const bytes = new Uint8Array(8);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

describe('bad arguments are refused before any system call, by name', () => {
  const cases: [string, () => unknown, string, string][] = [
    ['a family that is text', () => Socket.create(as('inet'), 1), TYPE, 'family must be a number'],
    ['a type that is no integer', () => Socket.create(2, 1.5), RANGE, 'type must be a whole number'],
    ['a protocol of NaN', () => Socket.create(2, 1, Number.NaN), RANGE, 'protocol must be'],
    ['no family', () => Socket.create(as(undefined), 1), TYPE, 'got undefined'],
    ['a negative descriptor', () => Socket.fromFd(-1), RANGE, 'fd must be a whole number from 0'],
    ['a descriptor of text', () => Socket.fromFd(as('3')), TYPE, "got '3'"],
    ['known that is a number', () => Socket.fromFd(3, as(3)), TYPE, 'options must be an object'],
    ['a family known as text', () => Socket.fromFd(3, { family: as('x') }), TYPE, 'known.family'],
    ['an address of text', () => socket.bind(as('127.0.0.1:80')), TYPE, 'toSockaddr()'],
    ['no address', () => socket.bind(as(null)), TYPE, 'got null'],
    ['toSockaddr of text', () => socket.bind({ toSockaddr: () => as('x') }), TYPE, 'address.toSockaddr()'],
    ['a detached address', () => socket.bind(detached()), VALUE, 'transferred away'],
    ['a backlog of text', () => socket.listen(as('5')), TYPE, 'backlog'],
    ['shutdown of nothing', () => socket.shutdown(as(undefined)), TYPE, 'how'],
    ['blocking of 1', () => Object.assign(socket, { blocking: 1 }), TYPE, 'blocking must be a boolean'],
    ['a text for a buffer', () => socket.tryRecvInto(as('x')), TYPE, 'buffer must be a Uint8Array'],
    ['an array for a buffer', () => socket.tryRecvInto(as([1, 2])), TYPE, 'an object of Array'],
    ['other elements', () => socket.tryRecvInto(as(new Uint16Array(4))), TYPE, 'Uint16Array'],
    ['a DataView', () => socket.trySend(as(new DataView(new ArrayBuffer(4)))), TYPE, 'data must be'],
    ['a proxy of a buffer', () => socket.tryRecvInto(new Proxy(new Uint8Array(4), {})), TYPE, 'buffer'],
    ['a detached buffer', () => socket.tryRecvInto(detached()), VALUE, 'transferred away'],
    ['detached data', () => socket.trySend(detached()), VALUE, 'data must be attached'],
    ['an offset past the end', () => socket.tryRecvInto(Buffer.alloc(4), 0, 5), RANGE, 'from 0 to 4'],
    ['a length past the end', () => socket.tryRecvInto(Buffer.alloc(4), 0, 2, 3), RANGE, 'from 0 to 2'],
    ['a negative offset', () => socket.trySend(Buffer.alloc(4), 0, -1), RANGE, 'offset'],
    ['half an offset', () => socket.trySend(Buffer.alloc(4), 0, 0.5), RANGE, 'offset'],
    ['flags of text', () => socket.trySend(Buffer.alloc(4), as('x')), TYPE, 'flags'],
    ['flags of NaN', () => socket.tryRecvInto(Buffer.alloc(4), Number.NaN), RANGE, 'flags'],
    [
      'an address buffer of bytes',
      () => socket.tryRecvFromInto(Buffer.alloc(4), as(Buffer.alloc(128))),
      TYPE,
      'AddressBuffer',
    ],
    [
      'an AddressBuffer too long',
      () => Object.assign(new AddressBuffer(), { length: 129 }),
      RANGE,
      'from 0 to 128',
    ],
    ['accept into bytes', () => socket.tryAccept(as(Buffer.alloc(132))), TYPE, 'AddressBuffer'],
    ['a negative size', () => socket.recvSync(-1), RANGE, 'size'],
    ['a size of text', () => socket.recvSync(as('8')), TYPE, 'size must be a number'],
    ['options of null', () => socket.recvSync(8, as(null)), TYPE, 'options must be an object'],
    ['a negative timeout', () => socket.recvSync(8, { timeout: -1 }), RANGE, 'timeout must be from 0'],
    ['a timeout of NaN', () => socket.recvSync(8, { timeout: Number.NaN }), RANGE, 'timeout'],
    ['a timeout of text', () => socket.recvSync(8, { timeout: as('1') }), TYPE, 'milliseconds'],
    ['a timeout past 24 days', () => socket.recvSync(8, { timeout: 2 ** 31 }), RANGE, '2147483647'],
    ['interruptible of 1', () => socket.recvSync(8, { interruptible: as(1) }), TYPE, 'interruptible'],
    ['an offset in options', () => socket.recvIntoSync(Buffer.alloc(4), { offset: 9 }), RANGE, 'from 0 to 4'],
    ['an option level of text', () => socket.getsockopt(as('x'), 1), TYPE, 'level'],
    ['an option name of text', () => socket.setsockopt(1, as('x'), 1), TYPE, 'name'],
    ['an option of text', () => socket.setsockopt(1, 1, as('1')), TYPE, 'a number or a Uint8Array'],
    ['an option of an array', () => socket.setsockopt(1, 1, as([1])), TYPE, 'a Uint8Array'],
    ['an option past 32 bits', () => socket.setsockopt(1, 1, 2 ** 32), RANGE, 'value'],
    ['half an option', () => socket.setsockopt(1, 1, 0.5), RANGE, 'value'],
    ['an option of a huge length', () => socket.getsockopt(1, 1, 2 ** 30), RANGE, 'length'],
    ['a host of a number', () => getaddrinfoSync(as(5), null), TYPE, 'host must be a string or null'],
    ['a host with NUL', () => getaddrinfoSync('a\0b', null), VALUE, 'host'],
    [
      'a port out of range',
      () => getaddrinfoSync('::1', 65536),
      RANGE,
      'service must be a whole number from 0 to 65535',
    ],
    ['a service of an object', () => getaddrinfoSync('::1', as({})), TYPE, 'service'],
    ['hints of text', () => getaddrinfoSync('::1', 1, as('x')), TYPE, 'options'],
    ['a hint of text', () => getaddrinfoSync('::1', 1, { family: as('inet') }), TYPE, 'hints.family'],
    ['an interface of a number', () => ifNameToIndex(as(1)), TYPE, 'name'],
    ['an interface without a name', () => ifNameToIndex(''), VALUE, 'name'],
    ['an interface index of text', () => ifIndexToName(as('lo')), TYPE, 'index'],
    ['a negative interface index', () => ifIndexToName(-1), RANGE, 'index'],
  ];
  it.each(cases)('%s', (_, call, code, words) => {
    const error = thrown(call);
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
    expect(error).toBeInstanceOf(code === RANGE ? RangeError : TypeError);
  });

  it('the Promise forms reject with the same', async () => {
    expect((await rejected(socket.recv(-1))).code).toBe(RANGE);
    expect((await rejected(socket.recvInto(as('x')))).code).toBe(TYPE);
    expect((await rejected(socket.recv(8, { timeout: -5 }))).code).toBe(RANGE);
    expect((await rejected(socket.recv(8, { signal: as({}) }))).code).toBe(TYPE);
    expect((await rejected(socket.send(detached()))).code).toBe(VALUE);
    expect((await rejected(socket.sendAll(Buffer.alloc(4), { offset: 5 }))).code).toBe(RANGE);
    expect((await rejected(socket.connect(as(1)))).code).toBe(TYPE);
    expect((await rejected(getaddrinfo(as({}), null))).code).toBe(TYPE);
  });

  it('a buffer that is transferred away while its call waits fails that call alone', async () => {
    const buffer = new Uint8Array(8);
    const first = rejected(other.recvInto(buffer));
    const second = other.recv(8);
    structuredClone(buffer, { transfer: [buffer.buffer] });
    socket.trySend(Buffer.from('for the second'));
    expect((await first).code).toBe(VALUE);
    expect((await second).toString()).toBe('for the ');
  });

  it('addresses of the wrong family are named in the error', () => {
    const inet = Socket.create(c.AF_INET, c.SOCK_DGRAM);
    const wrong = new Uint8Array(28);
    new DataView(wrong.buffer).setUint16(0, c.AF_INET6, true);
    for (const call of [() => inet.bind(wrong), () => inet.connectSync(wrong)]) {
      expect(thrown(call).message).toContain(
        `the address is of family ${c.AF_INET6}, the socket of family ${c.AF_INET}`,
      );
    }
    expect(thrown(() => inet.bind(new Uint8Array(1))).message).toContain('1 byte');
    inet.close();
  });

  it('a privileged port, an unknown name, an interface that is not there', () => {
    expect(thrown(() => ifNameToIndex('nonesuch0'))).toMatchObject({
      code: 'ENODEV',
      syscall: 'if_nametoindex',
    });
    expect(thrown(() => ifNameToIndex('nonesuch0')).message).toContain('lo');
    expect(thrown(() => ifIndexToName(0x7fffffff)).code).toBe('ENXIO');
    expect(thrown(() => getaddrinfoSync('nonesuch.invalid', null)).code).toMatch(/^EAI_/);
    const socket = Socket.create(c.AF_INET, c.SOCK_STREAM);
    socket.bind(loopback());
    const twin = Socket.create(c.AF_INET, c.SOCK_STREAM);
    expect(thrown(() => twin.bind(socket.getsockname())).message).toContain('SO_REUSEADDR');
    socket.close();
    twin.close();
  });
});

describe('whatever the arguments, an answer or a typed error', () => {
  const anything = fc.oneof(
    fc.anything(),
    fc.integer(),
    fc.double(),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0, 2 ** 31, 2 ** 32, 2 ** 53, -1),
    fc.uint8Array(),
    fc.constantFrom(
      new AddressBuffer(),
      new Proxy(Buffer.alloc(4), {}),
      new SharedArrayBuffer(4),
      detached(),
    ),
    fc.record({ timeout: fc.constantFrom(0, 1, -1, 'x'), flags: fc.anything(), offset: fc.anything() }),
  );
  const timeout = { timeout: 0 };
  const calls: [string, (a: unknown, b: unknown, x: unknown) => unknown][] = [
    ['tryRecvInto', (a, b, x) => socket.tryRecvInto(as(a), as(b), as(x))],
    ['tryRecvFromInto', (a, b, x) => socket.tryRecvFromInto(as(a), as(b), as(x))],
    ['trySend', (a, b, x) => socket.trySend(as(a), as(b), as(x))],
    ['trySendTo', (a, b, x) => socket.trySendTo(as(a), as(b), as(x))],
    ['tryConnect', (a) => socket.tryConnect(as(a))],
    ['tryAccept', (a) => socket.tryAccept(as(a))],
    ['recvIntoSync', (a, b, x) => socket.recvIntoSync(as(a), { ...timeout, flags: as(b), offset: as(x) })],
    ['sendToSync', (a, b, x) => socket.sendToSync(as(a), as(b), { ...timeout, length: as(x) })],
    ['bind', (a) => socket.bind(as(a))],
    ['listen', (a) => socket.listen(as(a))],
    ['getsockopt', (a, b, x) => socket.getsockopt(as(a), as(b), as(x))],
    ['setsockopt', (a, b, x) => socket.setsockopt(as(a), as(b), as(x))],
    ['shutdown', (a) => socket.shutdown(as(a))],
    ['ifNameToIndex', (a) => ifNameToIndex(as(a))],
    ['ifIndexToName', (a) => ifIndexToName(as(a))],
  ];
  it.each(calls)('%s', (_, call) => {
    fc.assert(
      fc.property(anything, anything, anything, (a, b, x) => {
        try {
          call(a, b, x);
        } catch (error) {
          // fast-check's own objects may throw when they are looked at: that is their error, not ours.
          const known = error as Error & { code?: unknown };
          expect(known).toBeInstanceOf(Error);
          expect(known.code).toMatch(/^E[A-Z0-9_]+$/);
        }
      }),
      { numRuns: 300 },
    );
    // Still of use.
    while (other.tryRecvInto(Buffer.alloc(64)) >= 0);
  });
});
