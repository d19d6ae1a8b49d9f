/**
 * Core broken on purpose, one promise at a time: what the contracts must notice. The native part's functions are wrapped
 * before core takes them, and each wrapper does nothing until its mutant is switched on.
 */
import { createRequire } from 'node:module';
import type { Promised } from './contract.ts';

type Call = (...given: unknown[]) => unknown;

/** What the package of the platform exports; packages/core/ts/binding.ts has the types. */
type NativePart = Record<string, Call>;

const NATIVE: NativePart = createRequire(import.meta.url)(
  `@sockeye/core-${process.platform}-${process.arch}-gnu`,
) as NativePart;

/** The mutant that is switched on; none at first. */
export const active: { name: string } = { name: '' };

export interface Mutant {
  readonly name: string;
  /** The promises that this breaks: each of them must be seen broken, on some medium. */
  readonly breaks: readonly Promised[];
  /** Those of tc-netem(8) that it breaks as well, where the kernel has that. */
  readonly netem?: readonly Promised[];
}

/** What a mutant makes of a call: `real` is what it wraps, `calls` counts the calls while it is on. */
type Mutation = (real: Call, given: unknown[], calls: number) => unknown;

const mutants: Mutant[] = [];

/** Adds a mutant that changes these native functions. */
function mutant(
  name: string,
  breaks: readonly Promised[],
  functions: readonly string[],
  mutate: Mutation,
  netem: readonly Promised[] = [],
): void {
  mutants.push({ name, breaks, netem });
  let calls = 0;
  for (const called of functions) {
    const real = NATIVE[called];
    if (real === undefined) throw new Error(`the native part has no ${called}`);
    NATIVE[called] = (...given) => {
      if (active.name !== name) return real(...given);
      calls += 1;
      return mutate(real, given, calls);
    };
  }
}

const SENDS = ['send', 'sendSync', 'sendto', 'sendtoSync'] as const;
const RECEIVES = ['recv', 'recvSync', 'recvfrom', 'recvfromSync'] as const;
const MESSAGES = ['recvmsg', 'recvmsgSync'] as const;
const [EAGAIN, ENETDOWN, ECONNRESET] = [11, 100, 104];
const MSG_PEEK = 2;
const MSG_TRUNC = 0x20;
const SHUT_RDWR = 2;

/** Bytes that a send was given: (slot, generation, data, offset, length …). */
function given([, , data, offset = 0, length = 0xffffffff]: unknown[]): Buffer {
  const bytes = data as Uint8Array;
  const end = Math.min(bytes.length, (offset as number) + (length as number));
  return Buffer.from(bytes.subarray(offset as number, end));
}

mutant('a message is dropped', ['order', 'members', 'forms'], SENDS, (real, call, calls) =>
  calls % 5 === 0 ? given(call).length : real(...call),
);

let held: { slot: unknown; send: () => unknown } | undefined;
mutant(
  'two messages change places',
  ['order'],
  SENDS,
  (real, call, calls) => {
    const [slot, generation, , , , ...rest] = call;
    if (held !== undefined && held.slot === slot) {
      const { send } = held;
      held = undefined;
      const result = real(...call);
      send();
      return result;
    }
    if (calls % 4 !== 0) return real(...call);
    const data = given(call);
    held = {
      slot,
      send: () => real(slot, generation, data, 0, data.length, ...(rest.length > 0 ? rest : [0])),
    };
    return data.length;
  },
  ['reordering'],
);

mutant(
  'a message is sent twice',
  ['order', 'members'],
  SENDS,
  (real, call, calls) => {
    if (calls % 4 === 0) real(...call);
    return real(...call);
  },
  ['loss', 'duplication'],
);

mutant('a message is cut, and nobody says so', ['order', 'boundaries', 'forms'], RECEIVES, (real, call) => {
  const count = real(...call) as number;
  return count > 8 ? count - 1 : count;
});

mutant('a look takes the message', ['boundaries'], RECEIVES, (real, call) => {
  const flags = call[5];
  if (typeof flags === 'number' && flags & MSG_PEEK) call[5] = flags & ~MSG_PEEK;
  return real(...call);
});

mutant('a message that was cut is said to be whole', ['truncation'], MESSAGES, (real, call) => {
  const count = real(...call);
  const envelope = call[3] as Uint8Array;
  const numbers = new Uint32Array(envelope.buffer, envelope.byteOffset, 1);
  numbers[0] = (numbers[0] as number) & ~MSG_TRUNC;
  return count;
});

