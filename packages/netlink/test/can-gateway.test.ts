import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { can } from '@sockeye/addr';
import { constants, Socket } from '@sockeye/core';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { encodeGatewayRule, type GatewayRuleFields } from '../src/can-gateway.ts';
import { CanGateway, Rtnetlink } from '../src/index.ts';

const NAMES = ['skygw0', 'skygw1'] as const;

let gateway: CanGateway;
let route: Rtnetlink;
let source: number;
let destination: number;

/** struct can_frame of this machine. */
function frame(id: number, length: number, data: number[]): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set(new Uint8Array(Uint32Array.of(id).buffer));
  bytes[4] = length;
  bytes.set(data, 8);
  return bytes;
}

/** struct canfd_frame. */
function fdFrame(id: number, flags: number, length: number, data: number[]): Uint8Array {
  const bytes = new Uint8Array(72);
  bytes.set(new Uint8Array(Uint32Array.of(id).buffer));
  bytes[4] = length;
  bytes[5] = flags;
  bytes.set(data, 8);
  return bytes;
}

const DATA = [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88];
const sum = { from: 0, to: -2, result: -1, initial: 0x5a };
const crc8 = { ...sum, final: 0xff, table: Uint8Array.from({ length: 256 }, (_, index) => index ^ 0xa5) };
const modifications = [{ operation: 'or', fields: ['dlc'], frame: frame(0, 8, []) }] as const;
const operations = ['and', 'or', 'xor', 'set'] as const;
const profileData = (...bytes: number[]): Uint8Array => {
  const all = new Uint8Array(20);
  all.set(bytes);
  return all;
};

async function setUp(context: TestContext): Promise<void> {
  try {
    route = Rtnetlink.open();
    gateway = CanGateway.open();
    await gateway.rules();
    for (const name of NAMES) await route.createLink({ name, kind: 'vcan', up: true });
    [source, destination] = (await Promise.all(NAMES.map((name) => route.indexOf(name)))) as [number, number];
  } catch (error) {
    context.skip(`no CAN gateway: ${(error as Error).message}`);
  }
}

afterEach(async () => {
  for (const name of NAMES) await route?.deleteLink(name).catch(() => {});
  gateway?.close();
  route?.close();
});

describe('a rule that no rule can be', () => {
  const set = { operation: 'set', fields: ['id'], frame: frame(0, 0, []) };

  it.each<[object, RegExp]>([
    [{ source: 0 }, /^source must be/],
    [{ destination: 1.5 }, /^destination must be/],
    [{ hops: 0 }, /^hops must be/],
    [{ echo: 1 }, /^echo must be true or false/],
    [{ filter: { id: -1, mask: 0 } }, /^filter\.id must be/],
    [{ modifications, xor: { ...sum, to: 64 } }, /^xor\.to must be/],
    [{ modifications, crc8: { ...crc8, table: new Uint8Array(255) } }, /^crc8\.table must be 256 bytes/],
    [{ modifications: [{ ...set, operation: 'not' }] }, /^operation must be one of/],
    [{ modifications: [{ ...set, fields: ['length'] }] }, /^fields must be some of/],
    [{ modifications: [{ ...set, frame: new Uint8Array(72) }] }, /^frame must be 16 bytes/],
    [{ modifications: [set], fd: true }, /^frame must be 72 bytes/],
    // The kernel takes these two, and then does no sums.
    [{ xor: sum }, /^modifications must be one or more/],
    [{ modifications: [], crc8 }, /^modifications must be one or more/],
  ])('%o is refused by name', (fields, words) => {
    expect(() => encodeGatewayRule({ source: 1, destination: 2, ...fields })).toThrow(words);
  });
});

describe('the CAN gateway', () => {
  it('that the kernel has not is refused in words', async (context) => {
    if (existsSync('/sys/module/can_gw')) return context.skip('the kernel has can-gw');
    using own = CanGateway.open();
    await expect(own.rules()).rejects.toMatchObject({
      code: 'EOPNOTSUPP',
      message: expect.stringContaining('modprobe can-gw'),
    });
  });
});

