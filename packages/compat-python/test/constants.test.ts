/** The constants, and parity.json, which says of every name of Python's whether it is here. */
import { readFileSync } from 'node:fs';
import * as socket from '@sockeye/compat-python';
import { gaiStrerror, strerror } from '@sockeye/core';
import { describe, expect, it } from 'vitest';
import { needsPython, needsPython311, python } from './support.ts';

/** A name that is not here is another platform's, or of no use outside of CPython: there is no other reason. */
type State = 'here' | 'another platform' | "CPython's internals";
interface Name {
  /** The first version of Python that has it; those before 3.10 mostly are not told apart. */
  since: string;
  state: State;
  /** What stands for it here. */
  as?: string;
}
type Table = Readonly<Record<string, Name>>;

const parity = JSON.parse(readFileSync(new URL('../parity.json', import.meta.url), 'utf8')) as {
  functions: Table;
  methods: Table;
  classes: Table;
  attributes: Table;
  constants: Table;
};
const exported = socket as Readonly<Record<string, unknown>>;
const here = (table: Table): string[] => Object.keys(table).filter((name) => table[name]?.state === 'here');

/** Built-in classes of Python, which are names of the language there and of the module here. */
const builtins = [
  'BlockingIOError',
  'BrokenPipeError',
  'ChildProcessError',
  'ConnectionAbortedError',
  'ConnectionError',
  'ConnectionRefusedError',
  'ConnectionResetError',
  'FileExistsError',
  'FileNotFoundError',
  'InterruptedError',
  'IsADirectoryError',
  'NotADirectoryError',
  'OSError',
  'OverflowError',
  'PermissionError',
  'ProcessLookupError',
  'TimeoutError',
  'UnicodeDecodeError',
  'UnicodeEncodeError',
  'UnicodeError',
  'ValueError',
  'LookupError',
  'ExceptionGroup',
  // Of io, which makefile() gives files of.
  'UnsupportedOperation',
  // There on Windows only, and saying so.
  'fromshare',
];

describe('constants', () => {
  it("have CPython's values, and none is missing", (context) => {
    needsPython311(context);
    const program = `import json, socket
print(json.dumps({n: int(v) for n, v in vars(socket).items() if isinstance(v, int) and not isinstance(v, bool) and n[0].isupper()}))`;
    const values = JSON.parse(python(program)) as Record<string, number>;
    const due = Object.keys(values);
    expect(due.length).toBeGreaterThan(300);
    expect(Object.fromEntries(due.map((name) => [name, exported[name]]))).toEqual(
      Object.fromEntries(due.map((name) => [name, values[name]])),
    );
  });

  it('are numbers, every one on Linux', (context) => {
    if (process.platform !== 'linux') context.skip(`${process.platform} lacks some`);
    const text = ['BDADDR_ANY', 'BDADDR_LOCAL'];
    const odd = here(parity.constants).filter(
      (name) =>
        !Number.isInteger(exported[name]) && !(text.includes(name) && typeof exported[name] === 'string'),
    );
    expect(odd).toEqual([]);
  });

  it('has_ipv6 is what CPython says', (context) => {
    needsPython(context);
    expect(`${socket.has_ipv6}`).toBe(python('import socket; print(socket.has_ipv6)').trim().toLowerCase());
  });
});

describe('parity.json', () => {
  it('names every export of the module, and nothing else', () => {
    const names = [
      ...here(parity.functions),
      ...here(parity.classes),
      ...here(parity.attributes),
      ...here(parity.constants),
      ...builtins,
    ];
    expect(Object.keys(socket).sort()).toEqual([...new Set(names)].sort());
  });

  it('names every method and attribute of a socket, and nothing else', () => {
    const members = new Set<string>();
    // A class for each layer of calls.
    for (let at: unknown = socket.socket.prototype; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
      for (const name of Object.getOwnPropertyNames(at)) members.add(name);
    }
    for (const name of ['constructor', 'toString', 'address']) members.delete(name);
    const due = here(parity.methods).filter((name) => !name.startsWith('__'));
    // There on Windows only, and saying so.
    expect([...members].sort()).toEqual([...due, 'ioctl', 'share'].sort());
  });

  it('explains what is not here, and nothing is put off', () => {
    const explained: State[] = ['here', 'another platform', "CPython's internals"];
    const { functions, methods, classes, attributes, constants } = parity;
    for (const table of [functions, methods, classes, attributes, constants]) {
      for (const [name, { since, state }] of Object.entries(table)) {
        expect(explained, name).toContain(state);
        expect(since, name).toMatch(/^(<=)?3\.\d+$/);
        if (state === "CPython's internals") expect(name).toMatch(/^_|^CAPI$|^Int(Enum|Flag)$/);
      }
    }
  });

  it('knows every public name of CPython', (context) => {
    needsPython(context);
    const program = 'import json, socket; print(json.dumps([socket.__all__, dir(socket.socket)]))';
    const [all, members] = JSON.parse(python(program)) as [string[], string[]];
    const names = [parity.functions, parity.classes, parity.attributes, parity.constants].flatMap(
      Object.keys,
    );
    expect(all.filter((name) => !names.includes(name))).toEqual([]);
    const methods = Object.keys(parity.methods);
    expect(members.filter((name) => !name.startsWith('_') && !methods.includes(name))).toEqual([]);
  });
});

describe('words', () => {
  it("for error numbers are the system's", (context) => {
    needsPython(context);
    const program = `import errno, json, os, socket
print(json.dumps([{n: os.strerror(n) for n in [*errno.errorcode, 999]}]))`;
    const [words] = JSON.parse(python(program)) as [Record<string, string>];
    expect(Object.fromEntries(Object.keys(words).map((n) => [n, strerror(Number(n))]))).toEqual(words);
  });

  it("for EAI_ numbers are the system's", (context) => {
    needsPython(context);
    const program = `import ctypes, json, socket
libc = ctypes.CDLL(None); libc.gai_strerror.restype = ctypes.c_char_p
print(json.dumps({v: libc.gai_strerror(v).decode() for v in [*(getattr(socket, n) for n in dir(socket) if n.startswith('EAI_')), -999]}))`;
    const words = JSON.parse(python(program)) as Record<string, string>;
    expect(Object.fromEntries(Object.keys(words).map((n) => [n, gaiStrerror(Number(n))]))).toEqual(words);
  });
});
