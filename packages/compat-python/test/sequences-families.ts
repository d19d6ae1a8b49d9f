/** Random sequences of calls on sockets of packets, CAN and TIPC: what calls are made, here and in CPython. */
import * as socket from '@sockeye/compat-python';
import fc from 'fast-check';

/**
 * A value that both sides know: bytes (in hex, or as many as `fill` says), memory to fill, a socket's own address, an integer that
 * JSON cannot hold. An array is a tuple.
 */
export type Value =
  | { bytes: string }
  | { fill: number }
  | { room: number }
  | { own: number }
  | { int: string }
  | readonly Value[]
  | string
  | number
  | null;
/** On which of the open sockets (counted modulo their number), what, with what. */
export type Call = readonly [name: string, at: number, ...args: Value[]];

/** What a sequence begins with, and what it does then. */
export interface Sequence {
  readonly kind: string;
  /** Of each socket its family, type and protocol. */
  readonly sockets: readonly (readonly number[])[];
  readonly setup: readonly Call[];
  /** Where in its address a socket has a number that it did not choose. */
  readonly numbered?: number;
  readonly timeout: number;
  readonly calls: readonly Call[];
}

interface Kind extends Omit<Sequence, 'kind' | 'timeout' | 'calls'> {
  readonly addresses: readonly Value[];
  readonly payloads: readonly Value[];
  readonly options: readonly (readonly [level: number, name: number])[];
  readonly values: readonly Value[];
  /** Seconds of timeouts; those of sockets whose calls fail as long as they are not connected have none, see {@link patient}. */
  readonly timeouts: readonly number[];
}

const TIMED: readonly number[] = [0, 0, 0, 0.01];
const UNTIMED: readonly number[] = [0];

const hex = (bytes: string): Value => ({ bytes: bytes.replaceAll(' ', '') });
const { AF_PACKET, AF_CAN, AF_TIPC, SOCK_RAW, SOCK_DGRAM, SOCK_RDM, SOCK_SEQPACKET, SOCK_STREAM } = socket;
const of = (level: number, ...names: number[]): (readonly [number, number])[] =>
  names.map((name) => [level, name] as const);
const twice = <T>(one: T): readonly [T, T] => [one, one];

/** What no family takes for an address, or what depends on others. */
const STRANGE: readonly Value[] = [
  null,
  7,
  'lo',
  hex('6c6f'),
  [],
  ['lo', 1, 2, 3, hex(''), 6],
  { own: 0 },
  { own: 1 },
];

/** An experimental EtherType, IEEE 802, as a protocol of a socket: in network order. */
const OURS = 0x88b5;
const PROTOCOL = socket.htons(OURS);
const packetAddresses: readonly Value[] = [
  ['lo', OURS],
  ['v0', OURS],
  ['v1', OURS, 0, 1, hex('020000000002')],
  ['v0', OURS, 4, 1, hex('ffffffffffff')],
  ['v0', OURS, 300, 70_000, hex('0200000000010203')],
  ['lo', 0x88b6, 0, 772, hex('')],
  ['lo', 0],
  ['', OURS],
  ['lo'],
  ['lo', -1],
  ['lo', 65_536],
  ['lo', { int: '1099511627776' }],
  ['lo', 'x'],
  ['lo', OURS, 'x'],
  ['lo', OURS, 0, 0, 'x'],
  ['lo', OURS, 0, 0, hex('010203040506070809')],
  ['no such', OURS],
  ['lo\0', OURS],
  ['a name beyond sixteen', OURS],
  [5, OURS],
  [hex('6c6f'), OURS],
  ...STRANGE,
];
/** Where the frame's destination is the address's: of one without, CPython sends whatever its stack held. */
const whole = (address: Value): Value => {
  if (!Array.isArray(address) || typeof address[0] !== 'string' || typeof address[1] !== 'number')
    return address;
  const [name, protocol, pkttype = 0, hatype = 1, to = hex('020000000002')] = address as Value[];
  return [
    name,
    protocol,
    pkttype,
    hatype,
    JSON.stringify(to) === '{"bytes":""}' ? hex('000000000000') : to,
  ] as Value;
};
const packet = (type: number, protocol = PROTOCOL, setup: readonly Call[] = []): Kind => ({
  sockets: twice([AF_PACKET, type, protocol]),
  setup,
  addresses: type === SOCK_DGRAM ? packetAddresses.map(whole) : packetAddresses,
  payloads: [
    hex('020000000002 020000000001 88b5 68656c6c6f'),
    hex('ffffffffffff 020000000001 88b6 68656c6c6f'),
    hex('6162630a'),
    hex(''),
    { fill: 60 },
    { fill: 1600 },
    { fill: 70_000 },
  ],
  // packet(7): PACKET_ADD_MEMBERSHIP, PACKET_STATISTICS, PACKET_AUXDATA …; PACKET_HDRLEN reads what is not there.
  timeouts: TIMED,
  options: of(263, 1, 2, 6, 8, 9, 10, 12, 13, 15, 18, 20, 99),
  values: [0, 1, -1, 70_000, hex(''), hex('01000000 0000 0600 020000000001 0000'), hex('00000000')],
});
const bound = (address: Value): readonly Call[] => [
  ['bind', 0, address],
  ['bind', 1, address],
];

