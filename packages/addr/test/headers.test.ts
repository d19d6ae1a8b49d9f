import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  btL2cap,
  btRfcomm,
  btSco,
  decode,
  hyperv,
  inet,
  inet6,
  netlink,
  type Platform,
  type SocketAddress,
  system,
  unix,
  vsock,
} from '../src/index.ts';
import { abiOf } from '../src/layout.ts';

interface Recorded {
  readonly platform: Exclude<Platform, 'linux' | 'linux-be'>;
  readonly family: string;
  readonly number: number;
  readonly protocol?: number;
  readonly size: number;
  readonly fields: Readonly<Record<string, readonly [offset: number, bytes: number]>>;
}

const file = new URL('../vectors/headers.json', import.meta.url);
const { structs, sources } = JSON.parse(readFileSync(file, 'utf8')) as {
  structs: Recorded[];
  sources: Record<string, string>;
};

/** The fields of all of them; each is given its own. */
interface Fields {
  readonly address: string;
  readonly port: number;
  readonly flowInfo: number;
  readonly scopeId: number;
  readonly cid: number;
  readonly pid: number;
  readonly id: number;
  readonly unit: number;
  readonly vmId: string;
  readonly serviceId: string;
}

const guid = '01010101-0101-0101-0101-010101010101';

/** Of each family: how it is made, what each field holds at rest, and one that differs from it in every byte. */
const made: Record<string, [(given: Fields) => SocketAddress, rest: object, full: Record<string, unknown>]> =
  {
    inet: [
      ({ address, port }) => inet(address, port),
      { address: '0.0.0.0', port: 0 },
      { address: '1.1.1.1', port: 0x0101 },
    ],
    inet6: [
      ({ address, port, flowInfo, scopeId }) => inet6(address, port, { flowInfo, scopeId }),
      { address: '::', port: 0, flowInfo: 0, scopeId: 0 },
      {
        address: '101:101:101:101:101:101:101:101',
        port: 0x0101,
        flowInfo: 0x01010101,
        scopeId: 0x01010101,
      },
    ],
    vsock: [({ cid, port }) => vsock(cid, port), { cid: 0, port: 0 }, { cid: 0x01010101, port: 0x01010101 }],
    system: [({ id, unit }) => system(id, unit), { id: 0, unit: 0 }, { id: 0x01010101, unit: 0x01010101 }],
    netlink: [netlink, {}, { pid: 0x01010101, groups: 0x01010101 }],
    'bt-l2cap': [btL2cap, {}, { address: '01:01:01:01:01:01', psm: 0x0101, cid: 0x0101, addressType: 1 }],
    'bt-rfcomm': [btRfcomm, {}, { address: '01:01:01:01:01:01', channel: 1, service: guid }],
    'bt-sco': [
      ({ address }) => btSco(address),
      { address: '00:00:00:00:00:00' },
      { address: '01:01:01:01:01:01' },
    ],
    hyperv: [
      ({ vmId, serviceId }) => hyperv(vmId, serviceId),
      { vmId: guid.replaceAll('1', '0'), serviceId: guid.replaceAll('1', '0') },
      { vmId: guid, serviceId: guid },
    ],
  };

describe('the headers of other systems', () => {
  it('are named', () => {
    expect(Object.keys(sources).sort()).toEqual([...new Set(structs.map(({ platform }) => platform))].sort());
  });

  it.each(structs)('$platform: $family', ({ platform, family, number, protocol, size, fields }) => {
    if (family === 'unix') {
      const path = 'p'.repeat(fields.path![1]);
      const bytes = unix(path).toSockaddr(platform);
      expect(bytes.length).toBe(size);
      expect(bytes.indexOf(0x70)).toBe(fields.path![0]);
      expect(() => unix(`${path}p`).toSockaddr(platform)).toThrow();
      return;
    }
    const [make, rest, full] = made[family]!;
    const bytesOf = (given: object): Uint8Array => make(given as Fields).toSockaddr(platform);
    const zero = bytesOf(rest);
    expect(zero.length).toBe(size);
    const { bsd } = abiOf(platform);
    expect([...zero.subarray(0, 2)]).toEqual(bsd ? [size, number] : [number, 0]);
    for (const [name, [offset, bytes]] of Object.entries(fields)) {
      const wide = platform === 'win32' && name === 'channel' ? 0x01010101 : full[name];
      const other = bytesOf({ ...rest, [name]: wide });
      const different = Array.from(other.keys()).filter((at) => other[at] !== zero[at]);
      expect(different, name).toEqual(Array.from({ length: bytes }, (_, at) => offset + at));
    }
    // The socket's protocol, by its number there, tells the kind; so does nothing, where the length does.
    for (const told of [protocol, undefined]) {
      expect(decode(zero, 0, size, platform, { protocol: told }).family).toBe(family);
    }
    if (protocol !== undefined) {
      expect(decode(zero, 0, size, platform, { protocol: protocol + 50 }).family).toBe('unknown');
    }
  });
});
