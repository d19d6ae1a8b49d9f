/** Python's select and selectors modules: the same lines in CPython and here, results, classes and words. */
import { readdirSync } from 'node:fs';
import * as socket from '@sockeye/compat-python';
import * as select from '@sockeye/compat-python/select';
import * as selectors from '@sockeye/compat-python/selectors';
import { afterEach, describe, expect, it } from 'vitest';
import { needsPython311, python, thrown } from './support.ts';

/** Each pair's first object is `a`, which has something to read when `b` sent. */
const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function pair(): [socket.socket, socket.socket] {
  const made = socket.socketpair();
  open.push(...made);
  return made;
}

const PRELUDE = `
import fcntl, json, select, selectors, socket, sys
# Numbers that no event has.
a, b = [socket.socket(fileno=fcntl.fcntl(s, fcntl.F_DUPFD, 700)) for s in socket.socketpair()]
c = socket.socket(); c.close()
def name(v):
    if v is a: return 'a'
    if v is b: return 'b'
    if isinstance(v, selectors.SelectorKey): return ['key', name(v.fileobj), v.events, name(v.data)]
    if isinstance(v, (list, tuple)): return ['fd' if at == 0 and type(x) is int and x in (a.fileno(), b.fileno()) else name(x) for at, x in enumerate(v)]
    return v if v is None or isinstance(v, (bool, int, str)) else type(v).__name__
def run(f):
    try: return name(f())
    except Exception as e:
        return type(e).__name__ + ': ' + str(e).replace('fd=%d' % a.fileno(), 'fd=N').replace('fd=%d' % b.fileno(), 'fd=N').replace('FD %d' % a.fileno(), 'FD N')
`;

interface World {
  readonly a: socket.socket;
  readonly b: socket.socket;
  readonly c: socket.socket;
}

function named(value: unknown, { a, b }: World): unknown {
  const name = (one: unknown): unknown => named(one, { a, b, c: a });
  if (value === a) return 'a';
  if (value === b) return 'b';
  if (value instanceof selectors.SelectorKey)
    return ['key', name(value.fileobj), value.events, name(value.data)];
  if (Array.isArray(value)) {
    const fds: unknown[] = [a.fileno(), b.fileno()];
    return value.map((one, at) => (at === 0 && fds.includes(one) ? 'fd' : name(one)));
  }
  if (value === undefined || value === null) return null;
  return typeof value === 'object' ? value.constructor.name : value;
}

type Step = readonly [python: string, ours: (world: World) => unknown];

function compare(prelude: string, world: World, steps: readonly Step[]): void {
  const lines = steps.map(([line]) => `out.append(run(lambda: ${line}))`);
  const program = `${PRELUDE}${prelude}\nout = []\n${lines.join('\n')}\njson.dump(out, sys.stdout)`;
  const theirs = JSON.parse(python(program)) as unknown[];
  const ours = steps.map(([, call]) => {
    try {
      return named(call(world), world);
    } catch (error) {
      const { name, message } = error as Error;
      const plain = message.replace(/\bfd=\d+/g, 'fd=N').replace(/FD \d+/g, 'FD N');
      return `${name}: ${plain}`;
    }
  });
  expect(steps.map(([line], at) => `${line} -> ${JSON.stringify(ours[at])}`)).toEqual(
    steps.map(([line], at) => `${line} -> ${JSON.stringify(theirs[at])}`),
  );
}

function world(): World {
  const [a, b] = pair();
  const c = socket.socket();
  c.close();
  return { a, b, c };
}

const call = (f: unknown, ...args: unknown[]): unknown => (f as (...all: unknown[]) => unknown)(...args);