const canAddresses: readonly Value[] = [
  ['vcan0'],
  [''],
  ['lo'],
  [hex('7663616e30')],
  ['no such'],
  ['vcan0\0'],
  ['a name beyond sixteen'],
  [5],
  ['vcan0', 0x10, 0x20],
  ['vcan0', 0x20, 0x10],
  ['vcan0', 0x90000010, 0x90000020],
  ['vcan0', -1, { int: '4294967296' }],
  ['vcan0', 'x', 1],
  ['vcan0', 0, 0x40000, 0x10],
  ['vcan0', 0, 0xee00, 0x20],
  ['vcan0', 0, 0x12300, 0xff],
  ['vcan0', { int: '18446744073709551615' }, 0x40000, 0xfe],
  ['vcan0', { int: '1234605616436508552' }, 0x40000, 0x30],
  ['vcan0', 0, 0x40000, 256],
  ['vcan0', 0, 0x40000, -1],
  ['vcan0', 0, 'x', 1],
  ...STRANGE,
];
const BCM_HEAD = (opcode: string, count: string): string =>
  `${opcode}000000 00000000 00000000 00000000 ${'00'.repeat(32)} 23010000 ${count}000000`;
const can = (...protocols: number[]): Kind => ({
  sockets: protocols.map((protocol) => [
    AF_CAN,
    protocol === socket.CAN_RAW ? SOCK_RAW : SOCK_DGRAM,
    protocol,
  ]),
  setup: bound(['vcan0']),
  addresses: canAddresses,
  payloads: [
    hex('23010000 03 000000 0102030000000000'),
    hex('78563492 08 000000 0102030405060708'),
    hex('23010040 02 000000 0000000000000000'),
    hex('04000020 08 000000 0001020304050607'),
    hex('23010000 09 000000 0102030405060708'),
    hex(`23010000 0c 010000 ${'5a'.repeat(64)}`),
    // linux/can/bcm.h: TX_SEND of a frame, RX_SETUP without a filter, TX_DELETE, TX_READ, and nonsense.
    hex(`${BCM_HEAD('04', '01')} 23010000 03 000000 0102030000000000`),
    hex(BCM_HEAD('05', '00')),
    hex(BCM_HEAD('02', '00')),
    hex(BCM_HEAD('03', '00')),
    hex(BCM_HEAD('63', '00')),
    hex('010203'),
    hex('0102030405060708'),
    hex(''),
    { fill: 5000 },
  ],
  // linux/can/raw.h, isotp.h, j1939.h.
  timeouts: TIMED,
  options: [...of(101, 1, 2, 3, 4, 5, 6, 7, 99), ...of(106, 1, 2, 3, 4, 5), ...of(107, 1, 2, 3, 4, 99)],
  values: [0, 1, -1, 6, hex(''), hex('23010000 ff070000'), hex('00000020'), hex('000000000000000000000000')],
});
/** Where CPython forgets to look whether an address is a tuple, and says SystemError of its own parser. */
const tuples = canAddresses.filter(
  (address) => Array.isArray(address) || Object.hasOwn(Object(address), 'own'),
);
const isotp: Kind = {
  ...can(socket.CAN_ISOTP, socket.CAN_ISOTP),
  addresses: tuples,
  timeouts: UNTIMED,
  setup: [
    ['bind', 0, ['vcan0', 0x10, 0x20]],
    ['bind', 1, ['vcan0', 0x20, 0x10]],
  ],
  payloads: [hex('010203'), hex('01020304050607'), hex(''), { fill: 9000 }],
};
const j1939: Kind = {
  ...can(socket.CAN_J1939, socket.CAN_J1939),
  timeouts: UNTIMED,
  addresses: tuples,
  setup: [
    ['bind', 0, ['vcan0', 0, 0x40000, 0x10]],
    ['bind', 1, ['vcan0', 0, 0x40000, 0x20]],
    ['connect', 0, ['vcan0', 0, 0x12300, 0x20]],
  ],
  // What is longer goes in sessions, by timers.
  payloads: [hex('010203'), hex('0102030405060708'), hex('')],
};

