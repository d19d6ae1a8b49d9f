/** All that @sockeye/addr does, as text that can be compared: what one engine makes of it is to be what another makes of it. */
import {
  decode,
  encode,
  eui48,
  eui64,
  FieldView,
  format,
  formatBluetooth,
  formatIP,
  formatMac,
  InetView,
  inetAton,
  interfaceIdentifier,
  mapIPv4,
  multicastScope,
  type Platform,
  parse,
  parseBluetooth,
  parseIP,
  parseMac,
  scopeOf,
  translateIPv4,
  unmapIPv4,
  untranslateIPv4,
} from '@sockeye/addr';
import { codec as packetCodec } from '@sockeye/addr/packet';
import { prefix, summarize, summarizeRange } from '@sockeye/addr/prefix';
import { PrefixTable } from '@sockeye/addr/prefix-table';

const platforms: readonly Platform[] = ['linux', 'linux-be', 'darwin', 'freebsd', 'win32'];

/** At least one address of every family. */
export const forms: readonly string[] = [
  '127.0.0.1:80',
  '[2001:db8::1]:443',
  '[fe80::1%2]:80/flowinfo=0x12345',
  'unix:/run/caf\u00e9 %ff\ud83d\ude00',
  'unix:@bus%00a',
  'unix:',
  'packet:2/0x0800/pkttype=4/hatype=1/address=02:00:00:00:00:01',
  'can:3',
  'can-isotp:3:0x123:0x80000456',
  'can-j1939:3/name=0x8000000000000001/pgn=0xfeca/addr=0x20',
  'netlink:route/pid=4711/groups=0x11',
  'tipc:service:18888:17/scope=3',
  'tipc:range:18888:0:99/scope=-3',
  'tipc:socket:0x1001001:2000000',
  'vsock:2:1234/flags=1',
  'bt-l2cap:00:11:22:AA:BB:CC:25/cid=4/addressType=2',
  'bt-rfcomm:00:11:22:AA:BB:CC:1/service=00001101-0000-1000-8000-00805f9b34fb',
  'bt-hci:0/channel=1',
  'bt-sco:00:11:22:AA:BB:CC',
  'alg:skcipher:cbc(aes)/feat=0x1/mask=0x2',
  'qipcrtr:1:2',
  'xdp:2:0/flags=0x1/sharedUmemFd=7',
  'hyperv:e0e16197-dd56-4a10-9195-5ee7a155a838:00000050-facb-11e6-bd58-64006a7986d3',
  'system:5:0',
  'llc:02:00:00:00:00:01:4/arphrd=1',
  'sockaddr:2727000001',
];

const PROTOCOLS: Readonly<Record<string, number>> = { 'can-isotp': 6, 'can-j1939': 7, netlink: 0 };

const broken: readonly string[] = [
  '127.0.0.256:80',
  '[::1]80',
  'vsock:2:4294967296',
  'unix:\ud800',
  'bt-sco:00:11',
  'can:vcan0',
  'nothing',
];
const ips: readonly string[] = ['0.0.0.0', '10.1.2.3', '239.1.2.3', '::', '::ffff:192.0.2.1', 'ff0e::1'];

const hex = (bytes: Uint8Array | undefined): string =>
  bytes === undefined ? 'none' : Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** What `make` gives as text; an error with all that it tells. */
function told(make: () => unknown): string {
  try {
    return String(make());
  } catch (error) {
    const { name, message, code, offset, expected } = error as Record<string, unknown>;
    return [name, code, offset, expected, message].join(' | ');
  }
}

function family(text: string): Record<string, string> {
  const value = parse(text);
  const said: Record<string, string> = {
    family: value.family,
    format: format(value),
    json: told(() => plain(value)),
  };
  for (const platform of platforms) {
    said[platform] = told(() => {
      const bytes = new Uint8Array(140);
      const length = encode(value, bytes, 3, platform);
      const back = decode(bytes, 3, length, platform, { protocol: PROTOCOLS[value.family] });
      return `${hex(bytes.subarray(3, 3 + length))} ${back}`;
    });
  }
  return said;
}

const plain = (value: object): string =>
  JSON.stringify(value, (_key, held: unknown) => (typeof held === 'bigint' ? `${held}n` : held));

function views(): string[] {
  const inet = new InetView('linux');
  const v6 = parse('[fe80::1%2]:80/flowinfo=0x12345').toSockaddr('linux');
  const packet = new FieldView(packetCodec, 'linux');
  const bytes = parse('packet:2/0x0800/address=02:00:00:00:00:01').toSockaddr('linux');
  return [
    `${inet.decode(v6, 0, v6.length)} ${inet.address} ${inet.port} ${inet.scopeId} ${inet.flowInfo} ${inet.value()}`,
    `${packet.decode(bytes, 0, bytes.length)} ${packet.get('protocol')} ${packet.get('address')} ${packet.value()}`,
  ];
}

/** 4000 prefixes of both versions, and what 4000 addresses find among them. */
function routes(): string {
  let seed = 1;
  const random = (): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed >>> 16;
  };
  const address = (): Uint8Array =>
    Uint8Array.from({ length: random() % 2 ? 4 : 16 }, (_, at) => (at < 2 ? random() % 8 : random()));
  const table = new PrefixTable<number>();
  for (let i = 0; i < 4000; i++) {
    const bytes = address();
    table.set(prefix(bytes, random() % (bytes.length * 8), { clear: true }), i);
  }
  const found = Array.from({ length: 4000 }, () => table.lookup(address()) ?? -1);
  return `${table.size} ${found.join(' ')} ${[...table].slice(0, 50).join(' ')}`;
}

/** The same JSON wherever it runs. */
export function report(): string {
  const home = prefix('192.0.2.0/24');
  return JSON.stringify({
    families: Object.fromEntries(forms.map((text) => [text, family(text)])),
    broken: broken.map((text) => told(() => parse(text))),
    views: views(),
    ips: ips.map((text) => [
      formatIP(parseIP(text)),
      told(() => formatIP(mapIPv4(text))),
      scopeOf(text),
      String(multicastScope(text)),
      told(() => hex(translateIPv4(text))),
      hex(untranslateIPv4(text)),
      hex(unmapIPv4(text)),
    ]),
    aton: ['127.1', '0x7f.1', '017700000001', '08'].map((text) => told(() => hex(inetAton(text)))),
    prefixes: [
      home.subtract(prefix('192.0.2.64/26')).join(' '),
      [...home.split(26)].join(' '),
      String(prefix('::/0').size),
      summarize(['10.0.0.0/9', '10.128.0.0/9', '2001:db8::/33', '2001:db8:8000::/33']).join(' '),
      summarizeRange('192.0.2.1', '192.0.2.254').join(' '),
      summarizeRange('2001:db8::1', '2001:db8::ffff').join(' '),
      told(() => prefix('10.1.2.3/8')),
    ],
    routes: routes(),
    macs: [
      formatMac(parseMac('02-00-5E-10-00-01')),
      hex(eui64(parseMac('00:25:96:12:34:56'))),
      hex(eui48(eui64(parseMac('00:25:96:12:34:56')))),
      hex(interfaceIdentifier(parseMac('00:25:96:12:34:56'))),
      formatBluetooth(parseBluetooth('00:1a:7d:da:71:13')),
    ],
  });
}