describe('select.select', () => {
  it('is as in CPython', (context) => {
    needsPython311(context);
    compare('', world(), [
      ['select.select()', () => call(select.select)],
      ['select.select([],[],[],-1)', () => select.select([], [], [], -1)],
      ['select.select([1.5],[],[],0)', () => select.select([1.5], [], [], 0)],
      ["select.select(['x'],[],[],0)", () => call(select.select, ['x'], [], [], 0)],
      ['select.select([-1],[],[],0)', () => select.select([-1], [], [], 0)],
      ['select.select([5000],[],[],0)', () => select.select([5000], [], [], 0)],
      ['select.select(1,[],[],0)', () => call(select.select, 1, [], [], 0)],
      ["select.select([],[],[],'x')", () => call(select.select, [], [], [], 'x')],
      ["select.select([],[],[],float('nan'))", () => select.select([], [], [], Number.NaN)],
      ['select.select([],[],[],2**63)', () => select.select([], [], [], 2 ** 63)],
      ['select.select([c],[],[],0)', ({ c }) => select.select([c], [], [], 0)],
      ['select.select([a],[a],[a],0)', ({ a }) => select.select([a], [a], [a], 0)],
      ['select.select([a,a],[],[a],0)', ({ a }) => select.select([a, a], [], [a], 0)],
      ['select.select([],[],[],0.01)', () => select.select([], [], [], 0.01)],
      ["b.send(b'x')", ({ b }) => b.send(Buffer.from('x'))],
      ['select.select([b,a,a],[a,b],[a])', ({ a, b }) => select.select([b, a, a], [a, b], [a])],
      ['select.select([a.fileno()],[],[],None)', ({ a }) => select.select([a.fileno()], [], [], null)],
      ['b.close()', ({ b }) => b.close()],
      [
        'a.recv(5) and select.select([],[],[a],0.01)',
        ({ a }) => a.recv(5) && select.select([], [], [a], 0.01),
      ],
      ['select.select([a],[a],[a],1)', ({ a }) => select.select([a], [a], [a], 1)],
      ['select.PIPE_BUF', () => select.PIPE_BUF],
    ]);
  });

  it('has its constants and names', (context) => {
    needsPython311(context);
    const program =
      "import json, select; print(json.dumps({n: getattr(select, n) for n in dir(select) if n[0] != '_' and n.isupper()}))";
    const theirs = JSON.parse(python(program)) as Record<string, number>;
    const ours = Object.entries(select).filter(([name]) => name === name.toUpperCase());
    expect(Object.fromEntries(ours)).toEqual(theirs);
  });

  it('urgent data is exceptional', () => {
    const server = socket.create_server(['127.0.0.1', 0]);
    const client = socket.create_connection(server.getsockname<socket.ReturnedInet>());
    const [served] = server.accept();
    open.push(server, client, served);
    served.send(Buffer.from('!'), socket.MSG_OOB);
    expect(select.select([], [], [client], 5)).toEqual([[], [], [client]]);
  });

  it('a closed number is EBADF', () => {
    expect(thrown(() => select.select([900], [], [], 0))).toMatchObject({ name: 'OSError', errno: 9 });
  });
});

describe('select.poll', () => {
  it('is as in CPython', (context) => {
    needsPython311(context);
    const p = select.poll();
    compare('p = select.poll()', world(), [
      ['p.register()', () => call(p.register.bind(p))],
      ['p.register(-1)', () => p.register(-1)],
      ["p.register('x')", () => call(p.register.bind(p), 'x')],
      ['p.register(a,-1)', ({ a }) => p.register(a, -1)],
      ['p.register(a,65536)', ({ a }) => p.register(a, 65536)],
      ["p.register(a,'x')", ({ a }) => call(p.register.bind(p), a, 'x')],
      ['p.register(2**40)', () => p.register(2 ** 40)],
      ['p.modify(1,1)', () => p.modify(1, 1)],
      ['p.unregister(1)', () => p.unregister(1)],
      ["p.poll('x')", () => call(p.poll.bind(p), 'x')],
      ['p.poll(2**70)', () => p.poll(2 ** 70)],
      ["p.poll(float('nan'))", () => p.poll(Number.NaN)],
      ['p.poll(0)', () => p.poll(0)],
      ['p.register(a)', ({ a }) => p.register(a)],
      ['p.register(b, 65535)', ({ b }) => p.register(b, 65535)],
      ['p.poll()', () => p.poll()],
      ["b.send(b'x')", ({ b }) => b.send(Buffer.from('x'))],
      ['p.modify(b, select.POLLIN)', ({ b }) => p.modify(b, select.POLLIN)],
      ['p.poll(None)', () => p.poll(null)],
      ['p.unregister(a)', ({ a }) => p.unregister(a)],
      ['p.poll(1.5)', () => p.poll(1.5)],
      ['a.close()', ({ a }) => a.close()],
      ['[e for _, e in p.poll(-1)]', () => p.poll(-1).map(([, events]) => events)],
      ['b.close()', ({ b }) => b.close()],
      ['[e for _, e in p.poll(-1)]', () => p.poll(-1).map(([, events]) => events)],
    ]);
  });
});

