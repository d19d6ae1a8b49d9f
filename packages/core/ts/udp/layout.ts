/** What UDP's control messages say, read without making anything: the hot half of `@sockeye/core/cmsg`. */
import { readInt, readUint } from '../cmsg/fields.ts';
import { constants as c } from '../constants.ts';

/** `struct cmsghdr` of 64-bit Linux: the length's lower half, level, type; data from 16 on, messages at multiples of 8. */
const LEVEL = 8;
const TYPE = 12;
const HEADER = 16;

/** Sizes and classes of a message; read before the next call. */
export const told: { segment: number; trafficClass: number } = { segment: 0, trafficClass: -1 };

/** Puts into {@link told} what the control data from `at` to `end` say: 0 and -1 where they say nothing. */
export function tell(control: Uint8Array, at: number, end: number): void {
  told.segment = 0;
  told.trafficClass = -1;
  for (let start = at; start + HEADER <= end; ) {
    const length = readUint(control, start);
    if (length < HEADER || start + length > end) return;
    const data = start + HEADER;
    const level = readInt(control, start + LEVEL);
    const type = readInt(control, start + TYPE);
    if (level === c.SOL_UDP && type === c.UDP_GRO && length >= HEADER + 4) {
      told.segment = readUint(control, data);
    } else if (level === c.IPPROTO_IP && type === c.IP_TOS && length > HEADER) {
      told.trafficClass = control[data] as number;
    } else if (level === c.IPPROTO_IPV6 && type === c.IPV6_TCLASS && length >= HEADER + 4) {
      told.trafficClass = readInt(control, data) & 0xff;
    }
    start += (length + 7) & ~7;
  }
}
