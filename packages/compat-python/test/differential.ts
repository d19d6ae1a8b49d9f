/** The same calls here and in CPython: results and errors are held against each other. */
import * as socket from '@sockeye/compat-python';
import { python } from './support.ts';

/** On what a call is made: the module, a fresh socket, or one of a fresh pair. */
export type On =
  | 'module'
  | 'inet'
  | 'inet6'
  | 'unix'
  | 'udp'
  | 'packet'
  | 'netlink'
  | 'vsock'
  | 'alg'
  | 'pair'
  | 'messages'
  | 'listener'
  | 'closed';

/**
 * Values JSON cannot tell apart go as `{ bytes }` (hex), `{ float }`, `{ int }`, `{ bytearray }` (a length), `{ list }`,
 * and `{ keywords }` at the end.
 */
export interface Call {
  on: On;
  call: string;
  args: readonly unknown[];
}

/** What came of a call: JSON with bytes as `{ bytes }`, or an error with its class, words and number. */
export type Outcome = { result: unknown } | { error: string; message: string; errno: number | null };

const PROGRAM = `
import json, socket, sys

def decode(v):
    if isinstance(v, dict):
        if 'bytes' in v: return bytes.fromhex(v['bytes'])
        if 'bytearray' in v: return bytearray(v['bytearray'])
        if 'float' in v: return float(v['float'])
        if 'int' in v: return int(v['int'])
        if 'list' in v: return [decode(x) for x in v['list']]
    if isinstance(v, list): return tuple(decode(x) for x in v)
    return v

def encode(v):
    if isinstance(v, (bytes, bytearray)): return {'bytes': v.hex()}
    if isinstance(v, (list, tuple)): return [encode(x) for x in v]
    if isinstance(v, bool) or v is None or isinstance(v, str): return v
    if isinstance(v, int): return int(v)
    if isinstance(v, socket.socket):
        keep.append(v); return [int(v.family), int(v.type), v.proto]
    if isinstance(v, float): return v
    return v if v is None else str(type(v).__name__)

keep = []

def listener():
    s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); return s

def closed():
    s = socket.socket(); s.close(); return s

makers = {
    'inet': lambda: socket.socket(),
    'inet6': lambda: socket.socket(socket.AF_INET6),
    'udp': lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    'unix': lambda: socket.socket(socket.AF_UNIX),
    'packet': lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    'listener': listener,
    'closed': closed,
    'netlink': lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    'vsock': lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM),
    'alg': lambda: socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET),
}
out = []
for c in json.load(sys.stdin):
    held = []
    try:
        if c['on'] == 'module': target = socket
        elif c['on'] == 'pair':
            held = list(socket.socketpair()); target = held[0]
        elif c['on'] == 'messages':
            held = list(socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)); target = held[0]
            held[1].send(b'message'); target.settimeout(0)
        else:
            held = [makers[c['on']]()]; target = held[0]
        args, keywords = c['args'], {}
        if args and isinstance(args[-1], dict) and 'keywords' in args[-1]:
            keywords = {k: decode(v) for k, v in args[-1]['keywords'].items()}; args = args[:-1]
        out.append({'result': encode(getattr(target, c['call'])(*decode(args), **keywords))})
    except Exception as e:
        out.append({'error': type(e).__name__, 'message': str(e), 'errno': getattr(e, 'errno', None)})
    for s in held + keep: s.close()
    keep.clear()
json.dump(out, sys.stdout)
`;

/** What CPython makes of the calls. */
export function theirs(calls: readonly Call[]): Outcome[] {
  return JSON.parse(python(PROGRAM, JSON.stringify(calls))) as Outcome[];
}

type Target = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

const makers: Readonly<Record<Exclude<On, 'module' | 'pair' | 'messages'>, () => socket.socket>> = {
  inet: () => socket.socket(),
  inet6: () => socket.socket(socket.AF_INET6),
  udp: () => socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
  unix: () => socket.socket(socket.AF_UNIX),
  packet: () => socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
  listener: () => {
    const made = socket.socket();
    made.bind(['127.0.0.1', 0]);
    made.listen();
    return made;
  },
  netlink: () => socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
  vsock: () => socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM),
  alg: () => socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET),
  closed: () => {
    const made = socket.socket();
    made.close();
    return made;
  },
};

interface Tagged {
  bytes?: string;
  bytearray?: number;
  float?: string;
  int?: string;
  list?: readonly unknown[];
  keywords?: Readonly<Record<string, unknown>>;
}

function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== 'object' || value === null) return value;
  const tagged = value as Tagged;
  if (tagged.list !== undefined) return tagged.list.map(decode);
  if (tagged.keywords !== undefined) {
    return Object.fromEntries(Object.entries(tagged.keywords).map(([name, given]) => [name, decode(given)]));
  }
  if (tagged.bytes !== undefined) return Buffer.from(tagged.bytes, 'hex');
  if (tagged.bytearray !== undefined) return Buffer.alloc(tagged.bytearray);
  if (tagged.float !== undefined)
    return tagged.float === 'inf' ? Number.POSITIVE_INFINITY : Number(tagged.float);
  return BigInt(tagged.int as string);
}

function encode(value: unknown, held: socket.socket[]): unknown {
  if (value === undefined || value === null) return null;
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return value.map((one) => encode(one, held));
  if (value instanceof socket.socket) {
    held.push(value);
    return [value.family, value.type, value.proto];
  }
  return typeof value === 'object' ? value.constructor.name : value;
}

/** A pair of datagram sockets; something has come to the first, which does not wait. */
function messages(): [socket.socket, socket.socket] {
  const pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM);
  pair[1].send(Buffer.from('message'));
  pair[0].settimeout(0);
  return pair;
}

/** What this package makes of a call. */
export function ours({ on, call, args }: Call): Outcome {
  const held: socket.socket[] = [];
  try {
    if (on === 'pair') held.push(...socket.socketpair());
    else if (on === 'messages') held.push(...messages());
    else if (on !== 'module') held.push(makers[on]());
    const target = (on === 'module' ? socket : held[0]) as object as Target;
    const result = target[call]?.(...args.map(decode));
    return { result: encode(result, held) };
  } catch (error) {
    const { name, message, errno } = error as Error & { errno?: number | null };
    return { error: name, message, errno: errno ?? null };
  } finally {
    for (const one of held) one.close();
  }
}

/** Descriptor numbers and ephemeral ports differ from process to process. */
export function comparable(call: Call, outcome: Outcome): Outcome {
  if ('error' in outcome) {
    // Bug-fix releases of 3.11 changed these words.
    if (outcome.message.startsWith('timestamp ')) return { ...outcome, message: 'timestamp' };
    // JavaScript has no other error for a value without a method.
    if (outcome.error === 'AttributeError') return { ...outcome, error: 'TypeError' };
    // Its subclasses tell what encoding failed; there is but one here.
    return outcome.error.startsWith('Unicode') ? { ...outcome, error: 'UnicodeError' } : outcome;
  }
  if (call.call === 'fileno' && call.on !== 'closed') return { result: typeof outcome.result };
  return outcome;
}