describe('select.epoll', () => {
  it('is as in CPython', (context) => {
    needsPython311(context);
    const e = select.epoll();
    const small = socket.socketpair();
    open.push(e, ...small);
    compare('e = select.epoll()', world(), [
      ['select.epoll(0)', () => select.epoll(0)],
      ['select.epoll(-2)', () => select.epoll(-2)],
      ['select.epoll(flags=1)', () => select.epoll({ flags: 1 })],
      ["select.epoll('x')", () => call(select.epoll, 'x')],
      ['e.register(-1)', () => e.register(-1)],
      ['e.register(a, -1)', ({ a }) => e.register(a, -1)],
      ['e.modify(a, 1)', ({ a }) => e.modify(a, 1)],
      ['e.unregister(a)', ({ a }) => e.unregister(a)],
      ["e.poll('x')", () => call(e.poll.bind(e), 'x')],
      ['e.poll(0, 0)', () => e.poll(0, 0)],
      ['e.poll(0, -2)', () => e.poll(0, -2)],
      ["e.poll(maxevents='x')", () => call(e.poll.bind(e), { maxevents: 'x' })],
      ["e.poll(float('nan'))", () => e.poll(Number.NaN)],
      ['e.poll(2**62)', () => e.poll(2 ** 62)],
      ['e.poll(timeout=0, maxevents=-1)', () => e.poll({ timeout: 0, maxevents: -1 })],
      ['e.register(a)', ({ a }) => e.register(a)],
      ['e.register(a)', ({ a }) => e.register(a)],
      [
        'e.register(b, select.EPOLLIN | select.EPOLLOUT)',
        ({ b }) => e.register(b, select.EPOLLIN | select.EPOLLOUT),
      ],
      ['sorted(x for _, x in e.poll())', () => e.poll().map(([, events]) => events)],
      ['len(e.poll(-1, 1))', () => e.poll(-1, 1).length],
      ['e.modify(b, select.EPOLLIN)', ({ b }) => e.modify(b, select.EPOLLIN)],
      ["a.send(b'x')", ({ a }) => a.send(Buffer.from('x'))],
      ['e.modify(a, select.EPOLLIN)', ({ a }) => e.modify(a, select.EPOLLIN)],
      ['e.poll(5)', () => e.poll(5)],
      ['e.unregister(b)', ({ b }) => e.unregister(b)],
      ['e.poll(0.01)', () => e.poll(0.01)],
      ['e.closed', () => e.closed],
    ]);
  });

  it('another object for an open set', () => {
    using e = select.epoll();
    const [a] = pair();
    e.register(a, select.EPOLLOUT);
    expect(select.epoll.fromfd(e.fileno()).poll(5)).toEqual([[a.fileno(), select.EPOLLOUT]]);
    expect(thrown(() => select.epoll.fromfd(a.fileno()))).toMatchObject({ name: 'OSError', errno: 9 });
  });

  it('closed, says so', (context) => {
    needsPython311(context);
    const e = select.epoll();
    compare('e = select.epoll()', world(), [
      ['e.close()', () => e.close()],
      ['e.close()', () => e.close()],
      ['e.closed', () => e.closed],
      ['e.poll()', () => e.poll()],
      ['e.fileno()', () => e.fileno()],
      ['e.register(1)', () => e.register(1)],
    ]);
  });
});

