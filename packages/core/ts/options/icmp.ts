/** Options of raw sockets of ICMP, levels SOL_RAW and SOL_ICMPV6: icmp(7), RFC 3542, section 3.2. */
import { checkInteger, wrongType } from '../check.ts';
import type { Codec } from './codec.ts';
import { type Option, option } from './option.ts';
import { answer } from './struct.ts';

/** A set of types, a bit each in as many words of 32 bits. */
function types(type: string, most: number): Codec<number[], readonly number[]> {
  const words = (most + 1) / 32;
  return {
    type,
    get: (socket, level, name) => {
      const bits = new Uint32Array(Uint8Array.from(answer(socket, level, name, words * 4)).buffer);
      return Array.from({ length: bits.length * 32 }, (_, one) => one).filter(
        (one) => (((bits[one >>> 5] as number) >>> (one & 31)) & 1) !== 0,
      );
    },
    set: (socket, level, name, value) => {
      if (!Array.isArray(value)) throw wrongType('value', 'an array of ICMP types', value);
      const bits = new Uint32Array(words);
      for (const [index, one] of value.entries()) {
        checkInteger(`value[${index}]`, one, 0, most);
        bits[one >>> 5] = (bits[one >>> 5] as number) | (1 << (one & 31));
      }
      socket.setsockopt(level, name, new Uint8Array(bits.buffer));
    },
  };
}

/** The types of ICMP messages that a raw socket does not get: of 0 to 31; higher ones it always gets. */
export const icmpFilter: Option<number[], readonly number[]> = /* @__PURE__ */ option(
  'SOL_RAW',
  'ICMP_FILTER',
  /* @__PURE__ */ types('struct icmp_filter', 31),
  { page: 'raw(7)' },
);
/** The types of ICMPv6 messages that a raw socket does not get: of 0 to 255. */
export const icmp6Filter: Option<number[], readonly number[]> = /* @__PURE__ */ option(
  'SOL_ICMPV6',
  'ICMPV6_FILTER',
  /* @__PURE__ */ types('struct icmp6_filter', 255),
  { page: 'RFC 3542' },
);
