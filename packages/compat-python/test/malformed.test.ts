/** Random arguments, most of them wrong, here and in CPython: results, classes of errors, words, numbers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, float, int } from './calls.ts';
import { type Call, comparable, type On, ours, theirs } from './differential.ts';
import { needsPython311 } from './support.ts';

/** One process of CPython does as many, so they are drawn at once. */
const COUNT = 1500;

const number = fc.constantFrom<unknown>(
  ...[
    0,
    1,
    2,
    3,
    5,
    9,
    13,
    41,
    100,
    999,
    1025,
    65535,
    65536,
    -1,
    -2,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    -(2 ** 31) - 1,
  ],
  ...[int(2n ** 63n), int(2n ** 64n), int(-(2n ** 63n) - 1n), int(2n ** 1000n)],
);
const text = fc.constantFrom(
  '',
  'x',
  '127.0.0.1',
  '::1',
  'lo',
  'tcp',
  'http',
  'a\0b',
  'é',
  '\ud800',
  '1.2.3.4.5',
);
const readable = fc.constantFrom<unknown>(...['', 'x', 'a\0', '1234', '0123456789abcdef'].map(bytes));
/** All memory of JavaScript's can be written to, so Python gets what can be, too. */
const writable = fc.constantFrom<unknown>(...[0, 1, 4, 5, 100].map((bytearray) => ({ bytearray })));
const single = fc.oneof(
  { weight: 4, arbitrary: number },
  text,
  readable,
  fc.constantFrom<unknown>(null, true, false, float(1.5), float('inf'), float('nan')),
);
const host = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('127.0.0.1', '::1', '', '<broadcast>') },
  number,
);
// No names as hosts: those would be asked for. Nor ports that somebody may have.
const port = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(0, 1) },
  single.filter((value) => typeof value !== 'number' || value < 2 || value > 65535),
);
const address = fc.oneof(
  fc.tuple(host, port),
  fc.tuple(host, port, single),
  fc.tuple(host, port, single, single),
  fc.array(single, { maxLength: 1 }),
  fc.tuple(host, port, single, single, single),
);
const any = fc.oneof({ weight: 5, arbitrary: single }, address);

const to = fc.oneof({ weight: 3, arbitrary: address }, any);
/** Of flags that are numbers none with MSG_TRUNC, where CPython gives as many bytes as there were, whatever they are. */
const flags = any.filter((value) => typeof value !== 'number' || (value & 0x20) === 0 || value > 2 ** 31);
const into = fc.oneof({ weight: 5, arbitrary: writable }, number, text, fc.constant(null));

/** Functions by what they are called on, what they take, and how much of that at the least. */
type Target = readonly [
  on: readonly On[],
  names: readonly string[],
  takes: readonly fc.Arbitrary<unknown>[],
  least?: number,
];
const inets: readonly On[] = ['inet', 'inet6', 'udp', 'netlink', 'vsock', 'alg', 'closed'];
const targets: readonly Target[] = [
  [['module'], ['htons', 'ntohs', 'htonl', 'ntohl', 'CMSG_LEN', 'CMSG_SPACE'], [any]],
  [['module'], ['inet_aton', 'inet_ntoa', 'if_nametoindex', 'getprotobyname'], [any]],
  [['module'], ['inet_pton', 'inet_ntop'], [any, any]],
  [['module'], ['getservbyname', 'getservbyport'], [any, any], 1],
  [['module'], ['getnameinfo'], [to, any]],
  [['module'], ['socket', 'socketpair'], [any, any, any], 0],
  [['module'], ['create_server'], [to]],
  [inets, ['bind', 'connect', 'connect_ex'], [to]],
  [['udp', 'closed', 'netlink'], ['sendto'], [any, to]],
  [['udp', 'closed', 'netlink'], ['sendto'], [any, any, to]],
  [['messages'], ['recv', 'recvfrom'], [any, flags], 1],
  [['messages'], ['recv_into', 'recvfrom_into'], [into, any, flags], 1],
  [['messages'], ['recvmsg'], [any, any, flags], 1],
  [['messages', 'pair', 'closed'], ['send', 'sendall'], [any, any], 1],
  [['messages', 'closed'], ['sendmsg'], [any, any, any, any], 1],
  [['inet', 'messages', 'closed'], ['settimeout', 'setblocking'], [any]],
  [['inet', 'pair', 'closed', 'alg'], ['setsockopt'], [any, any, any, any], 3],
  [['inet', 'pair', 'closed'], ['getsockopt'], [any, any, any], 2],
  [['inet', 'pair', 'closed'], ['listen'], [any], 0],
  [['pair', 'inet', 'closed'], ['shutdown', 'set_inheritable'], [any]],
  [['pair', 'closed'], ['getsockname', 'getpeername', 'gettimeout', 'getblocking', 'get_inheritable'], []],
];

const call: fc.Arbitrary<Call> = fc
  .constantFrom(...targets)
  .chain(([on, names, takes, least = takes.length]) => {
    const count = fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: least, max: takes.length }) },
      fc.integer({ min: 0, max: takes.length + 1 }),
    );
    const args = count.chain(
      (length): fc.Arbitrary<unknown[]> => fc.tuple(...Array.from({ length }, (_, at) => takes[at] ?? any)),
    );
    return fc.record({ on: fc.constantFrom(...on), call: fc.constantFrom(...names), args });
  });

/** The calls of which CPython makes something else, with both outcomes. */
function differences(calls: readonly Call[]): unknown[] {
  const expected = theirs(calls);
  return calls.flatMap((one, at) => {
    const [got, wanted] = [ours(one), expected[at] as ReturnType<typeof ours>].map((outcome) =>
      comparable(one, outcome),
    );
    return JSON.stringify(got) === JSON.stringify(wanted) ? [] : [{ ...one, got, wanted }];
  });
}

describe('random arguments', () => {
  it.for([1, 2, 113, Math.floor(Math.random() * 2 ** 31)])('seed %i', (seed, context) => {
    needsPython311(context);
    expect(differences(fc.sample(call, { seed, numRuns: COUNT }))).toEqual([]);
  });

  it('are sometimes right', () => {
    const outcomes = fc.sample(call, { seed: 1, numRuns: COUNT }).map(ours);
    const taken = outcomes.filter((outcome) => 'result' in outcome).length;
    expect(taken).toBeGreaterThan(COUNT / 20);
    expect(COUNT - taken).toBeGreaterThan(COUNT / 2);
  });
});
