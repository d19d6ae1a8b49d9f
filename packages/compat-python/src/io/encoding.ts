/** What an encoding of text is to the files that use it. */
export interface Encoding {
  /** As Python's messages call it. */
  readonly name: string;
  /** How many bytes of the character that begins at `at`; 0 when more bytes may make one, below 0 how many make none. */
  length(bytes: Uint8Array, at: number): number;
  /** Whole characters. */
  decode(bytes: Uint8Array): string;
  /** The bytes of a character; undefined when it has none. */
  encode(character: string): Uint8Array | undefined;
  /** Why bytes are none; `cut` where they are the last and more might have made some. */
  wrongBytes(bytes: Uint8Array, at: number, cut: boolean): string;
  /** Why a character is none. */
  readonly wrongCharacter: string;
  /** All of it at once, where nothing is cut or wrong; undefined where it takes a closer look. */
  decodeAll?(bytes: Uint8Array): string | undefined;
  /** The bytes of text without lone surrogates. */
  encodeAll?(text: string): Buffer;
  /** Bytes of the smallest unit, where that are more than one. */
  readonly unit?: number;
  /** Errors name one character and not all that follow each other. */
  readonly alone?: true;
  /** How a stream begins that says itself which encoding it has; undefined when more bytes may say so. */
  begin?(bytes: Uint8Array): Beginning | undefined;
  /** What a stream begins with that is written. */
  readonly mark?: Uint8Array;
}

interface Beginning {
  /** Of what follows. */
  readonly encoding: Encoding;
  /** Bytes of the mark. */
  readonly skip: number;
  /** Whether errors count from the mark's first byte, and not from its end. */
  readonly counted?: true;
  /** What is wrong where there was no mark, once a character could be read. */
  readonly unmarked?: string;
}
