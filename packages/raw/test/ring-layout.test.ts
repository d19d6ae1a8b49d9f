import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as ring from '../src/ring-layout.ts';

const folder = fileURLToPath(new URL('../vectors/ring/', import.meta.url));
const text = readFileSync(join(folder, 'linux.json'), 'utf8');
const { offsets, sizes, numbers } = JSON.parse(text) as Record<
  'offsets' | 'sizes' | 'numbers',
  Record<string, number>
>;

describe('the layout of rings', () => {
  it('is still what vectors/ring/record.c records', (context) => {
    if (process.platform !== 'linux') context.skip('linux/if_packet.h is Linux’s');
    const work = mkdtempSync(join(tmpdir(), 'sockeye-ring-'));
    try {
      const program = join(work, 'record');
      const made = spawnSync('cc', ['-Wall', '-Werror', '-o', program, join(folder, 'record.c')], {
        encoding: 'utf8',
      });
      if (made.error !== undefined) context.skip('no C compiler');
      expect([made.status, made.stderr]).toEqual([0, '']);
      expect(spawnSync(program, { encoding: 'utf8' }).stdout).toBe(text);
    } finally {
      rmSync(work, { recursive: true });
    }
  });

  it('has headers, blocks and addresses where C has them', () => {
    const of = (type: string, names: Record<string, string>): Record<string, number | undefined> =>
      Object.fromEntries(Object.entries(names).map(([ours, theirs]) => [ours, offsets[`${type}.${theirs}`]]));
    const common = {
      status: 'tp_status',
      wireLength: 'tp_len',
      length: 'tp_snaplen',
      mac: 'tp_mac',
      net: 'tp_net',
      seconds: 'tp_sec',
      nanoseconds: 'tp_nsec',
    };
    expect(ring.FRAME_V2).toEqual({
      ...of('tpacket2_hdr', { ...common, vlanTag: 'tp_vlan_tci', vlanProtocol: 'tp_vlan_tpid' }),
      version: numbers.TPACKET_V2,
      address: sizes.tpacket2_hdr,
    });
    expect(ring.FRAME_V3).toEqual({
      ...of('tpacket3_hdr', { ...common, vlanTag: 'hv1.tp_vlan_tci', vlanProtocol: 'hv1.tp_vlan_tpid' }),
      version: numbers.TPACKET_V3,
      address: sizes.tpacket3_hdr,
    });
    expect(ring.BLOCK).toEqual({
      ...of('tpacket_block_desc', {
        status: 'hdr.bh1.block_status',
        packets: 'hdr.bh1.num_pkts',
        firstOffset: 'hdr.bh1.offset_to_first_pkt',
        length: 'hdr.bh1.blk_len',
        sequence: 'hdr.bh1.seq_num',
        firstTime: 'hdr.bh1.ts_first_pkt',
        lastTime: 'hdr.bh1.ts_last_pkt',
      }),
      size: sizes.tpacket_block_desc,
    });
    expect(ring.RX_HASH).toBe(offsets['tpacket3_hdr.hv1.tp_rxhash']);
    expect([ring.SEND_LENGTH, ring.SEND_DATA]).toEqual([
      offsets['tpacket2_hdr.tp_len'],
      (sizes.TPACKET2_HDRLEN ?? 0) - (sizes.sockaddr_ll ?? 0),
    ]);
    expect({
      ADDRESS_LENGTH: ring.ADDRESS_LENGTH,
      ADDRESS_PROTOCOL: ring.ADDRESS_PROTOCOL,
      ADDRESS_IFINDEX: ring.ADDRESS_IFINDEX,
      ADDRESS_HARDWARE_TYPE: ring.ADDRESS_HARDWARE_TYPE,
      ADDRESS_PACKET_TYPE: ring.ADDRESS_PACKET_TYPE,
    }).toEqual({
      ADDRESS_LENGTH: sizes.sockaddr_ll,
      ADDRESS_PROTOCOL: offsets['sockaddr_ll.sll_protocol'],
      ADDRESS_IFINDEX: offsets['sockaddr_ll.sll_ifindex'],
      ADDRESS_HARDWARE_TYPE: offsets['sockaddr_ll.sll_hatype'],
      ADDRESS_PACKET_TYPE: offsets['sockaddr_ll.sll_pkttype'],
    });
  });

  it('has the numbers of C', () => {
    const bit = (name: string): number => (numbers[name] ?? 0) | 0;
    expect(ring.statusBits).toEqual({
      LOSING: bit('TP_STATUS_LOSING'),
      CHECKSUM_NOT_READY: bit('TP_STATUS_CSUMNOTREADY'),
      VLAN_VALID: bit('TP_STATUS_VLAN_VALID'),
      BLOCK_TIMED_OUT: bit('TP_STATUS_BLK_TMO'),
      VLAN_PROTOCOL_VALID: bit('TP_STATUS_VLAN_TPID_VALID'),
      CHECKSUM_VALID: bit('TP_STATUS_CSUM_VALID'),
      SOFTWARE_TIME: bit('TP_STATUS_TS_SOFTWARE'),
      HARDWARE_TIME: bit('TP_STATUS_TS_RAW_HARDWARE'),
    });
    expect([ring.KERNEL, ring.USER]).toEqual([numbers.TP_STATUS_KERNEL, numbers.TP_STATUS_USER]);
    const sending = ['AVAILABLE', 'SEND_REQUEST', 'SENDING', 'WRONG_FORMAT'].map(
      (name) => numbers[`TP_STATUS_${name}`],
    );
    expect([ring.AVAILABLE, ring.SEND_REQUEST, ring.WRONG_FORMAT]).toEqual([
      sending[0],
      sending[1],
      sending[3],
    ]);
    expect(ring.SEND_STATUS).toBe((sending as number[]).reduce((all, one) => all | one));
  });

  it('asks the kernel as its structs say', () => {
    const u32 = (bytes: Uint8Array, name: string): number =>
      new DataView(bytes.buffer).getUint32(offsets[`tpacket_req3.${name}`] ?? 0, HOST_LITTLE_ENDIAN);
    const blocks = ring.encodeBlockRequest(1 << 16, 8, 25, true);
    expect(blocks.length).toBe(sizes.tpacket_req3);
    expect(
      [
        'tp_block_size',
        'tp_block_nr',
        'tp_frame_size',
        'tp_frame_nr',
        'tp_retire_blk_tov',
        'tp_sizeof_priv',
      ].map((name) => u32(blocks, name)),
    ).toEqual([65536, 8, 65536, 8, 25, 0]);
    expect(u32(blocks, 'tp_feature_req_word')).toBe(numbers.TP_FT_REQ_FILL_RXHASH);
    const frames = ring.encodeFrameRequest(1 << 16, 8, 2048);
    expect(frames.length).toBe(sizes.tpacket_req);
    expect(
      ['tp_block_size', 'tp_block_nr', 'tp_frame_size', 'tp_frame_nr'].map((name) => u32(frames, name)),
    ).toEqual([65536, 8, 2048, 256]);
  });
});

const HOST_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
