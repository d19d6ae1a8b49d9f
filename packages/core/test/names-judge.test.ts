/** Names beside CPython, and both forms beside each other, where nothing but a hosts file answers. */
import { readFileSync } from 'node:fs';
import { constants as c } from '@sockeye/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cannotIsolate, HOSTS, isolated } from './isolated.ts';

const reason = cannotIsolate();

/** A name and the arguments of a function of Python's socket module. */
type Question = [string, ...unknown[]];

/** Answers as Python gives them: a list, `{ error }` where it raised. */
const PYTHON = `
import json, socket, sys
def ask(name, *args):
    args = [tuple(a) if isinstance(a, list) else a for a in args]
    try: return getattr(socket, name)(*args)
    except (socket.gaierror, socket.herror) as e: return {'error': e.errno}
    except OSError as e: return {'error': 'ENOENT'}
print(json.dumps([ask(*q) for q in json.load(sys.stdin)]))`;

/** The same from ours, in the form that \`form\` ends with. */
const OURS = `
  const address = (host, port = 0) =>
    core.getaddrinfoSync(host, port, { flags: c.AI_NUMERICHOST, type: c.SOCK_DGRAM })[0].address;
  const tuple = (bytes) => {
    const { host, service } = core.getnameinfoSync(bytes, { flags: c.NI_NUMERICHOST | c.NI_NUMERICSERV });
    const view = Buffer.from(bytes);
    return bytes.byteLength === 16
      ? [host, Number(service)] : [host, Number(service), view.readUInt32BE(4), view.readUInt32LE(24)];
  };
  const entry = ({ name, aliases, addresses }) => [name, aliases, addresses.map((one) => tuple(one)[0])];
  const shapes = {
    getaddrinfo: [
      (host, service, family = 0, type = 0, protocol = 0, flags = 0) => [host, service, { family, type, protocol, flags }],
      (found) => found.map((one) => [one.family, one.type, one.protocol, one.canonicalName ?? '', tuple(one.address)])],
    getnameinfo: [([host, port], flags) => [address(host, port), { flags }], ({ host, service }) => [host, service]],
    gethostbyname_ex: [(name) => [name], entry],
    gethostbyaddr: [(host) => [address(host)], entry],
    getfqdn: [(name) => [name], (name) => name],
    getservbyname: [(name, protocol) => [name, protocol], ({ port }) => port],
    getservbyport: [(port, protocol) => [port, protocol], ({ name }) => name],
    getprotobyname: [(name) => [name], ({ number }) => number],
  };
  const failed = (error) => ({ error: error.code === 'ENOENT' ? 'ENOENT' : error.errno ?? error.code });
  const run = (form) => async ([name, ...args]) => {
    const [take, give] = shapes[name];
    try { return give(await core[name.replace('_ex', '') + form](...take(...args))); } catch (error) { return failed(error); }
  };
  const chunks = []; for await (const chunk of process.stdin) chunks.push(chunk);
  const questions = JSON.parse(Buffer.concat(chunks));
  const sync = []; for (const one of questions) sync.push(await run('Sync')(one));
  console.log(JSON.stringify([sync, await Promise.all(questions.map(run(''))), lookups() <= 8]));`;

function subsets(flags: number[]): number[] {
  return Array.from({ length: 1 << flags.length }, (_, bits) =>
    flags.reduce((sum, flag, index) => (bits & (1 << index) ? sum | flag : sum), 0),
  );
}

/** The first words of the lines of a database, and the words after them. */
function lines(file: string): string[][] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .filter(([word]) => word !== '');
}

const NAMES = [
  ...HOSTS.split(/\s+/).filter((word) => word !== ''),
  '127.1',
  '0x7f000001',
  'Full.Example.ORG',
  'nobody',
];

