import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const judges =
  process.env.SOCKEYE_JUDGES ?? fileURLToPath(new URL('../../../../shared/judges', import.meta.url));

const capturesFolder: string = join(judges, 'captures');
export const haveCaptures: boolean = existsSync(capturesFolder);

export interface CapturedPacket {
  readonly file: string;
  readonly number: number;
  /** LINKTYPE_ of the file. */
  readonly linkType: number;
  readonly data: Uint8Array;
  /** Length on the wire; above data.length when the capture cut it off. */
  readonly wireLength: number;
}

/** The packets of the classic pcap files among the captures (draft-ietf-opsawg-pcap). */
export function* capturedPackets(): Generator<CapturedPacket> {
  for (const file of readdirSync(capturesFolder).sort()) {
    if (file.endsWith('.pcap')) yield* readPcap(file, readFileSync(join(capturesFolder, file)));
  }
}

function* readPcap(file: string, bytes: Buffer): Generator<CapturedPacket> {
  if (bytes.length < 24) return;
  const magics = [0xa1b2c3d4, 0xa1b23c4d];
  const little = magics.includes(bytes.readUInt32LE(0));
  if (!little && !magics.includes(bytes.readUInt32BE(0))) return;
  const u32 = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const linkType = u32(20) & 0xffff;
  let number = 0;
  for (let at = 24; at + 16 <= bytes.length; ) {
    const length = u32(at + 8);
    const data = bytes.subarray(at + 16, at + 16 + length);
    number += 1;
    yield { file, number, linkType, data: Uint8Array.from(data), wireLength: u32(at + 12) };
    at += 16 + length;
  }
}
