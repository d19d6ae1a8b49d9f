import { ByteQueue } from './byte-queue.ts';
import { ArgumentRangeError, ArgumentTypeError, MalformedCaptureError } from './errors.ts';
import { PcapDecoder, pcapOrder } from './pcap.ts';
import { isPcapng, PcapngDecoder } from './pcapng.ts';
import type { CapturedPacket, CaptureRecord, RecordDecoder } from './record.ts';

/** 16 MiB, above every link's packets: what libpcap and Wireshark give up at is below. */
const MOST = 1 << 24;

export interface CaptureReaderOptions {
  /**
   * Bytes that one packet (pcap) or block (pcapng) may have, which is what the reader keeps at most of a file that lies.
   * Default 16 MiB.
   */
  readonly maxLength?: number | undefined;
}

/**
 * Reads a capture file, pcap (both byte orders, micro- and nanoseconds) or pcapng (sections of both byte orders,
 * interfaces, enhanced, simple and the obsolete packet blocks), from chunks as they come, however they are cut: `push`
 * one, then take records until there is none, and `end` behind the last.
 */
export class CaptureReader {
  readonly #queue: ByteQueue = new ByteQueue();
  readonly #most: number;
  #decoder: RecordDecoder | undefined;
  #error: MalformedCaptureError | undefined;

  /** @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE for a `maxLength` that is no whole number from 64 on. */
  constructor(options: CaptureReaderOptions = {}) {
    if (typeof options !== 'object' || options === null)
      throw new ArgumentTypeError('options', 'an object', options);
    const { maxLength = MOST } = options;
    if (typeof maxLength !== 'number') throw new ArgumentTypeError('maxLength', 'a number', maxLength);
    if (!Number.isSafeInteger(maxLength) || maxLength < 64 || maxLength > 0xffff_ffff) {
      throw new ArgumentRangeError('maxLength', 'a whole number from 64 to 4294967295', maxLength);
    }
    this.#most = maxLength;
  }

  /** Bytes of the file that are in records by now. */
  get offset(): number {
    return this.#queue.offset;
  }

  /**
   * Takes the next bytes of the file. They are not copied, so they must stay as they are while packets that came in them
   * are used.
   * @throws ERR_INVALID_ARG_TYPE when `chunk` is no Uint8Array.
   */
  push(chunk: Uint8Array): void {
    // From another realm it is one too.
    const bytes =
      ArrayBuffer.isView(chunk) && Object.prototype.toString.call(chunk) === '[object Uint8Array]';
    if (!bytes) throw new ArgumentTypeError('chunk', 'a Uint8Array', chunk);
    this.#queue.push(chunk);
  }

  /**
   * The next record; undefined where more bytes are needed.
   * @throws MalformedCaptureError when the file is none, or damaged; from there on always.
   */
  next(): CaptureRecord | undefined {
    if (this.#error !== undefined) throw this.#error;
    try {
      this.#decoder ??= this.#format();
      return this.#decoder?.next();
    } catch (error) {
      if (error instanceof MalformedCaptureError) this.#error = error;
      throw error;
    }
  }

  /**
   * Says that there are no more bytes; all records must have been taken.
   * @throws MalformedCaptureError, its `truncated` true, when the file ends within a record, or before its first.
   */
  end(): void {
    const { length, offset } = this.#queue;
    if (this.#error !== undefined) throw this.#error;
    if (length === 0 && this.#decoder !== undefined) return;
    const wanted = this.#decoder?.wanted ?? 'the magic number of a pcap or pcapng file';
    throw new MalformedCaptureError(offset, wanted, `${length} bytes and the end`, true);
  }

  #format(): RecordDecoder | undefined {
    const magic = this.#queue.peek(4);
    if (magic === undefined) return undefined;
    if (isPcapng(magic)) return new PcapngDecoder(this.#queue, this.#most);
    const order = pcapOrder(magic);
    if (order !== undefined) return new PcapDecoder(this.#queue, order, this.#most);
    const got = `0x${[...magic].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
    throw new MalformedCaptureError(0, 'the magic number of a pcap or pcapng file', got);
  }
}

/**
 * The records of a capture file whose bytes come in chunks: a stream's, or an array of one.
 * @throws MalformedCaptureError where the file is damaged, or ends within a record; what is before that has been given.
 */
export async function* readRecords(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: CaptureReaderOptions = {},
): AsyncGenerator<CaptureRecord, void, undefined> {
  const reader = new CaptureReader(options);
  for await (const chunk of chunks) {
    reader.push(chunk);
    for (let record = reader.next(); record !== undefined; record = reader.next()) yield record;
  }
  reader.end();
}

/** The packets among {@link readRecords}. Throws as it does. */
export async function* readPackets(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: CaptureReaderOptions = {},
): AsyncGenerator<CapturedPacket, void, undefined> {
  for await (const record of readRecords(chunks, options)) if (record.kind === 'packet') yield record;
}

/** As {@link readRecords}, of chunks that are there: a file's, read as a whole. */
export function* readRecordsSync(
  chunks: Iterable<Uint8Array>,
  options: CaptureReaderOptions = {},
): Generator<CaptureRecord, void, undefined> {
  const reader = new CaptureReader(options);
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let record = reader.next(); record !== undefined; record = reader.next()) yield record;
  }
  reader.end();
}

/** The packets among {@link readRecordsSync}. Throws as it does. */
export function* readPacketsSync(
  chunks: Iterable<Uint8Array>,
  options: CaptureReaderOptions = {},
): Generator<CapturedPacket, void, undefined> {
  for (const record of readRecordsSync(chunks, options)) if (record.kind === 'packet') yield record;
}
