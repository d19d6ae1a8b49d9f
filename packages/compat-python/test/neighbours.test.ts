/** parity.json on the modules beside socket: each name of CPython's is here, or explained. */
import { readFileSync } from 'node:fs';
import * as asyncio from '@sockeye/compat-python/asyncio';
import * as select from '@sockeye/compat-python/select';
import * as selectors from '@sockeye/compat-python/selectors';
import * as socketserver from '@sockeye/compat-python/socketserver';
import * as struct from '@sockeye/compat-python/struct';
import { afterAll, describe, expect, it } from 'vitest';
import { needsPython, python } from './support.ts';

interface Name {
  /** Names that are not here are modules and bases that CPython's source imports, or need fork(2), which Node.js has not. */
  state: 'here' | "CPython's internals" | 'another platform';
  /** Public members, of a class. */
  members?: string[];
}
type Modules = Readonly<Record<string, Readonly<Record<string, Name>>>>;

const { neighbours } = JSON.parse(readFileSync(new URL('../parity.json', import.meta.url), 'utf8')) as {
  neighbours: Modules;
};
const modules: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  select,
  selectors,
  struct,
  socketserver,
  asyncio,
};
/** What a loop has beside its calls on sockets is the event loop of JavaScript's. */
const beside = ['get_running_loop'];

const poller = select.poll();
/** Classes whose members are elsewhere: of an object that a function makes, of those that an abstract class is for. */
const stands: Readonly<Record<string, unknown>> = {
  poll: { prototype: poller },
  BaseSelector: selectors.SelectSelector,
  // A function here: what it makes of a class has them.
  ThreadingMixIn: socketserver.ThreadingTCPServer,
};

/** The public members of a class, its own and inherited, and those that its instances and statics have. */
function membersOf(type: unknown): Set<string> {
  const found = new Set<string>();
  const { prototype } = type as { prototype: object };
  for (const start of [prototype, type as object]) {
    for (let at: unknown = start; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
      for (const name of Object.getOwnPropertyNames(at)) found.add(name);
    }
  }
  return found;
}

/** Fields, which are there in instances alone. */
const instances: Readonly<Record<string, () => object>> = {
  SelectorKey: () => new selectors.SelectorKey(0, 0, 1, null),
  TCPServer: () => servers.tcp,
  BaseServer: () => servers.tcp,
  UDPServer: () => servers.udp,
  UnixStreamServer: () => servers.tcp,
  UnixDatagramServer: () => servers.udp,
  ThreadingTCPServer: () => servers.tcp,
  ThreadingUnixStreamServer: () => servers.tcp,
  ThreadingUDPServer: () => servers.udp,
  ThreadingUnixDatagramServer: () => servers.udp,
};
const servers = {
  tcp: new socketserver.TCPServer(['127.0.0.1', 0], socketserver.StreamRequestHandler),
  udp: new socketserver.UDPServer(['127.0.0.1', 0], socketserver.DatagramRequestHandler),
};
afterAll(() => {
  servers.tcp.server_close();
  servers.udp.server_close();
});

/** Of Python's named tuples, which are arrays' methods here. */
const TUPLE = ['count', 'index'];

describe.each(Object.keys(neighbours))('%s', (name) => {
  const table = neighbours[name] ?? {};
  const due = Object.keys(table).filter((one) => table[one]?.state === 'here');

  it('exports each name that is said to be here, and no others', () => {
    const exported = Object.keys(modules[name] ?? {}).filter((one) => !beside.includes(one));
    expect(exported.sort()).toEqual([...due].sort());
  });

  it('has the members of each class', () => {
    for (const [one, { members }] of Object.entries(table)) {
      if (members === undefined) continue;
      const type = stands[one] ?? modules[name]?.[one];
      const found = membersOf(type);
      for (const field of Object.keys(instances[one]?.() ?? {})) found.add(field);
      expect(members.filter((member) => !found.has(member) && !TUPLE.includes(member), one)).toEqual([]);
    }
  });

  it('knows every public name of CPython', (context) => {
    needsPython(context);
    const where = name === 'asyncio' ? 'asyncio.AbstractEventLoop' : name;
    const names = JSON.parse(python(`import json, ${name}; print(json.dumps(dir(${where})))`)) as string[];
    const public_ = names.filter((one) =>
      name === 'asyncio' ? one.startsWith('sock_') : !one.startsWith('_'),
    );
    expect(public_.filter((one) => table[one] === undefined)).toEqual([]);
  });

  it('knows every public member of CPython', (context) => {
    needsPython(context);
    const classes = Object.keys(table).filter((one) => table[one]?.members !== undefined);
    const program = `import json, sys, ${name}
out = {}
for n in json.load(sys.stdin):
    c = getattr(${name}, n)
    out[n] = [m for m in dir(c() if n == 'poll' else c) if m[0] != '_']
print(json.dumps(out))`;
    const theirs = JSON.parse(python(program, JSON.stringify(classes))) as Record<string, string[]>;
    for (const one of classes) {
      expect((theirs[one] ?? []).filter((member) => !table[one]?.members?.includes(member))).toEqual([]);
    }
  });
});
