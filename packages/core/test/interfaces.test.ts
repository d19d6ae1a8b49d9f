import { spawnSync } from 'node:child_process';
import {
  constants as c,
  errnos,
  getnameinfoSync,
  ifIndexToName,
  ifNameIndex,
  ifNameToIndex,
  interfaces,
} from '@sockeye/core';
import { describe, expect, it, vi } from 'vitest';
import { cannotIsolate, isolated } from './isolated.ts';
import { descriptors, thrown } from './support.ts';

const reason = cannotIsolate();

/** A line of `ip -json address`, ip-address(8). */
interface Line {
  ifindex: number;
  ifname: string;
  flags: string[];
  mtu: number;
  link_type: string;
  address?: string;
  addr_info: {
    family: string;
    local: string;
    address?: string;
    prefixlen: number;
    broadcast?: string;
    label?: string;
  }[];
}

/** An interface as the tests compare it. */
interface Seen {
  index: number;
  name: string;
  flags: string[];
  mtu: number | undefined;
  hardware: string;
  addresses: { address: string; prefix: number; broadcast: string; peer: string; label: string }[];
}

function fromIp(lines: Line[]): Seen[] {
  return lines.map((line) => ({
    index: line.ifindex,
    name: line.ifname,
    // What ip(8) makes up itself: it has no word for IFF_RUNNING and says when it should be there.
    flags: line.flags.filter((word) => word !== 'NO-CARRIER').sort(),
    mtu: line.mtu,
    hardware: line.address ?? '',
    addresses: line.addr_info.map((one) => ({
      address: one.local,
      prefix: one.prefixlen,
      broadcast: one.broadcast ?? '',
      peer: one.address ?? '',
      label: one.label ?? line.ifname,
    })),
  }));
}

/** What the program in a namespace says of ours, in the same form. */
const OURS = `
  const digits = (bytes) => bytes === undefined ? ''
    : core.getnameinfoSync(bytes, { flags: c.NI_NUMERICHOST | c.NI_NUMERICSERV }).host.replace(/%.*/, '');
  const bits = (bytes) => {
    const raw = bytes.byteLength === 16 ? bytes.subarray(4, 8) : bytes.subarray(8, 24);
    return [...raw].map((byte) => byte.toString(2).padStart(8, '0')).join('').replace(/0*$/, '').length;
  };
  const seen = () => core.interfaces().map((one) => ({
    index: one.index, name: one.name, mtu: one.mtu,
    flags: one.flagNames.map((name) => name.slice(4)).filter((name) => name !== 'RUNNING').sort(),
    hardware: Buffer.from(one.hardwareAddress).toString('hex').replace(/(..)(?=.)/g, '$1:'),
    addresses: one.addresses.map((at) => ({ address: digits(at.address), prefix: bits(at.netmask),
      broadcast: digits(at.broadcast), peer: digits(at.peer), label: at.label })),
  }));
  import { execFileSync, execSync } from 'node:child_process';
  const ip = (...words) => execFileSync('ip', words.join(' ').split(' '), { encoding: 'utf8', stdio: 'pipe' });
`;