const { SelectSelector, PollSelector, EpollSelector } = selectors;
const kinds = Object.entries({ SelectSelector, PollSelector, EpollSelector });

describe.each(kinds)('selectors.%s', (kind, Selector) => {
  it('is as in CPython', (context) => {
    needsPython311(context);
    const s = new Selector();
    open.push(s);
    compare(`s = selectors.${kind}()`, world(), [
      ['s.register(a,0)', ({ a }) => s.register(a, 0)],
      ['s.register(a,4)', ({ a }) => s.register(a, 4)],
      ["s.register(a,'x')", ({ a }) => call(s.register.bind(s), a, 'x')],
      ["s.register('x',1)", () => call(s.register.bind(s), 'x', 1)],
      ['s.register(-1,1)', () => s.register(-1, 1)],
      ["s.register(a,1,'data')", ({ a }) => s.register(a, 1, 'data')],
      ['s.register(a,1)', ({ a }) => s.register(a, 1)],
      ['s.get_key(a)', ({ a }) => s.get_key(a)],
      ['s.get_key(b)', ({ b }) => s.get_key(b)],
      ["s.get_key('x')", () => call(s.get_key.bind(s), 'x')],
      ['len(s.get_map())', () => s.get_map()?.size],
      ['s.get_map()[b]', ({ b }) => s.get_map()?.get(b)],
      ['list(s.get_map())', () => [...(s.get_map() ?? [])]],
      ['b in s.get_map()', ({ b }) => s.get_map()?.has(b)],
      ['s.modify(b,1)', ({ b }) => s.modify(b, 1)],
      ['s.select(0)', () => s.select(0)],
      ['s.select(-1)', () => s.select(-1)],
      ["s.modify(a,3,'d2')", ({ a }) => s.modify(a, 3, 'd2')],
      ['s.select()', () => s.select()],
      ["b.send(b'x')", ({ b }) => b.send(Buffer.from('x'))],
      ['s.select(None)', () => s.select(null)],
      ['s.modify(a,1)', ({ a }) => s.modify(a, 1)],
      ['s.modify(a,1,4)', ({ a }) => s.modify(a, 1, 4)],
      ['s.select(3)', () => s.select(3)],
      ["s.select('x')", () => call(s.select.bind(s), 'x')],
      ['s.unregister(b)', ({ b }) => s.unregister(b)],
      ['b.close()', ({ b }) => b.close()],
      ['s.select(3)', () => s.select(3)],
      ['s.unregister(a)', ({ a }) => s.unregister(a)],
      ['s.unregister(a)', ({ a }) => s.unregister(a)],
      ['s.select(0.01)', () => s.select(0.01)],
      ['s.register(a,2)', ({ a }) => s.register(a, 2)],
      ['s.close()', () => s.close()],
      ['s.get_map()', () => s.get_map()],
      ['s.get_key(a)', ({ a }) => s.get_key(a)],
      ['s.close()', () => s.close()],
    ]);
  });

  it('a socket that was closed can still be taken out', () => {
    const [a, b] = pair();
    using s = new Selector();
    s.register(a, selectors.EVENT_READ, 'mine');
    s.register(b, selectors.EVENT_READ);
    a.close();
    expect(s.unregister(a).data).toBe('mine');
    expect(s.get_map()?.size).toBe(1);
    expect(s.select(5)).toEqual([[s.get_key(b), selectors.EVENT_READ]]);
  });
});

it('nothing is left open', () => {
  const before = readdirSync('/proc/self/fd').length;
  for (let times = 0; times < 20; times++) {
    using s = new selectors.DefaultSelector();
    using e = select.epoll();
    e.register(s, select.EPOLLIN);
    expect(e.poll(0)).toEqual([]);
  }
  expect(readdirSync('/proc/self/fd').length).toBe(before);
});
