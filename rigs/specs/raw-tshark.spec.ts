/** Captures beside Wireshark: what the files hold, and what every header in them says. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MalformedCaptureError, readPacketsSync } from '@sockeye/capture';
import { Dissection, dissect, IpReassembler, type LayerKind, linkTypes } from '@sockeye/raw';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import {
  captureFiles,
  capturesFolder,
  haveCaptures,
  NO_CAPTURES,
  readCapture,
} from '../../packages/capture/test/judges.ts';
import { description, enhanced, section } from '../../packages/capture/test/make.ts';
import { type CapturedPacket, capturedPackets } from '../../packages/raw/test/captures.ts';
import { command, MissingPackages, provision } from '../provision/index.ts';
import { madeFragments, madePackets } from './raw-packets/index.ts';
import { fieldNames, normal, oursFor } from './tshark-fields.ts';

/** Installs Wireshark's programs where they are missing. */
async function wireshark(context: TestContext): Promise<void> {
  if (!haveCaptures) context.skip(NO_CAPTURES);
  try {
    await provision(['tshark'], 'the judging of captures');
  } catch (error) {
    if (error instanceof MissingPackages && process.env.CI !== 'true') context.skip(error.message);
    throw error;
  }
}

/** What a file's packets are in sum, and whether it is damaged. */
function summary(file: string) {
  let packets = 0;
  let bytes = 0;
  let damaged = false;
  let first: bigint | undefined;
  let last: bigint | undefined;
  try {
    for (const { timestamp, wireLength } of readPacketsSync([readCapture(file)])) {
      packets += 1;
      bytes += wireLength;
      if (timestamp === undefined) continue;
      if (first === undefined || timestamp < first) first = timestamp;
      if (last === undefined || timestamp > last) last = timestamp;
    }
  } catch (error) {
    if (!(error instanceof MalformedCaptureError)) throw error;
    damaged = true;
  }
  return { packets, bytes, damaged, first, last };
}

/** The names of what dissect and tshark both know, as tshark's frame.protocols has them. */
const TOKENS: Readonly<Record<Exclude<LayerKind, 'ndp' | 'mld'>, readonly string[]>> = {
  arp: ['arp', 'rarp'],
  dhcp: ['dhcp'],
  dns: ['dns', 'mdns', 'llmnr'],
  esp: ['esp'],
  ethernet: ['eth'],
  geneve: ['geneve'],
  gre: ['gre'],
  icmp: ['icmp'],
  icmpv6: ['icmpv6'],
  igmp: ['igmp'],
  ipv4: ['ip'],
  ipv6: ['ipv6'],
  llc: ['llc'],
  loopback: ['null'],
  mpls: ['mpls'],
  ppp: ['ppp'],
  pppoe: ['pppoes', 'pppoed'],
  sctp: ['sctp'],
  sll: ['sll'],
  sll2: ['sll2'],
  tcp: ['tcp'],
  udp: ['udp'],
  vxlan: ['vxlan'],
};

const KIND_OF: ReadonlyMap<string, LayerKind> = new Map(
  Object.entries(TOKENS).flatMap(([kind, tokens]) =>
    tokens.map((token) => [token, kind as LayerKind] as const),
  ),
);

/** Neighbour and listener discovery are ICMPv6 there. */
const isCounted = (kind: LayerKind): boolean => kind !== 'ndp' && kind !== 'mld';

/** What stands in tshark's chain beside headers that carry something. */
const BESIDE = /^(ethertype|vlan|ieee8021ad|raw|data|ah|mipv6|shim6|hip|ipv6\..*|_ws\..*)$/;

/** The headers that both know at the start of tshark's chain, and whether others follow, that only it knows. */
function chainOf(protocols: readonly string[]): [kinds: LayerKind[], strange: boolean] {
  const kinds: LayerKind[] = [];
  for (const token of protocols) {
    if (BESIDE.test(token)) continue;
    const kind = KIND_OF.get(token);
    if (kind === undefined) return [kinds, true];
    // It says IGMP twice.
    if (kind !== 'igmp' || kinds.at(-1) !== 'igmp') kinds.push(kind);
  }
  return [kinds, false];
}

/** Where the two differ, and are to: packets by file, and by number where it is not the whole file. */
const APART: readonly (readonly [file: RegExp, why: string])[] = [
  [
    /^bigtcp-|^ipv4_tcp_http_xml_tso/,
    'lengths of 0 that offload leaves: tshark puts the length in, or stops',
  ],
  [/^icmpv6-length-zero/, 'an IPv6 length of 0: tshark takes it for the length, we for offload'],
  [/^mptcp-dss-oobr/, 'an option of Multipath TCP at which tshark stops'],
  [/^DTP/, 'Cisco ISL, which tshark takes off, by its address'],
  [/^dns-badlabel|^dns_fwdptr/, 'names that are none: tshark gives one that says so, we an error'],
];

