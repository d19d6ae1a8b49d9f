/** Writes capture files for the tests, in both byte orders, field by field. */
export class Writer {
  readonly #bytes: number[] = [];
  readonly #big: boolean;

  constructor(big: boolean) {
    this.#big = big;
  }

  u16(...values: number[]): this {
    for (const value of values) {
      const pair = [value >>> 8, value & 0xff];
      this.#bytes.push(...(this.#big ? pair : pair.reverse()));
    }
    return this;
  }

  u32(...values: number[]): this {
    for (const value of values) {
      const four = [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
      this.#bytes.push(...(this.#big ? four : four.reverse()));
    }
    return this;
  }

  bytes(values: Iterable<number>): this {
    this.#bytes.push(...values);
    return this;
  }

  /** Zeros up to a multiple of 4. */
  pad(): this {
    while (this.#bytes.length % 4 !== 0) this.#bytes.push(0);
    return this;
  }

  done(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

export interface Written {
  readonly seconds: number;
  readonly fraction: number;
  readonly data: Uint8Array;
  readonly wireLength: number;
}

/** A pcap file. */
export function pcap(big: boolean, nano: boolean, linkType: number, packets: readonly Written[]): Uint8Array {
  const file = new Writer(big)
    .u32(nano ? 0xa1b23c4d : 0xa1b2c3d4)
    .u16(2, 4)
    .u32(0, 0, 65_535, linkType);
  for (const { seconds, fraction, data, wireLength } of packets) {
    file.u32(seconds, fraction, data.length, wireLength).bytes(data);
  }
  return file.done();
}

export type Option = readonly [code: number, value: Iterable<number>];

/** A list of options, with its end where there are any. */
function options(big: boolean, list: readonly Option[]): Uint8Array {
  const into = new Writer(big);
  for (const [code, value] of list) {
    const bytes = [...value];
    into.u16(code, bytes.length).bytes(bytes).pad();
  }
  return (list.length > 0 ? into.u16(0, 0) : into).done();
}

/** A pcapng block. */
export function block(big: boolean, type: number, body: Uint8Array): Uint8Array {
  const padded = new Writer(big).bytes(body).pad().done();
  const length = padded.length + 12;
  return new Writer(big).u32(type, length).bytes(padded).u32(length).done();
}

export const section = (big: boolean, list: readonly Option[] = []): Uint8Array =>
  block(
    big,
    0x0a0d0d0a,
    new Writer(big).u32(0x1a2b3c4d).u16(1, 0).u32(0xffffffff, 0xffffffff).bytes(options(big, list)).done(),
  );

export const description = (
  big: boolean,
  linkType: number,
  snapLength: number,
  list: readonly Option[] = [],
): Uint8Array =>
  block(big, 1, new Writer(big).u16(linkType, 0).u32(snapLength).bytes(options(big, list)).done());

export const enhanced = (
  big: boolean,
  id: number,
  time: readonly [high: number, low: number],
  data: Uint8Array,
  wireLength: number,
  list: readonly Option[] = [],
): Uint8Array =>
  block(
    big,
    6,
    new Writer(big)
      .u32(id, ...time, data.length, wireLength)
      .bytes(data)
      .pad()
      .bytes(options(big, list))
      .done(),
  );

/** Bytes in a row. */
export const joined = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));
