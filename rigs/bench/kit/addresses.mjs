/**
 * Addresses and prefixes for the cases about them: the same for every contender of a case, of all lengths of text.
 */

/** How many addresses a contender goes through, in turn: a power of two. */
export const COUNT = 1024;

/** xorshift32, so that all contenders have the same. */
function randoms() {
  let state = 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** IPv4 addresses, 4 bytes each. */
export function ipv4Bytes(count = COUNT) {
  const random = randoms();
  return Array.from({ length: count }, () => Uint8Array.from({ length: 4 }, () => random(256)));
}

/** IPv6 addresses, 16 bytes each: half of them with a run of zeros, as most in use have. */
export function ipv6Bytes(count = COUNT) {
  const random = randoms();
  return Array.from({ length: count }, (_, i) => {
    const bytes = Uint8Array.from({ length: 16 }, () => random(256));
    bytes[0] = 0x20;
    if (i % 2) bytes.fill(0, 6, 6 + 2 * (1 + random(4)));
    return bytes;
  });
}

/** Text that is in one piece, as it comes from a file or a socket. */
const flat = (text) => Buffer.from(text, 'latin1').toString('latin1');

export const ipv4Text = (bytes) => flat([...bytes].join('.'));

/** IPv6 with '::' in place of a run of zeros. */
export const ipv6Text = (bytes) => {
  const groups = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i] << 8) | bytes[i + 1]).toString(16));
  return flat(groups.join(':').replace(/(?:^|:)0(?::0)+(?::|$)/, '::'));
};

/** IPv4 prefixes, all different, of 8 to 24 bits: `[bytes, length]`. */
export function ipv4Prefixes(count) {
  const random = randoms();
  const all = new Map();
  while (all.size < count) {
    const length = 8 + random(17);
    const value = (random(2 ** 32) & (-1 << (32 - length))) >>> 0;
    all.set(`${value}/${length}`, [Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value), length]);
  }
  return [...all.values()];
}

/** Addresses as text, each in a prefix, of places all over the list. */
export function inPrefixes(prefixes, count = COUNT) {
  const random = randoms();
  return Array.from({ length: count }, () => {
    const [bytes, length] = prefixes[random(prefixes.length)];
    const host = random(2 ** 32) >>> length;
    const value = ((bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3] | host) >>> 0;
    return ipv4Text(Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value));
  });
}