/** A judgement of tshark's about a packet: its protocols, and the fields that it was asked for. */
interface Judged {
  readonly protocols: readonly string[];
  readonly fields: readonly (readonly string[])[];
}

/**
 * All packets in one file of ours, judged in one run, since tshark takes most of a second to start: each by itself, or
 * fragments and segments with those before.
 */
async function judge(
  packets: readonly Omit<CapturedPacket, 'number' | 'file'>[],
  names: readonly string[],
  more: readonly string[] = [],
  alone = true,
): Promise<Judged[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sockeye-tshark-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'all.pcapng');
  const interfaces = new Map<number, number>();
  const parts = [section(false)];
  packets.forEach(({ linkType, data, wireLength }, index) => {
    const id = interfaces.get(linkType) ?? interfaces.size;
    if (!interfaces.has(linkType)) parts.push(description(false, linkType, 0));
    interfaces.set(linkType, id);
    parts.push(enhanced(false, id, [0, index], data, wireLength));
  });
  writeFileSync(path, Buffer.concat(parts));
  // By its ports alone.
  const settings = ['ip.defragment', 'ipv6.defragment', 'tcp.desegment_tcp_streams'].map(
    (name) => `${name}:${alone ? 'FALSE' : 'TRUE'}`,
  );
  const args = [
    '-r',
    path,
    '-n',
    '-T',
    'fields',
    '-E',
    'occurrence=a',
    '-E',
    'aggregator=\x1f',
    '-E',
    'separator=\x1e',
  ];
  const decode = ['-d', 'udp.port==8472,vxlan', '--disable-heuristic', 'dns_udp'];
  const all = [
    ...args,
    ...settings.flatMap((set) => ['-o', set]),
    ...decode,
    ...more,
    ...['frame.protocols', ...names].flatMap((name) => ['-e', name]),
  ];
  const { status, stdout, stderr } = await command('tshark', all);
  if (status !== 0) throw new Error(`tshark: ${stderr.slice(-500)}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [protocols = '', ...fields] = line.split('\x1e');
      const values = (text: string): string[] => text.split('\x1f').filter((value) => value !== '');
      return { protocols: protocols.split(':'), fields: fields.map((text) => values(text).map(normal)) };
    });
}

/** The list up to the option that ends it: what follows is padding, which tshark lists too. */
const untilEnd = (list: readonly string[]): readonly string[] => {
  const end = list.indexOf('0');
  return end < 0 ? list : list.slice(0, end + 1);
};

/** A field's values as tshark has them, without what is none. */
function theirs(field: string, values: readonly string[]): readonly string[] {
  if (field === 'tcp.option_kind' || field === 'ip.opt.type') return untilEnd(values);
  if (field === 'dhcp.option.type') return values.filter((value) => value !== '0' && value !== '255');
  return values;
}

describe('captures beside Wireshark', { timeout: 300_000 }, () => {
  it('packets, bytes and times of every file', async (context) => {
    await wireshark(context);
    const files = captureFiles();
    // -T a table, -M plain numbers, -r no header line, -c packets, -d their bytes, -a -e times, -S seconds since 1970.
    const args = [
      '-T',
      '-M',
      '-r',
      '-m',
      '-Q',
      '-c',
      '-d',
      '-a',
      '-e',
      '-S',
      ...files.map((file) => join(capturesFolder, file)),
    ];
    const { stdout, stderr } = await command('capinfos', args);
    const table = new Map(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(',').map((cell) => cell.replace(/^"|"$/g, '')))
        .map(([path = '', ...cells]) => [path.split('/').at(-1) ?? '', cells] as const),
    );
    expect(table.size).toBeGreaterThan(files.length * 0.9);
    let times = 0;
    for (const [file, [packets, bytes, first, last]] of table) {
      const found = summary(file);
      expect([file, found.packets, found.bytes]).toEqual([file, Number(packets), Number(bytes)]);
      for (const [text, ours] of [
        [first, found.first],
        [last, found.last],
      ] as const) {
        const match = /^(\d+)\.(\d{1,9})$/.exec(text ?? '');
        // Where some lie above 2³¹ seconds capinfos takes the later for the earlier.
        if (match === null || ours === undefined || (found.last ?? 0n) >= (10n ** 9n) << 31n) continue;
        const [, seconds = '', fraction = ''] = match;
        const nanoseconds = BigInt(seconds) * 10n ** 9n + BigInt(fraction.padEnd(9, '0'));
        expect([file, ours - (ours % 10n ** BigInt(9 - fraction.length))]).toEqual([file, nanoseconds]);
        times += 1;
      }
    }
    expect(times).toBeGreaterThan(files.length);
    // Of link types that it does not know it says nothing.
    const unknown = [
      ...stderr.matchAll(/file "([^"]+)" contains record data that capinfos doesn't support/g),
    ];
    expect([...table.keys(), ...unknown.map(([, path = '']) => path.split('/').at(-1))].sort()).toEqual(
      files,
    );
    const damaged = files.filter((file) => summary(file).damaged);
    expect(damaged.filter((file) => !stderr.includes(`${file}" appears to`))).toEqual([]);
  });

  it('every header of every packet says what tshark says, of those that our writers make too', async (context) => {
    await wireshark(context);
    // What our writers make is judged with them.
    const written = madePackets().map(({ name, data, linkType }) => ({
      file: name,
      number: 0,
      wireLength: data.length,
      data,
      linkType,
    }));
    const packets = [...capturedPackets(), ...written];
    const judged = await judge(
      packets,
      fieldNames.map(([, field]) => field),
    );
    expect(judged.length).toBe(packets.length);
    const into = new Dissection();
    const wrong: string[] = [];
    const compared = new Map<string, number>();
    packets.forEach((packet, index) => {
      const { protocols, fields } = judged[index] as Judged;
      const { file, number } = packet;
      if (APART.some(([pattern]) => pattern.test(file))) return;
      const { layers, reason } = dissect(packet.data, packet.linkType, into);
      const told = (what: string): number => wrong.push(`${file} ${number} ${reason} ${what}`);
      const ours = layers.map(({ kind }) => kind).filter(isCounted);
      const [known, strange] = chainOf(protocols);
      if (ours.some((kind, at) => known[at] !== kind)) told(`${ours} is not ${known}`);
      // It may know more only where we say that we do not, or that the rest is no packet of its own.
      const over = known.length > ours.length || strange;
      const open = ['unknown', 'malformed', 'truncated', 'quoted'].includes(reason);
      if (known.length > ours.length && !open) told(`${ours} stops before ${known}`);
      fieldNames.forEach(([kind, field], at) => {
        const values = theirs(field, fields[at] ?? []);
        const mine = oursFor(field, kind, layers);
        const partly = over || reason === 'malformed' || reason === 'truncated';
        const same = mine.every((value, place) => values[place] === value);
        if (!same || (!partly && mine.length !== values.length)) told(`${field}: ${mine} is not ${values}`);
        else compared.set(field, (compared.get(field) ?? 0) + mine.length);
      });
    });
    expect([wrong.length, wrong.slice(0, 20)]).toEqual([0, []]);
    // A field that is never there proves nothing.
    const never = fieldNames.map(([, field]) => field).filter((field) => (compared.get(field) ?? 0) === 0);
    expect(never).toEqual([]);
    expect([...compared.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(40_000);
  });

  it('our checksums are right', async (context) => {
    await wireshark(context);
    const protocols = ['ip', 'tcp', 'udp', 'sctp'];
    const check = protocols.map((name) =>
      name === 'sctp' ? 'sctp.checksum:CRC 32c' : `${name}.check_checksum:TRUE`,
    );
    const names = [...protocols, 'icmp', 'icmpv6', 'igmp'].map((name) => `${name}.checksum.status`);
    // Fragments have none of their own, and that of the GRE header is made up.
    const whole = madePackets().filter(({ name }) => !name.startsWith('a fragment'));
    const packets = whole.map(({ data, linkType }) => ({ data, linkType, wireLength: data.length }));
    const judged = await judge(
      packets,
      names,
      check.flatMap((set) => ['-o', set]),
    );
    names.forEach((name, at) => {
      const said = judged.flatMap(({ fields }) => fields[at] ?? []);
      expect([name, said.length > 0, said.filter((status) => status !== '1')]).toEqual([name, true, []]);
    });
  });

  it('the same fragments become the same datagrams', async (context) => {
    await wireshark(context);
    const datagram = new Uint8Array(4000).map((_, at) => at * 3);
    const written = [4, 6].flatMap((version) =>
      madeFragments(version === 4 ? 4 : 6, datagram, [3, 0, 2, 1, 1]),
    );
    const captured = [...capturedPackets()].filter(
      ({ file }) => !APART.some(([pattern]) => pattern.test(file)),
    );
    const packets = [
      ...captured,
      ...written.map(({ data, linkType }) => ({ data, linkType, wireLength: data.length })),
    ];
    const judged = await judge(packets, ['ip.reassembled.length', 'ipv6.reassembled.length'], [], false);
    const into = new Dissection();
    const reassembler = new IpReassembler();
    let whole = 0;
    packets.forEach(({ data, linkType }, index) => {
      const { layers } = dissect(data, linkType, into);
      const lengths: string[] = [];
      for (const layer of layers) {
        if (layer.kind !== 'ipv4' && layer.kind !== 'ipv6') continue;
        const outcome = reassembler.push(layer, index);
        if (outcome.status !== 'complete') continue;
        const again = dissect(outcome.packet, linkTypes.RAW).layers[0];
        lengths.push(String((again?.payloadEnd ?? 0) - (again?.payloadOffset ?? 0)));
        whole += 1;
      }
      expect([index, lengths]).toEqual([
        index,
        judged[index]?.fields.flat().filter((length) => length !== '0'),
      ]);
    });
    expect(whole).toBeGreaterThanOrEqual(2);
  });
});
