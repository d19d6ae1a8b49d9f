/** The subsets: what they export, that they work, and what a bundle of one holds. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as embedded from '@sockeye/compat-python/profiles/embedded';
import * as python1 from '@sockeye/compat-python/profiles/python1';
import * as python33 from '@sockeye/compat-python/profiles/python33';
import { rolldown } from 'rolldown';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from './support.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});
function kept<T extends { close(): void }>(one: T): T {
  open.push(one);
  return one;
}

const members = (type: { readonly prototype: object }): string[] =>
  Object.getOwnPropertyNames(type.prototype)
    .filter((name) => name !== 'constructor' && name !== 'toString')
    .sort();

describe('embedded', () => {
  const names = 'AF_INET SOCK_DGRAM SOCK_STREAM SocketType getaddrinfo inet_aton inet_ntoa socket';
  const methods =
    'accept bind close connect listen recv recv_into recvfrom recvfrom_into send sendall sendto shutdown';

  it('exports what its manual lists, and its sockets have those methods', () => {
    expect(Object.keys(embedded).sort()).toEqual(names.split(' '));
    expect(members(embedded.socket)).toEqual(methods.split(' '));
    expect(embedded.SocketType).toBe(embedded.socket);
  });

  it('echoes', async () => {
    const port = await freePort();
    const server = kept(embedded.socket());
    server.bind(['127.0.0.1', port]);
    server.listen(1);
    const client = kept(new embedded.socket(embedded.AF_INET, embedded.SOCK_STREAM));
    const [[, , , , where] = []] = embedded.getaddrinfo('127.0.0.1', port);
    client.connect(where as [string, number]);
    const [conn] = server.accept<[string, number]>();
    kept(conn);
    expect(conn).toBeInstanceOf(embedded.socket);
    expect(String(conn)).toMatch(/^<socket\.socket fd=\d+, family=2, type=1/);
    client.sendall(Buffer.from('hello'));
    const room = Buffer.alloc(5);
    expect(conn.recv_into(room)).toBe(5);
    expect(conn.send(room)).toBe(5);
    expect(client.recv(9).toString()).toBe('hello');
  });
});

describe('python1', () => {
  it('exports what its manual lists, and its sockets have the methods of their time', () => {
    const names = 'AF_INET AF_UNIX SOCK_DGRAM SOCK_STREAM error fromfd gethostbyname getservbyname socket';
    expect(Object.keys(python1).sort()).toEqual(names.split(' '));
    const methods =
      'accept bind close connect fileno getpeername getsockname getsockopt listen makefile recv recvfrom send sendto setsockopt shutdown';
    expect(members(python1.socket)).toEqual(methods.split(' '));
  });

  it('echoes, through a copy by fromfd too', () => {
    const server = kept(python1.socket(python1.AF_INET, python1.SOCK_STREAM));
    server.bind(['', 0]);
    server.listen(1);
    const client = kept(python1.socket(python1.AF_INET, python1.SOCK_STREAM));
    client.connect(['127.0.0.1', server.getsockname<[string, number]>()[1]]);
    const conn = kept(server.accept()[0]);
    const copy = kept(python1.fromfd(conn.fileno(), python1.AF_INET, python1.SOCK_STREAM));
    expect(copy).toBeInstanceOf(python1.socket);
    copy.send(Buffer.from('from the copy'));
    expect(client.makefile('rb').read(4)?.toString()).toBe('from');
    expect(() => client.connect(['127.0.0.1', 1])).toThrow(python1.error);
  });
});

const manuals =
  process.env.SOCKEYE_MANUALS ?? fileURLToPath(new URL('../../../../shared/manuals', import.meta.url));
const manual = `${manuals}/python33.rst`;

describe('python33', () => {
  it('exports what its manual lists', (context) => {
    if (!existsSync(manual))
      context.skip(`the manual is not at ${manual}; SOCKEYE_MANUALS may say where it is`);
    const text = readFileSync(manual, 'utf8');
    const due = new Set<string>();
    const directives = /^\.\. (data|function|exception):: (\w+\*?).*\n((?: {10}\S+\n)*)/gm;
    for (const [, , first, more] of text.matchAll(directives)) {
      for (const name of `${first} ${more}`.trim().split(/\s+/)) due.add(name);
    }
    for (const [, name] of text.matchAll(/const:`((?:AF|SOCK|AI|SHUT|SCM|CAN)_\w+)`/g))
      due.add(name as string);
    const names = Object.keys(python33);
    // Windows' alone, and RDS's, of which CPython defines none on Linux.
    const elsewhere = ['SIO_*', 'RCVALL_*', 'RDS_*'];
    const exact = [...due].filter((name) => !name.includes('*'));
    expect(exact.filter((name) => !names.includes(name))).toEqual([]);
    const forms = [...due].filter((name) => name.includes('*') && !elsewhere.includes(name));
    const fits = (form: string, name: string): boolean => name.startsWith(form.slice(0, -1));
    expect(forms.filter((form) => !names.some((name) => fits(form, name)))).toEqual([]);
    expect(names.filter((name) => !due.has(name) && !forms.some((form) => fits(form, name)))).toEqual([]);
    const listed = [...text.matchAll(/^\.\. (?:method|attribute):: socket\.(\w+)/gm)].map(([, name]) => name);
    expect(members(python33.socket)).toEqual(listed.sort());
  });

  it('has none of what came later, and works', () => {
    const later = [
      'AF_ALG',
      'AF_VSOCK',
      'CAN_BCM',
      'CAN_ISOTP',
      'SO_INCOMING_CPU',
      'TCP_FASTOPEN_CONNECT_',
      'send_fds',
    ];
    expect(Object.keys(python33).filter((name) => later.includes(name))).toEqual([]);
    const [one, other] = python33.socketpair();
    kept(one);
    kept(other);
    expect([one.family, one.type, one.proto]).toEqual([python33.AF_UNIX, python33.SOCK_STREAM, 0]);
    one.sendmsg([Buffer.from('a'), Buffer.from('b')]);
    expect(other.recvmsg(9)[0].toString()).toBe('ab');
    other.settimeout(0.01);
    expect(() => other.recv(1)).toThrow(python33.timeout);
    expect(() => one.ioctl(0, 0)).toThrow(/Windows/);
    expect(String(one)).toMatch(/^<socket\.socket fd=\d+, family=1/);
  });
});

describe('a bundle', () => {
  const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
  /** What package.json calls side effects: modules that make families known. */
  const effects = /compat-python\/src\/(index|asyncio|socketserver|profiles\/\w+)\.ts$/;
  /** A bundle of the packages' own sources, and which of them are in it. */
  async function bundled(code: string): Promise<{ text: string; files: string[] }> {
    const entry = '\0entry.js';
    const made = await rolldown({
      input: 'entry',
      logLevel: 'silent',
      external: /^node:/,
      treeshake: { moduleSideEffects: (id) => id === entry || effects.test(id) },
      plugins: [
        {
          name: 'sources',
          resolveId(id) {
            if (id === 'entry') return entry;
            const [scope, name = '', part = 'index'] = id.split('/');
            if (scope !== '@sockeye') return null;
            if (name !== 'core') return at(`${name}/src/${part}.ts`);
            return at(part === 'index' ? 'core/ts/index.ts' : `core/ts/${part}/index.ts`);
          },
          load: (id) => (id === entry ? code : null),
        },
      ],
    });
    try {
      const { output } = await made.generate({ format: 'es' });
      const [{ code: text, modules }] = output;
      const files = Object.entries(modules).filter(([, { renderedLength }]) => renderedLength > 0);
      return { text, files: files.map(([path]) => path) };
    } finally {
      await made.close();
    }
  }
  const others = /(can|packet|netlink|tipc|bluetooth|hci|l2cap|rfcomm|sco|alg|vsock|qipcrtr)\.ts$/;
  const words = /AF_(CAN|PACKET|NETLINK|TIPC|BLUETOOTH|ALG|VSOCK) address|bdaddr|unsupported CAN protocol/i;
  const echo = `
const port = Number(process.argv[2]);
const s = socket(AF_INET, SOCK_STREAM); s.bind(['127.0.0.1', port]); s.listen(1);
const c = socket(); c.connect(['127.0.0.1', port]);
const [conn] = s.accept(); c.sendall(Buffer.from('bundled')); console.log(conn.recv(99).toString());
for (const one of [s, c, conn]) one.close();`;

  it('of embedded has no code of CAN, packets, netlink, TIPC, Bluetooth, and runs', async () => {
    const { text, files } = await bundled(
      `import { AF_INET, SOCK_STREAM, socket } from ${JSON.stringify(at('compat-python/src/profiles/embedded.ts'))};${echo}`,
    );
    // core's words of help in errors are a table of texts, of all families.
    const code = files.filter((path) => !path.includes('/core/ts/hints/'));
    expect(code.filter((path) => others.test(path))).toEqual([]);
    expect(words.exec(text)?.[0]).toBe(undefined);
    // Beside core's sources, from where the native part is looked up.
    const file = join(at('core/ts'), `bundle-${process.pid}.mjs`);
    const port = await freePort();
    writeFileSync(file, text);
    try {
      const { stdout, stderr } = spawnSync(process.execPath, [file, String(port)], {
        encoding: 'utf8',
        timeout: 15_000,
      });
      expect(`${stdout}${stderr}`).toBe('bundled\n');
    } finally {
      rmSync(file);
    }
  });

  it('of the whole has all of it, so that the test above can fail', async () => {
    const { text, files } = await bundled(
      `import { AF_INET, SOCK_STREAM, socket } from ${JSON.stringify(at('compat-python/src/index.ts'))};${echo}`,
    );
    expect(files.filter((path) => others.test(path)).length).toBeGreaterThan(5);
    expect(words.exec(text)?.[0]).not.toBe(undefined);
  });
});
