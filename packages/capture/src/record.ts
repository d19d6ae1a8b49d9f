/** Something that a capture was made on: a file's one link (pcap), or an interface description block (pcapng). */
export interface CaptureInterface {
  /** Counted from 0 in its section; 0 in pcap. */
  readonly id: number;
  /** LINKTYPE_ (tcpdump.org/linktypes.html). */
  readonly linkType: number;
  /** Bytes of a packet that were kept at most; 0 for no limit. */
  readonly snapLength: number;
  /** Time stamps' units in a second, such as 1000000n. */
  readonly resolution: bigint;
  /** Seconds to add to time stamps (pcapng's if_tsoffset). */
  readonly timestampOffset: bigint;
  /** Bytes of frame check sequence at each packet's end; undefined where the file does not say. */
  readonly fcsLength: number | undefined;
  readonly name: string | undefined;
  readonly description: string | undefined;
  /** The filter's text, where it is given as text. */
  readonly filter: string | undefined;
  readonly hardware: string | undefined;
  readonly system: string | undefined;
  /** All of pcapng's options, as they are. */
  readonly options: readonly CaptureOption[];
}

/** An option of a pcapng block. */
export interface CaptureOption {
  readonly code: number;
  readonly value: Uint8Array;
}

/** The start of a file, or of another section of it (pcapng). */
export interface CaptureSection {
  readonly kind: 'section';
  readonly format: 'pcap' | 'pcapng';
  readonly bigEndian: boolean;
  readonly major: number;
  readonly minor: number;
  readonly options: readonly CaptureOption[];
}

/** A packet. */
export interface CapturedPacket {
  readonly kind: 'packet';
  /** From 1 on, in the order in which they stand in the file. */
  readonly number: number;
  readonly interface: CaptureInterface;
  /** Of the interface. */
  readonly linkType: number;
  /** Nanoseconds since 1970 began; undefined where the file has none (pcapng's simple packet block). */
  readonly timestamp: bigint | undefined;
  /** What was kept of the packet: a view of the chunk that it came in, unless it came in several. */
  readonly data: Uint8Array;
  /** In bytes, as it was on the wire. */
  readonly wireLength: number;
  /** Packets lost between the one before on this interface and this; undefined where the file does not say. */
  readonly dropped: number | bigint | undefined;
  /** pcapng's epb_flags: the lowest two bits 1 for inbound and 2 for outbound; undefined where they are not there. */
  readonly flags: number | undefined;
  readonly comments: readonly string[];
  /** All of pcapng's options, as they are. */
  readonly options: readonly CaptureOption[];
}

/** A pcapng block that is none of the above: names (4), statistics (5), secrets (10), custom ones … */
export interface CaptureBlock {
  readonly kind: 'block';
  readonly type: number;
  readonly bigEndian: boolean;
  /** What stands between the block's lengths, as it is. */
  readonly body: Uint8Array;
}

/** What a capture file is made of. */
export type CaptureRecord =
  | CaptureSection
  | { readonly kind: 'interface'; readonly interface: CaptureInterface }
  | CapturedPacket
  | CaptureBlock;

/** Takes records from a queue of bytes; the reader of one format. */
export interface RecordDecoder {
  /** The next record; undefined where more bytes are needed. */
  next(): CaptureRecord | undefined;
  /** What the bytes that are left over were to be, for an error. */
  readonly wanted: string;
}

export const NO_OPTIONS: readonly CaptureOption[] = [];
export const NO_COMMENTS: readonly string[] = [];
