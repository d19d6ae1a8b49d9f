/** Many addresses, good and nearly good, quickly: fast-check takes too long for a million. */

/** A whole number below `limit`. */
export type Random = (limit: number) => number;

/** Always the same numbers for a seed: mulberry32. */
export function seeded(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!;

const PIECES = [
  '.',
  ':',
  '::',
  '%',
  '0',
  '00',
  '1',
  '9',
  '255',
  '256',
  'ffff',
  'F',
  'g',
  'x',
  '0x',
  ' ',
  '\n',
  '-',
  '+',
  'é',
  '/',
];

/** 16 bytes in which runs of zeros, ones, and IPv4 prefixes are frequent. */
export function addressBytes(random: Random): Uint8Array {
  const bytes = new Uint8Array(16);
  const zeros = random(4);
  for (let i = 0; i < 8; i++) {
    if (random(4) < zeros) continue;
    const group = random(0x10000) >> (4 * random(4));
    bytes[2 * i] = group >> 8;
    bytes[2 * i + 1] = group;
  }
  if (random(8) === 0) bytes.fill(0, 0, 12);
  if (random(8) === 0) bytes.fill(0, 0, 10).fill(255, 10, 12);
  return bytes;
}

function dotted(random: Random): string {
  return Array.from({ length: 4 }, () => random(random(3) ? 256 : 300)).join('.');
}

function historicPart(random: Random, most: number): string {
  const value = random(20) === 0 ? most + random(3) : random(2) ? random(256) : random(most) || most;
  const spelling = random(3);
  if (spelling === 0) return String(value);
  if (spelling === 1) return `0${'0'.repeat(random(3))}${value.toString(8)}`;
  return `${pick(random, ['0x', '0X'])}${'0'.repeat(random(3))}${value.toString(16)}`;
}

function historic(random: Random): string {
  const parts = 1 + random(4);
  const all = Array.from({ length: parts - 1 }, () => historicPart(random, 255));
  return [...all, historicPart(random, 2 ** (8 * (5 - parts)) - 1)].join('.');
}

function colons(random: Random): string {
  const bytes = addressBytes(random);
  const dots = random(4) === 0;
  const groups = Array.from({ length: dots ? 6 : 8 }, (_, i) => {
    const text = ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16).padStart(1 + random(4), '0');
    return random(2) ? text : text.toUpperCase();
  });
  if (dots) groups.push(dotted(random));
  if (random(2) === 0) return groups.join(':');
  // '::' in place of some groups, not always zeros and sometimes of none.
  const from = random(groups.length + 1);
  const to = Math.min(groups.length, from + random(8));
  return `${groups.slice(0, from).join(':')}::${groups.slice(to).join(':')}`;
}

/** Text that is an address, or nearly one, or soup. */
export function addressText(random: Random): string {
  const kind = random(8);
  if (kind === 0)
    return Array.from({ length: random(12) }, () => pick(random, PIECES))
      .join('')
      .replace(/%.*/s, '');
  let text = kind < 3 ? dotted(random) : kind < 4 ? historic(random) : colons(random);
  if (kind > 3 && random(6) === 0) text += `%${pick(random, ['eth0', '1', 'en-0', 'br0.7', ''])}`;
  else if (random(3) === 0) {
    const at = random(text.length + 1);
    text = text.slice(0, at) + pick(random, PIECES).replace('%', ':') + text.slice(at + random(3));
  }
  return text;
}
