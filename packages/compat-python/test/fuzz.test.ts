/** Whatever is given, what comes is a result or an error of a known class, and the process goes on. */
import * as socket from '@sockeye/compat-python';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromSockaddr, toSockaddr } from '../src/address/registry.ts';
import { fsdecode, fsencode } from '../src/filesystem.ts';

const known = [TypeError, RangeError, socket.OSError, socket.ValueError, socket.LookupError];

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
  socket.AF_TIPC,
  socket.AF_BLUETOOTH,
  socket.AF_ALG,
  socket.AF_VSOCK,
  socket.AF_QIPCRTR,
  socket.AF_RDS,
];

describe('any input', () => {
  it('as an address', () => {
    let taken = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...families),
        fc.constantFrom(0, 1, 2, 3, 6, 7),
        address,
        (family, proto, value) => {
          survives(() => {
            const bytes = toSockaddr(value, { caller: 'bind', family, proto });
            const again = fromSockaddr(bytes, proto);
            expect(toSockaddr(again, { caller: 'bind', family, proto })).toEqual(bytes);
            taken += 1;
          });
        },
      ),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(50);
  });

  it('as a sockaddr from the kernel', () => {
    fc.assert(
      fc.property(fc.constantFrom(...families), fc.uint8Array({ maxLength: 126 }), (family, rest) => {
        survives(() => fromSockaddr(Uint8Array.from([family & 0xff, family >> 8, ...rest]), rest[0] ?? 0));
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
      'CMSG_LEN',
      'CMSG_SPACE',
      'getservbyname',
      'getservbyport',
      'getprotobyname',
      'getnameinfo',
      'dup',
      'fromfd',
      'socketpair',
      'create_server',
      'send_fds',
      'recv_fds',
      'has_dualstack_ipv6',
      'AddressFamily',
      'MsgFlag',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.array(odd, { maxLength: 4 }), (name, args) => {
        // No numbers of descriptors that others have.
        const own = args.map((value) => (typeof value === 'number' && value >= 0 ? value + 1e6 : value));
        survives(() => {
          const made = module[name]?.(...(name === 'dup' || name === 'fromfd' ? own : args));
          for (const one of Array.isArray(made) ? made : [made])
            if (one instanceof socket.socket) one.close();
        });
      }),
      { numRuns: 3000 },
    );
  });

  it('to a file of a socket', () => {
    const names = [
      'read',
      'read1',
      'readinto',
      'readline',
      'readlines',
      'write',
      'writelines',
      'peek',
      'seek',
      'flush',
    ];
    const modes = ['r', 'w', 'rw', 'rb', 'wb', 'rwb'];
    const sizes = fc.constantFrom(null, 0, 1, 7, 8192);
    const run = fc.tuple(
      fc.constantFrom(...modes),
      sizes,
      fc.array(fc.tuple(fc.constantFrom(...names), odd), { maxLength: 6 }),
    );
    fc.assert(
      fc.property(run, fc.uint8Array(), ([mode, buffering, calls], data) => {
        const [a, b] = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK);
        b.send(data);
        b.shutdown(socket.SHUT_WR);
        survives(() => {
          const file = a.makefile(mode, buffering) as object as Readonly<
            Record<string, (...all: unknown[]) => unknown>
          >;
          for (const [name, value] of calls) {
            // Large sizes are honoured, and would take their room.
            const small = typeof value === 'number' && value > 1e6 ? 1e6 : value;
            survives(() => file[name]?.(small));
          }
          file.close?.();
        });
        a.close();
        b.close();
      }),
      { numRuns: 1000 },
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
      'recvmsg',
      'recvmsg_into',
      'sendmsg',
      'sendmsg_afalg',
      'sendto',
      'setsockopt',
      'makefile',
      'sendfile',
      'get_inheritable',
      'set_inheritable',
      'getsockname',
      'accept',
      'dup',
      'detach',
      'connect_ex',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.array(odd, { maxLength: 4 }), (name, args) => {
        const [a, b] = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK);
        // Large sizes are honoured, and would take their time.
        const small = args.map((value) => (typeof value === 'number' && value > 1e6 ? 1e6 : value));
        const methods = a as object as Readonly<Record<string, (...args: unknown[]) => unknown>>;
        let made: unknown;
        survives(() => {
          made = methods[name]?.(...small);
        });
        if (made instanceof socket.socket) made.close();
        if (name === 'detach' && typeof made === 'number' && made >= 0) socket.close(made);
        if (typeof made === 'object' && made !== null && 'close' in made) (made as { close(): void }).close();
        a.close();
        b.close();
      }),
      { numRuns: 3000 },
    );
  });
});