describe('interfaces', () => {
  it('by name and by index', () => {
    const index = ifNameToIndex('lo');
    expect(index).toBeGreaterThan(0);
    expect(ifIndexToName(index)).toBe('lo');
  });

  it('all of them, as ip(8) and CPython have them', async (context) => {
    const { error } = spawnSync('ip', ['-V']);
    if (error !== undefined) return context.skip(`ip(8): ${error.message}`);
    // Others may make and delete interfaces here meanwhile.
    await vi.waitFor(() => {
      const { stdout } = spawnSync('ip', ['-json', 'link'], { encoding: 'utf8' });
      const links = JSON.parse(stdout) as Line[];
      const names = links.map(({ ifindex, ifname }) => ({ index: ifindex, name: ifname }));
      expect(ifNameIndex()).toEqual(names);
      expect(interfaces().map(({ index, name }) => ({ index, name }))).toEqual(names);
      const asked = ['-c', 'import socket; print(socket.if_nameindex())'];
      const python = spawnSync('python3', asked, { encoding: 'utf8' });
      const words = ifNameIndex().map(({ index, name }) => `(${index}, '${name}')`);
      if (python.error === undefined) expect(python.stdout.trim()).toBe(`[${words.join(', ')}]`);
    }, 10_000);
  });

  it('the loopback interface has what netdevice(7) says of it, and no descriptor is left open', () => {
    const before = descriptors();
    const lo = interfaces().find(({ name }) => name === 'lo');
    expect(lo).toMatchObject({ mtu: 65536, hardwareType: c.ARPHRD_LOOPBACK });
    expect(lo?.flagNames).toEqual(['IFF_UP', 'IFF_LOOPBACK', 'IFF_RUNNING', 'IFF_LOWER_UP']);
    expect((lo?.flags ?? 0) & c.IFF_LOOPBACK).toBe(c.IFF_LOOPBACK);
    const [first] = lo?.addresses ?? [];
    expect(first?.address).toHaveLength(16);
    expect(getnameinfoSync(first?.address ?? new Uint8Array(), { flags: c.NI_NUMERICHOST }).host).toBe(
      '127.0.0.1',
    );
    expect(first).toMatchObject({ broadcast: undefined, peer: undefined, label: 'lo' });
    expect(descriptors()).toBe(before);
  });

  it('one that is missing is named with those that there are', () => {
    const error = thrown(() => ifNameToIndex('nix0'));
    expect(error).toMatchObject({ code: 'ENODEV', errno: -errnos.ENODEV, syscall: 'if_nametoindex' });
    expect(error.message).toContain(
      `there are ${ifNameIndex()
        .map(({ name }) => name)
        .join(', ')}`,
    );
    expect(thrown(() => ifIndexToName(0x7fffffff)).code).toBe('ENXIO');
    for (const name of ['', 'a\0', '\ud800']) {
      expect(thrown(() => ifNameToIndex(name)).code).toBe('ERR_INVALID_ARG_VALUE');
    }
  });

  it('addresses with netmask, broadcast, peer and label, MTU, flags and hardware address, as ip(8) says', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const { status, output } = await isolated(
      { resolver: 'refusing' },
      `${OURS}
      const kinds = [];
      for (const [kind, words] of [
        ['veth', 'name v0 type veth peer name v1'], ['bridge', 'b0 type bridge'], ['dummy', 'd0 type dummy'], ['gre', 'g0 type gre'],
        ['tun', ''],
      ]) {
        try { if (kind === 'tun') ip('tuntap add mode tun name t0'); else ip('link add', words); kinds.push(kind); } catch {}
      }
      for (const words of [
        'link set v0 mtu 1400 up', 'link set v1 address 02:00:00:00:00:17 up', 'link set v0 promisc on',
        'address add 192.0.2.1/24 brd + dev v0 label v0:one', 'address add 203.0.113.1/24 dev v0',
        'address add 198.51.100.1 peer 198.51.100.2/32 dev v0', 'address add 192.0.2.129/25 brd 255.255.255.255 dev v1',
        'address add 2001:db8::1/48 dev v0 nodad', 'address add 2001:db8:1::1 peer 2001:db8:1::2/64 dev v0 nodad',
      ]) if (kinds.includes('veth')) ip(words);
      if (kinds.includes('tun')) { ip('address add 10.0.0.1 peer 10.0.0.2/32 dev t0'); ip('link set t0 up'); }
      await pause(300);
      console.log(JSON.stringify({ kinds, ip: JSON.parse(ip('-json address')), ours: seen(),
        hardware: core.interfaces().map((one) => one.hardwareType) }));`,
    );
    expect(status, output).toBe(0);
    const { kinds, ip, ours, hardware } = JSON.parse(output) as {
      kinds: string[];
      ip: Line[];
      ours: Seen[];
      hardware: number[];
    };
    if (!kinds.includes('veth')) return context.skip('the kernel has no veth');
    expect(ours).toEqual(fromIp(ip));
    const types: { [kind: string]: number } = {
      loopback: c.ARPHRD_LOOPBACK,
      ether: c.ARPHRD_ETHER,
      none: c.ARPHRD_NONE,
    };
    expect(hardware).toEqual(ip.map(({ link_type }, at) => types[link_type] ?? hardware[at]));
    expect(ours.find(({ name }) => name === 'v0')?.addresses.length).toBeGreaterThanOrEqual(5);
  });

  it('while interfaces come and go', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const { status, output } = await isolated(
      { resolver: 'refusing' },
      `${OURS}
      import { spawn } from 'node:child_process';
      try { ip('link add name v0 type veth peer name v1'); ip('link delete v0'); } catch { console.log('no veth'); process.exit(); }
      const churn = spawn('sh', ['-c', 'while ip link add name v0 type veth peer name v1 && ip link delete v0; do :; done'], { detached: true, stdio: 'ignore' });
      const counts = new Set();
      let asked = 0;
      while (asked < 3000 || (counts.size < 2 && soon())) {
        const all = core.interfaces();
        counts.add(all.length); asked++;
        for (const one of all) if (one.name === '' || (one.mtu !== undefined && one.mtu < 68)) throw new Error(JSON.stringify(one));
        if (asked % 100 === 0) await pause(1);
      }
      process.kill(-churn.pid, 'SIGKILL');
      console.log(counts.has(1), counts.size > 1);`,
    );
    if (output === 'no veth') return context.skip('the kernel has no veth');
    expect({ status, output }).toEqual({ status: 0, output: 'true true' });
  });
});