const { TIPC_ADDR_NAMESEQ, TIPC_ADDR_NAME, TIPC_ADDR_ID } = socket;
/** A type of service that nobody has. */
const SERVICE = 18_888;
const tipcAddresses: readonly Value[] = [
  [TIPC_ADDR_NAMESEQ, SERVICE, 0, 7],
  [TIPC_ADDR_NAMESEQ, SERVICE, 1, 1, 3],
  [TIPC_ADDR_NAMESEQ, SERVICE, 5, 2],
  [TIPC_ADDR_NAMESEQ, 1, 1, 1],
  [TIPC_ADDR_NAME, SERVICE, 0, 0],
  [TIPC_ADDR_NAME, SERVICE, 1, 0, 3],
  [TIPC_ADDR_NAME, SERVICE, 99, 0, 200],
  [TIPC_ADDR_ID, 0, 0, 0],
  [TIPC_ADDR_ID, 0, 1, 0, 3],
  [TIPC_ADDR_NAME, -1, { int: '4294967296' }, 0],
  [TIPC_ADDR_NAME, SERVICE, 0],
  [TIPC_ADDR_NAME, SERVICE, 0, 0, 3, 0],
  [TIPC_ADDR_NAME, 'x', 0, 0],
  [9, 1, 1, 1],
  ...STRANGE,
];
const tipc = (type: number): Kind => ({
  sockets: twice([AF_TIPC, type, 0]),
  setup: [
    ['bind', 0, [TIPC_ADDR_NAMESEQ, SERVICE, 0, 0]],
    ['bind', 1, [TIPC_ADDR_NAMESEQ, SERVICE, 1, 1, 3]],
  ],
  numbered: 2,
  addresses: tipcAddresses,
  // More than fits, of datagrams; a connection that is full takes eight seconds to close.
  payloads: [hex('6162630a'), hex(''), { fill: 200 }, { fill: type === SOCK_STREAM ? 300 : 66_001 }],
  // linux/tipc.h; TIPC_NODE_RECVQ_DEPTH (131) is the node's.
  timeouts: UNTIMED,
  options: of(271, 127, 128, 129, 130, 132, 133, 134, 135, 136, 137, 138, 99),
  values: [0, 1, 3, 4, -1, hex('00'), hex(`c8490000 ${'01000000'.repeat(3)}`)],
});
/** A connection is there when it was accepted. */
const tipcConnection = (type: number): Kind => ({
  ...tipc(type),
  setup: [
    ['bind', 0, [TIPC_ADDR_NAMESEQ, SERVICE, 0, 0]],
    ['listen', 0, 1],
    ['settimeout', 1, 0],
    ['connect_ex', 1, [TIPC_ADDR_NAME, SERVICE, 0, 0]],
    ['accept', 0],
  ],
});

/** Families, and what a sequence of theirs begins with. */
export const FAMILIES: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  packet: {
    raw: packet(SOCK_RAW, PROTOCOL, bound(['lo', OURS])),
    'raw on a link': packet(SOCK_RAW, PROTOCOL, [
      ['bind', 0, ['v0', OURS]],
      ['bind', 1, ['v1', OURS]],
    ]),
    datagram: packet(SOCK_DGRAM, PROTOCOL, bound(['lo', OURS])),
    unbound: packet(SOCK_DGRAM, 0),
  },
  can: {
    raw: can(socket.CAN_RAW, socket.CAN_RAW),
    'broadcast manager': {
      ...can(socket.CAN_BCM, socket.CAN_RAW),
      setup: [
        ['connect', 0, ['vcan0']],
        ['bind', 1, ['vcan0']],
      ],
    },
    unbound: { ...can(socket.CAN_BCM, socket.CAN_RAW), setup: [] },
  },
  isotp: { bound: isotp, unbound: { ...isotp, setup: [] } },
  j1939: { connected: j1939, unbound: { ...j1939, setup: [] } },
  tipc: {
    rdm: tipc(SOCK_RDM),
    datagram: tipc(SOCK_DGRAM),
    'seqpacket connection': tipcConnection(SOCK_SEQPACKET),
    'stream connection': tipcConnection(SOCK_STREAM),
  },
};

