/** Whatever is given, what comes is a result or an error of a known class, and the process goes on. */
import * as socket from '@sockeye/compat-python';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromSockaddr, toSockaddr } from '../src/address/registry.ts';
import { fsdecode, fsencode } from '../src/filesystem.ts';

const known = [TypeError, RangeError, socket.OSError, socket.ValueError];

function survives(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    if (!known.some((type) => error instanceof type)) throw error;
  }
}

const odd = fc.oneof(
  fc.anything(),
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.string(),
  fc.uint8Array(),
  fc.constantFrom(null, undefined, Number.NaN, -0, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 64, '', '\0'),
);
// No names: those would be asked for.
const host = fc.oneof(
  odd.filter((value) => typeof value !== 'string' && !(value instanceof Uint8Array)),
  fc.constantFrom('', '127.0.0.1', '::1', '<broadcast>', '1.2.3.4', 'a\0b', '255.255.255.255'),
);
const address = fc.oneof(
  odd,
  fc.tuple(host, odd),
  fc.tuple(host, fc.integer({ min: 0, max: 65535 })),
  fc.tuple(fc.constantFrom('::1', ''), fc.nat(65535), fc.nat(0xfffff), fc.nat()),
  fc.tuple(host, odd, odd),
  fc.tuple(host, odd, odd, odd),
  fc.tuple(host, odd, odd, odd, odd),
  fc.tuple(fc.string({ maxLength: 20 })),
);
const families = [
  socket.AF_INET,
  socket.AF_INET6,
  socket.AF_UNIX,
  socket.AF_PACKET,
  socket.AF_CAN,
  socket.AF_NETLINK,
];

describe('any input', () => {
  it('as an address', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.constantFrom(...families), fc.constantFrom(1, 2, 6), address, (family, proto, value) => {
        survives(() => {
          const bytes = toSockaddr(value, { caller: 'bind', family, proto });
          const again = fromSockaddr(bytes);
          expect(toSockaddr(again, { caller: 'bind', family, proto })).toEqual(bytes);
          taken += 1;
        });
      }),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(50);
  });

  it('as a sockaddr from the kernel', () => {
    fc.assert(
      fc.property(fc.constantFrom(...families), fc.uint8Array({ maxLength: 126 }), (family, rest) => {
        survives(() => fromSockaddr(Uint8Array.from([family & 0xff, family >> 8, ...rest])));
      }),
      { numRuns: 3000 },
    );
  });

  it('as a name in bytes comes back', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(new Uint8Array(fsencode(fsdecode(bytes)))).toEqual(bytes);
      }),
    );
  });

  it('to the functions of the module', () => {
    const module = socket as object as Readonly<Record<string, (...args: unknown[]) => unknown>>;
    const names = [
      'htons',
      'ntohl',
      'inet_aton',
      'inet_ntoa',
      'inet_pton',
      'inet_ntop',
      'if_nametoindex',
      'if_indextoname',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.array(odd, { maxLength: 4 }), (name, args) => {
        survives(() => module[name]?.(...args));
      }),
      { numRuns: 3000 },
    );
  });

  it('to the methods of a socket', () => {
    const names = [
      'recv',
      'recv_into',
      'recvfrom',
      'recvfrom_into',
      'send',
      'sendall',
      'setblocking',
      'getsockopt',
      'shutdown',
      'listen',
      'settimeout',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.array(odd, { maxLength: 4 }), (name, args) => {
        const [a, b] = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK);
        // Large sizes are honoured, and would take their time.
        const small = args.map((value) => (typeof value === 'number' && value > 1e6 ? 1e6 : value));
        const methods = a as object as Readonly<Record<string, (...args: unknown[]) => unknown>>;
        survives(() => methods[name]?.(...small));
        a.close();
        b.close();
      }),
      { numRuns: 3000 },
    );
  });
});
