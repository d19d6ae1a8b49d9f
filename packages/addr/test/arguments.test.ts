import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import * as addr from '../src/index.ts';

const { can, inet, inet6, packet, unix, unixAbstract, unknown } = addr;

const TYPE = 'ERR_INVALID_ARG_TYPE';
const RANGE = 'ERR_OUT_OF_RANGE';
const VALUE = 'ERR_INVALID_ARG_VALUE';

const functions: Readonly<Record<string, unknown>> = { ...addr };

/** Calls `name` with arguments of types that the compiler would refuse. */
const call = (name: string, ...args: unknown[]): unknown =>
  Reflect.apply(functions[name] as (...args: unknown[]) => unknown, undefined, args);

describe('bad arguments', () => {
  it.each<[keyof typeof addr, unknown[], string, string]>([
    ['inet', [1, 80], TYPE, 'address'],
    ['inet', ['127.0.0.1', '80'], TYPE, 'port'],
    ['inet', ['127.0.0.1', -1], RANGE, 'port'],
    ['inet', ['127.0.0.1', 65536], RANGE, 'port'],
    ['inet', ['127.0.0.1', 1.5], RANGE, 'port'],
    ['inet', ['127.0.0.1', Number.NaN], RANGE, 'port'],
    ['inet', ['localhost', 80], VALUE, 'address'],
    ['inet', [new Uint8Array(5), 80], RANGE, 'address'],
    ['inet6', ['127.0.0.1', 80], VALUE, 'address'],
    ['inet6', [new Uint8Array(4), 80], RANGE, 'address'],
    ['inet6', ['::1', 80, null], TYPE, 'options'],
    ['inet6', ['::1', 80, { scopeId: 2 ** 32 }], RANGE, 'scopeId'],
    ['inet6', ['::1', 80, { flowInfo: -1 }], RANGE, 'flowInfo'],
    ['inet6', ['::1', 80, { flowInfo: '1' }], TYPE, 'flowInfo'],
    ['inet6', ['::1%x', 80, { ifNameToIndex: 1 }], TYPE, 'ifNameToIndex'],
    ['unix', [1], TYPE, 'name'],
    ['unix', [''], VALUE, 'name'],
    ['unix', ['a\0b'], VALUE, 'name'],
    ['unix', ['\0a'], VALUE, 'name'],
    ['unix', ['p'.repeat(109)], RANGE, 'name'],
    ['unix', ['é'.repeat(55)], RANGE, 'name'],
    ['unix', ['\udc00'], VALUE, 'name'],
    ['unix', ['\ud800x'], VALUE, 'name'],
    ['unix', ['\udfff'], VALUE, 'name'],
    ['unixAbstract', ['p'.repeat(108)], RANGE, 'name'],
    ['unixAbstract', [null], TYPE, 'name'],
    ['packet', [null], TYPE, 'fields'],
    ['packet', [{ ifindex: -1 }], RANGE, 'ifindex'],
    ['packet', [{ protocol: 65536 }], RANGE, 'protocol'],
    ['packet', [{ hatype: 65536 }], RANGE, 'hatype'],
    ['packet', [{ pkttype: 256 }], RANGE, 'pkttype'],
    ['packet', [{ address: new Uint8Array(33) }], RANGE, 'bytes'],
    ['packet', [{ address: 'xx' }], VALUE, 'address'],
    ['packet', [{ address: 5 }], TYPE, 'address'],
    ['can', ['vcan0'], TYPE, 'ifindex'],
    ['can', [2 ** 31], RANGE, 'ifindex'],
    ['unknown', ['10'], TYPE, 'bytes'],
    ['unknown', [new Uint8Array(1)], RANGE, 'bytes'],
    ['unknown', [new Uint8Array(256)], RANGE, 'bytes'],
    ['parse', [80], TYPE, 'text'],
    ['format', [null], TYPE, 'value'],
    ['format', [{ family: 'inet7' }], VALUE, 'value.family'],
    ['format', [{ family: '__proto__' }], VALUE, 'value.family'],
    ['format', [{ family: 'inet', address: '1.2.3.4', port: 70000 }], RANGE, 'port'],
    ['size', [{ family: 'unix', kind: 'odd', bytes: new Uint8Array(1) }, 'linux'], VALUE, 'kind'],
    [
      'encode',
      [{ family: 'inet', address: '::1', port: 1 }, new Uint8Array(16), 0, 'linux'],
      VALUE,
      'address',
    ],
    [
      'encode',
      [
        { family: 'inet6', address: '::1%2', port: 1, scopeId: 0, flowInfo: 0 },
        new Uint8Array(28),
        0,
        'linux',
      ],
      VALUE,
      'address',
    ],
    ['encode', [can(1), [], 0, 'linux'], TYPE, 'buffer'],
    ['encode', [can(1), new Uint8Array(24), -1, 'linux'], RANGE, 'offset'],
    ['encode', [can(1), new Uint8Array(24), 25, 'linux'], RANGE, 'offset'],
    ['decode', ['', 0, 0, 'linux'], TYPE, 'buffer'],
    ['decode', [new Uint16Array(20), 0, 16, 'linux'], TYPE, 'buffer'],
    ['decode', [new Uint8Array(16), 0, 17, 'linux'], RANGE, 'length'],
    ['decode', [new Uint8Array(16), 17, 0, 'linux'], RANGE, 'offset'],
    ['decode', [new Uint8Array(16), 0, '16', 'linux'], TYPE, 'length'],
    ['decode', [new Uint8Array(16), 0, 0, 'linux'], VALUE, 'offset 0'],
    ['decode', [new Uint8Array(16), 0, 16, 'beos'], VALUE, 'platform'],
    ['parseMac', [5], TYPE, 'text'],
    ['formatMac', ['x'], TYPE, 'bytes'],
    ['formatIPv4', [new Uint8Array(4), 1], RANGE, 'offset'],
  ])('%s(%j) is %s', (name, args, code, argument) => {
    let error: unknown;
    try {
      call(name, ...args);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(code === RANGE ? RangeError : TypeError);
    expect(error).toMatchObject({ code });
    expect(String(error)).toContain(argument);
    // One form in all packages; malformed text and bytes also say where.
    expect(String(error)).toMatch(/^\w+Error: [\w.() ]+( at offset \d+)? must be .+; got .+$/);
  });

  it.each<[unknown, string]>([
    ['80', "'80'"],
    ['a\n"b"\u001b', '\'a\\n"b"\\u001b\''],
    ['x'.repeat(41), `'${'x'.repeat(40)}…'`],
    [null, 'null'],
    [undefined, 'undefined'],
    [1n, 'a bigint'],
    [Symbol('s'), 'a symbol'],
    [() => 1, 'a function'],
    [[], 'an object of Array'],
    [new Uint8Array(1), '1 byte'],
    [Buffer.alloc(2), '2 bytes'],
    [Object.create(null), 'an object'],
  ])('%o is named in the message', (value, words) => {
    expect(() => call('can', value)).toThrow(
      expect.objectContaining({ message: `ifindex must be a number; got ${words}` }),
    );
  });

  it('an object that throws when looked at is an object', () => {
    const get = (): never => {
      throw new Error('looked at');
    };
    for (const value of [new Proxy({}, { get }), new Proxy(new Uint8Array(1), { get })]) {
      expect(() => call('can', value)).toThrow('ifindex must be a number; got an object');
    }
  });

  it('a number out of range is named with its range', () => {
    expect(() => inet('127.0.0.1', 70000)).toThrow('port must be a whole number from 0 to 65535; got 70000');
    expect(() => inet(new Uint8Array(5), 80)).toThrow('address.length must be 4; got 5');
    expect(() => addr.formatIPv4(new Uint8Array(2))).toThrow(
      'bytes must be a Uint8Array with 4 bytes from offset 0 on; got 2 bytes',
    );
    expect(() => addr.parse('127.0.0.1')).toThrow("text at offset 9 must be ':' and a port; got the end");
  });
});

describe('good arguments', () => {
  it('bytes stand for text', () => {
    expect(inet(Uint8Array.of(127, 0, 0, 1), 80)).toStrictEqual(inet('127.0.0.1', 80));
    const loopback = new Uint8Array(16);
    loopback[15] = 1;
    expect(inet6(loopback, 80)).toStrictEqual(inet6('::1', 80));
    expect(unix(Buffer.from('/x'))).toStrictEqual(unix('/x'));
    expect(packet({ address: Uint8Array.of(2, 0xab) }).address).toBe('02:ab');
  });

  it('bytes may come from another realm, as from a test runner’s or a frame’s', () => {
    const foreign = runInNewContext('Uint8Array.of(127, 0, 0, 1)') as Uint8Array;
    expect(foreign instanceof Uint8Array).toBe(false);
    expect(inet(foreign, 80).address).toBe('127.0.0.1');
  });

  it('a path that is not UTF-8 keeps its bytes and shows U+FFFD', () => {
    const path = unix(Uint8Array.of(0x2f, 0xff, 0x61));
    expect(path.name).toBe('/\ufffda');
    expect([...path.bytes]).toEqual([0x2f, 0xff, 0x61]);
  });

  it('families are told apart by `family`, which the compiler follows', () => {
    const value: addr.SocketAddress = addr.parse('[::1]:80/flowinfo=5');
    expect(value.family === 'inet6' && value.flowInfo).toBe(5);
  });

  it('every value is an Address as the sockets take it', () => {
    type Address =
      | Uint8Array
      | { toSockaddr(platform: 'linux' | 'darwin' | 'win32' | 'freebsd'): Uint8Array };
    const all: Address[] = [
      inet('127.0.0.1', 1),
      inet6('::1', 1),
      unix('/x'),
      unixAbstract('x'),
      packet({}),
      can(0),
      unknown(new Uint8Array(2)),
    ];
    for (const address of all) {
      if (!('toSockaddr' in address)) throw new Error('not an address');
      expect(address.toSockaddr('linux')).toBeInstanceOf(Uint8Array);
    }
  });
});