describe('the gateway of a kernel that has it', () => {
  beforeEach(setUp);

  it('has the rules that we make, as cangw sees them', async (context) => {
    if (spawnSync('cangw', ['-h']).error !== undefined) return context.skip('there is no cangw (can-utils)');
    const rule = {
      source,
      destination,
      filter: { id: 0x123, mask: 0xc00007ff },
      modifications: [
        { operation: 'set', fields: ['id', 'data'], frame: frame(0x456, 0, [1, 2, 3, 4, 5, 6, 7, 8]) },
      ],
      xor: { from: 0, to: 2, result: 3, initial: 0x11 },
      echo: true,
    } as const;
    await gateway.add(rule);
    // Its exit status says nothing: the bytes that it sent.
    const { stdout } = spawnSync('cangw', ['-L'], { encoding: 'utf8' });
    for (const words of [
      '-s skygw0 -d skygw1 -e ',
      ' -f 123:C00007FF ',
      ' -m SET:ID:456.0.0102030405060708 ',
      ' -x 0:2:3:11 ',
    ]) {
      expect(stdout).toContain(words);
    }
    const [ours] = await gateway.rules();
    expect(ours).toMatchObject({ ...rule, fd: false, handled: 0, dropped: 0, hops: undefined });
    await gateway.delete(rule);
    expect(await gateway.rules()).toEqual([]);
    await expect(gateway.delete(rule)).rejects.toMatchObject({ name: 'NetlinkError', code: 'EINVAL' });
    await expect(gateway.add({ ...rule, destination: 1 })).rejects.toMatchObject({ name: 'NetlinkError' });
  });

  it('that cangw makes is what we see', async (context) => {
    if (spawnSync('cangw', ['-h']).error !== undefined) return context.skip('there is no cangw (can-utils)');
    const args = [
      '-s',
      NAMES[0],
      '-d',
      NAMES[1],
      '-f',
      '100:700',
      '-m',
      'AND:D:7FF.8.00FF00FF00FF00FF',
      '-l',
      '1',
    ];
    execFileSync('cangw', ['-A', ...args]);
    const [rule] = await gateway.rules();
    expect(rule).toMatchObject({
      source,
      destination,
      filter: { id: 0x100, mask: 0x700 },
      hops: 1,
      modifications: [{ operation: 'and', fields: ['data'] }],
    });
    expect([...(rule?.modifications[0]?.frame.subarray(8) ?? [])]).toEqual([0, 255, 0, 255, 0, 255, 0, 255]);
    // What was read is what takes it away.
    if (rule !== undefined) await gateway.delete(rule);
    expect(await gateway.rules()).toEqual([]);
  });

  it.each<[string, Omit<GatewayRuleFields, 'source' | 'destination'>]>([
    ['a filter turned round', { filter: { id: 0x20000123, mask: 0x7ff } }],
    ['an extended filter', { filter: { id: 0x92345678, mask: 0xdfffffff } }],
    [
      'all modifications of all fields',
      {
        modifications: operations.map((operation, index) => ({
          operation,
          fields: ['id', 'dlc', 'data'],
          frame: frame(0x700 + index, 8 - index, DATA),
        })),
      },
    ],
    ['a sum and a CRC', { modifications, xor: sum, crc8 }],
    [
      'a CRC with one byte more',
      { modifications, crc8: { ...crc8, profile: 1, profileData: profileData(0xab) } },
    ],
    [
      'a CRC with sixteen bytes',
      { modifications, crc8: { ...crc8, profile: 2, profileData: profileData(...DATA, ...DATA) } },
    ],
    ['a CRC with the identifier', { modifications, crc8: { ...crc8, profile: 3 } }],
    ['all flags and a limit', { echo: true, keepTimestamp: true, allowBack: true, hops: 1 }],
    [
      'CAN FD',
      {
        fd: true,
        modifications: [
          { operation: 'set', fields: ['id', 'dlc', 'data', 'flags'], frame: fdFrame(0x321, 1, 64, DATA) },
        ],
      },
    ],
    [
      'a number of its own',
      { uid: 0xcafe, modifications: [{ operation: 'or', fields: ['id'], frame: frame(1, 0, []) }] },
    ],
  ])('has a rule of %s: what cangw lists is what takes it away', async (_name, fields) => {
    const rule = { source, destination, ...fields };
    await gateway.add(rule);
    const [ours] = await gateway.rules();
    expect(ours).toMatchObject(rule);
    const { stdout } = spawnSync('cangw', ['-L'], { encoding: 'utf8' });
    const lines = stdout.split('\n').filter((line) => line.includes(NAMES[0]));
    expect(lines).toHaveLength(1);
    // `cangw -A ... # 0 handled 0 dropped 0 deleted`
    const words = (lines[0] ?? '').replace(/#.*/, '').trim().split(/\s+/);
    expect(words.slice(0, 2)).toEqual(['cangw', '-A']);
    const { stderr } = spawnSync('cangw', ['-D', ...words.slice(2)], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(await gateway.rules()).toEqual([]);
  });

  it('sends on what passes its filter, changed, and counts it', async () => {
    const rule = {
      source,
      destination,
      filter: { id: 0x123, mask: 0xc00007ff },
      modifications: [
        { operation: 'set', fields: ['id'], frame: frame(0x456, 0, []) },
        { operation: 'xor', fields: ['data'], frame: frame(0, 0, Array(8).fill(0xff)) },
      ],
      xor: { from: 0, to: 2, result: 3, initial: 0x10 },
      echo: true,
    } as const;
    const raw = (ifindex: number): Socket => {
      const socket = Socket.create(constants.AF_CAN, constants.SOCK_RAW, constants.CAN_RAW);
      socket.bind(can(ifindex));
      return socket;
    };
    using sender = raw(source);
    using receiver = raw(destination);
    await gateway.add(rule);
    for (const id of [0x122, 0x123]) await sender.send(frame(id, 8, DATA));
    const received = await receiver.recv(16, { timeout: 10_000 });
    const changed = DATA.map((byte) => byte ^ 0xff);
    changed[3] = 0x10 ^ changed[0]! ^ changed[1]! ^ changed[2]!;
    expect([...received]).toEqual([...frame(0x456, 8, changed)]);
    expect(await gateway.rules()).toMatchObject([{ handled: 1, dropped: 0, deleted: 0 }]);
    await gateway.delete(rule);
  });

  it('changes modifications in place under their number', async () => {
    const rule = (id: number): GatewayRuleFields => ({
      source,
      destination,
      uid: 7,
      modifications: [{ operation: 'set', fields: ['id'], frame: frame(id, 0, []) }],
    });
    await gateway.add(rule(1));
    await gateway.add(rule(2));
    const rules = await gateway.rules();
    expect(rules).toMatchObject([rule(2)]);
    await gateway.delete(rule(2));
  });

  it('refuses sums over bytes that a classic frame has not', async () => {
    const add = (fields: object): Promise<void> => gateway.add({ source, destination, ...fields });
    await expect(add({ modifications, xor: { ...sum, to: 9 } })).rejects.toMatchObject({ code: 'EINVAL' });
    expect(await gateway.rules()).toEqual([]);
  });
});