mutant('SHUT_WR shuts both directions', ['half-close'], ['shutdown'], (real, [slot, generation]) =>
  real(slot, generation, SHUT_RDWR),
);

mutant('the end is never told', ['end', 'half-close', 'peer killed'], RECEIVES, (real, call) => {
  const count = real(...call);
  return count === 0 ? -EAGAIN : count;
});

mutant('a reset is taken for the end', ['reset'], RECEIVES, (real, call) => {
  const count = real(...call);
  return count === -ECONNRESET ? 0 : count;
});

mutant(
  'nobody is told that an interface went down',
  ['link down', 'interface removed'],
  RECEIVES,
  (real, call) => {
    const count = real(...call);
    return count === -ENETDOWN ? -EAGAIN : count;
  },
);

mutant(
  'what a full queue has no room for is thrown away',
  ['back-pressure', 'peer stopped'],
  SENDS,
  (real, call) => {
    const count = real(...call);
    return count === -EAGAIN ? given(call).length : count;
  },
);

mutant('time runs out early', ['timeouts'], ['recvSync', 'recvfromSync', 'pollSync'], (real, call) => {
  const at = call.length > 5 ? 6 : 3;
  const timeout = call[at];
  if (typeof timeout === 'number' && timeout > 0) call[at] = timeout / 4;
  return real(...call);
});

mutant('control data are lost', ['ancillary data', 'full queue'], MESSAGES, (real, call) => {
  const count = real(...call);
  const envelope = call[3] as Uint8Array;
  new Uint32Array(envelope.buffer, envelope.byteOffset, 2)[1] = 0;
  return count;
});

mutant('the last message of a batch is lost', ['batches'], ['recvmmsg', 'recvmmsgSync'], (real, call) => {
  const count = real(...call) as number;
  return count > 1 ? count - 1 : count;
});

mutant('a descriptor is leaked', ['descriptors'], ['close'], (real, call, calls) =>
  calls % 5 === 0 ? 0 : real(...call),
);

mutant('nothing is ever ready', ['forms'], ['poll', 'pollSync'], (real, call) => {
  const stands = real(...call) as number;
  return stands > 0 ? 0 : stands;
});

/** Shared numbers of core and the native part: what is wanted after a callback; packages/core/ts/wait.ts. */
const WANTED = 3;
const LOST = 'a wake-up is lost';
mutants.push({ name: LOST, breaks: ['forms', 'fairness'] });
const { setup } = NATIVE;
NATIVE.setup = (onReady, ...rest) => {
  const shared = rest.find((one) => one instanceof Int32Array);
  if (shared === undefined) throw new Error('core shares no numbers with the native part any more');
  let wakeUps = 0;
  const sometimes = (): void => {
    wakeUps += 1;
    // The poller is told to stop, and core thinks that it polls.
    if (active.name === LOST && wakeUps % 3 === 0) shared[WANTED] = 0;
    else (onReady as () => void)();
  };
  return setup?.(sometimes, ...rest);
};

/** What waits, as far as a wrapper around the class needs it. */
interface Waits {
  recv(size: number, options?: { signal?: AbortSignal | undefined }): Promise<Buffer>;
}

/** Those that break the class, not the native part. */
export function mutateClass(prototype: Waits): void {
  const { recv } = prototype;
  const pending = new WeakMap<object, ((data: Buffer) => void)[]>();
  prototype.recv = function (size, options) {
    const result = recv.call(this, size, active.name === DEAF ? { ...options, signal: undefined } : options);
    // Another takes its place, and what comes.
    if (active.name === GREEDY) result.catch(() => recv.call(this, size).catch(() => undefined));
    if (active.name === STUCK)
      return result.catch((error) =>
        error.code === 'ECANCELED' ? new Promise(() => {}) : Promise.reject(error),
      );
    if (active.name !== UNFAIR) return result;
    const stack = pending.get(this) ?? [];
    pending.set(this, stack);
    return new Promise((resolve, reject) => {
      stack.push(resolve);
      result.then((data) => stack.pop()?.(data), reject);
    });
  };
}
const DEAF = 'a signal is not heard';
const GREEDY = 'who gave up takes the next message along';
const STUCK = 'who waits is not told of the close';
const UNFAIR = 'who came last is served first';
mutants.push(
  { name: DEAF, breaks: ['abort'] },
  { name: GREEDY, breaks: ['abort', 'timeouts'], netem: ['delay'] },
  { name: STUCK, breaks: ['close-while-waiting'] },
  { name: UNFAIR, breaks: ['fairness'] },
);

export const MUTANTS: readonly Mutant[] = mutants;