const at = fc.nat(7);
const size = fc.constantFrom(0, 1, 5, 16, 100, 5000, -1);
const MSG_TRUNC = 0x20;
// MSG_PEEK, MSG_DONTWAIT, MSG_TRUNC, MSG_ERRQUEUE, MSG_NOSIGNAL, MSG_CONFIRM.
const flags = fc.constantFrom(0, 0, 0, 0, 2, 0x40, MSG_TRUNC, 0x2000, 0x4000, 0x800);
const room: fc.Arbitrary<Value> = fc.constantFrom(0, 3, 16, 80).map((count) => ({ room: count }));

function call({ addresses, payloads, options, values }: Kind): fc.Arbitrary<Call> {
  const address = fc.constantFrom(...addresses);
  const payload = fc.constantFrom(...payloads);
  const option = fc.constantFrom(...options, [1, 2] as const, [1, 3] as const, [1, 4] as const);
  const value = fc.constantFrom(...values);
  // What it gives of a longer message is whatever memory held.
  const defined = flags.map((given) => (given === MSG_TRUNC ? 0 : given));
  const receive = fc.oneof(
    fc.tuple(fc.constantFrom('recv', 'recvfrom'), at, size, defined),
    fc.tuple(fc.constant('recvmsg'), at, size, fc.constantFrom(0, 20, 200), flags),
    fc.tuple(fc.constantFrom('recv_into', 'recvfrom_into'), at, room, fc.constantFrom(0, 5, -1), flags),
    fc.tuple(fc.constant('recvmsg_into'), at, fc.tuple(room, room), fc.constantFrom(0, 200), flags),
  );
  const send = fc.oneof(
    fc.tuple(fc.constantFrom('send', 'sendall'), at, payload, flags),
    fc.tuple(fc.constant('sendto'), at, payload, address),
    fc.tuple(fc.constant('sendto'), at, payload, flags, address),
    fc.tuple(fc.constant('sendmsg'), at, fc.tuple(payload, payload), fc.constant([]), flags, address),
    fc.tuple(fc.constant('sendmsg'), at, fc.tuple(payload)),
  );
  const name = fc.oneof(
    fc.tuple(fc.constantFrom('bind', 'connect', 'connect_ex'), at, address),
    fc.tuple(fc.constantFrom('getsockname', 'getsockname', 'getpeername', 'accept', 'listen'), at),
  );
  const set = fc.oneof(
    fc.tuple(option, at, value).map(([[level, one], index, given]): Call => {
      return ['setsockopt', index, level, one, given];
    }),
    fc.tuple(option, at, fc.constantFrom(0, 4, 16, 1025)).map(([[level, one], index, length]): Call => {
      return ['getsockopt', index, level, one, length];
    }),
    fc.tuple(fc.constant('shutdown'), at, fc.constantFrom(0, 1, 2, 3)),
    fc.tuple(fc.constantFrom('dup', 'twin', 'close', 'detach', 'fileno', 'repr', 'gettimeout'), at),
  );
  return fc.oneof(
    { weight: 4, arbitrary: receive },
    { weight: 4, arbitrary: send },
    { weight: 2, arbitrary: name },
    { weight: 2, arbitrary: set },
  );
}

/**
 * Without what a family never does, flags that it refuses and accept(2): CPython waits first and calls then, so that such a call
 * runs out of time there.
 */
function patient([name, index, ...args]: Call): Call {
  if (name === 'accept') return ['gettimeout', index];
  const odd = (arg: Value): boolean => arg === 0x4000 || arg === 0x2000 || arg === 0x800;
  return [name, index, ...(name.startsWith('rec') ? args.map((arg) => (odd(arg) ? 0 : arg)) : args)];
}

/** Sequences of a family. */
export function sequences(family: string): fc.Arbitrary<Sequence> {
  const kinds = Object.entries(FAMILIES[family] ?? {}).map(([kind, one]) =>
    fc
      .record({
        timeout: fc.constantFrom(...one.timeouts),
        calls: fc.array(call(one), { minLength: 1, maxLength: 16 }),
      })
      .map(({ timeout, calls }): Sequence => {
        const { sockets, setup, numbered } = one;
        const same = timeout > 0 ? calls.map(patient) : calls;
        return { kind, sockets, setup, ...(numbered !== undefined && { numbered }), timeout, calls: same };
      }),
  );
  return fc.oneof(...kinds);
}