function table(): Question[] {
  const all: Question[] = [];
  const AI = [c.AI_PASSIVE, c.AI_CANONNAME, c.AI_V4MAPPED, c.AI_ALL, c.AI_ADDRCONFIG, c.AI_NUMERICSERV];
  for (const flags of subsets(AI)) {
    for (const host of ['localhost', '127.0.0.1', '::1', 'six', 'alias', null]) {
      for (const family of [c.AF_UNSPEC, c.AF_INET, c.AF_INET6]) {
        for (const service of ['http', 80])
          all.push(['getaddrinfo', host, service, family, c.SOCK_STREAM, 0, flags]);
      }
    }
  }
  for (const flags of subsets([c.NI_NUMERICHOST, c.NI_NUMERICSERV, c.NI_NAMEREQD, c.NI_DGRAM, c.NI_NOFQDN])) {
    for (const host of ['127.0.0.1', '::1', '192.0.2.10', '192.0.2.77', '2001:db8::10']) {
      for (const port of [0, 53, 514, 65535]) all.push(['getnameinfo', [host, port], flags]);
    }
  }
  for (const name of NAMES) {
    all.push(['getfqdn', name], ['getaddrinfo', name, null]);
    if (!name.includes(':') && !/localhost6|ip6|six/.test(name)) all.push(['gethostbyname_ex', name]);
    if (/^[\d.]+$|:/.test(name)) all.push(['gethostbyaddr', name]);
  }
  for (const [name, at = ''] of [...lines('/etc/services'), ['none', '1/sctp']]) {
    const [port, protocol] = at.split('/');
    for (const over of [[], [protocol], ['udp']]) {
      all.push(['getservbyname', name, ...over], ['getservbyport', Number(port), ...over]);
    }
  }
  for (const [name] of [...lines('/etc/protocols'), ['none']]) all.push(['getprotobyname', name]);
  return all;
}

const told = (questions: Question[], answers: unknown[]): unknown[] =>
  answers.map((answer, at) => {
    const question = questions[at] ?? [''];
    // Where a host is not there, CPython says so by the EAI_… of the getaddrinfo that it asks first.
    const host = question[0] === 'gethostbyname_ex' && (answer as { error?: unknown }).error !== undefined;
    return [question, host ? 'error' : answer];
  });

async function ask(questions: Question[]): Promise<[sync: unknown[], later: unknown[], few: boolean]> {
  const input = JSON.stringify(questions);
  const { status, output } = await isolated({ resolver: 'refusing', input }, OURS);
  if (status !== 0) throw new Error(output);
  return JSON.parse(output);
}

describe('names, in both forms', () => {
  it('hosts, services, protocols: CPython’s answers and errors', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const questions = table();
    const input = JSON.stringify(questions);
    const python = await isolated({ resolver: 'refusing', input }, '', ['python3', '-c', PYTHON]);
    if (/python3: not found/.test(python.output)) return context.skip('there is no python3');
    if (python.status !== 0) throw new Error(python.output);
    const theirs = told(questions, JSON.parse(python.output));
    const [sync, later, few] = await ask(questions);
    expect(told(questions, sync)).toEqual(theirs);
    expect(told(questions, later)).toEqual(theirs);
    expect([few, questions.length > 2000]).toEqual([true, true]);
  });

  it('the Promise form of getaddrinfo answers as the Sync form does, whatever it is asked', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const hosts = [
      '127.0.0.1',
      '::1',
      'fe80::1%lo',
      '::1%nix',
      '0x7f.1',
      '1.2.3.4.5',
      '1.2.3.256',
      '',
      'full',
      null,
    ];
    const flags = [c.AI_PASSIVE, c.AI_CANONNAME, c.AI_NUMERICHOST, c.AI_NUMERICSERV, c.AI_V4MAPPED, c.AI_ALL];
    const asked = fc.tuple(
      fc.constant('getaddrinfo'),
      fc.constantFrom(...hosts),
      fc.constantFrom<(string | number | null)[]>(
        null,
        0,
        65535,
        '80',
        '080',
        'http',
        ' 7',
        '+7',
        '-7',
        '99999',
        '',
      ),
      fc.constantFrom(c.AF_UNSPEC, c.AF_INET, c.AF_INET6, c.AF_UNIX),
      fc.constantFrom(0, c.SOCK_STREAM, c.SOCK_DGRAM, c.SOCK_RAW, 77),
      fc.constantFrom(0, 0, c.IPPROTO_TCP, c.IPPROTO_UDP, 99),
      fc
        .subarray([...flags, c.AI_ADDRCONFIG, c.AI_IDN, c.AI_CANONIDN])
        .map((all) => all.reduce((a, b) => a | b, 0)),
    );
    const questions: Question[] = fc.sample(asked, 3000);
    const [sync, later] = await ask(questions);
    expect(told(questions, later)).toEqual(told(questions, sync));
    const answered = sync.filter((answer) => Array.isArray(answer)).length;
    expect([answered > 100, answered < 2900]).toEqual([true, true]);
  });
});
