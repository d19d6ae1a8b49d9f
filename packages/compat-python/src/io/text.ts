/** `io.TextIOWrapper`: a file of text over one of bytes. */
import { type BytesLike, typeName } from '../arguments.ts';
import { typeError, ValueError } from '../errors.ts';
import { shown } from '../repr.ts';
import { IOBase, toCount, unsupported } from './base.ts';
import { Decoder, encodeText, encodingOf } from './codec.ts';

/** The buffered file below. */
interface Bytes {
  readonly closed: boolean;
  readonly name?: number;
  fileno?(): number;
  read?(size?: number): Buffer | null;
  read1?(size?: number): Buffer;
  readable(): boolean;
  writable(): boolean;
  write(data: BytesLike): number | null;
  flush(): void;
  close(): void;
}

/** How much is read at once, and collected before it is written. */
const CHUNK = 8192;

const NEWLINES: ReadonlySet<unknown> = new Set([null, '', '\n', '\r', '\r\n']);

/** How many characters Python would count. */
function charactersOf(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Keyword arguments of a text file. */
export interface TextKeywords {
  /** `'utf-8'` unless given, `'utf-16'`, `'utf-32'`, `'ascii'`, `'latin-1'`, and those of one byte a character. */
  encoding?: string | null;
  /** `'strict'` unless given, `'ignore'`, `'replace'`, `'surrogateescape'`, `'backslashreplace'`. */
  errors?: string | null;
  /**
   * What ends a line when reading: null for any of `\n`, `\r`, `\r\n`, told as `\n`; `''` for any, as it is; else only that.
   * What `\n` is written as: itself, with `'\r'` and `'\r\n'` that.
   */
  newline?: string | null;
}

/** Text in and out. Sizes are in characters, as Python counts them. */
export class TextIOWrapper extends IOBase<string> {
  readonly buffer: Bytes;
  readonly encoding: string;
  readonly errors: string;
  mode = 'r';
  readonly line_buffering: boolean = false;
  readonly #codec: ReturnType<typeof encodingOf>;
  readonly #decoder: Decoder;
  /** What goes before the first text. */
  #mark: Uint8Array | undefined;
  readonly #newline: string | null;
  /** Text that was read and not given yet. */
  #text = '';
  #ended = false;
  /** Whether the last character so far is a `\r`, of which it is not known yet whether a `\n` follows. */
  #held = false;
  readonly #seen = new Set<string>();
  #pending: Buffer[] = [];
  #length = 0;

  constructor(buffer: Bytes, keywords: TextKeywords = {}) {
    super();
    const { encoding, errors, newline = null } = keywords;
    for (const [name, value] of Object.entries({ encoding, errors, newline })) {
      if (value !== undefined && value !== null && typeof value !== 'string') {
        throw typeError(`TextIOWrapper() argument '${name}' must be str or None, not ${typeName(value)}`);
      }
    }
    if (!NEWLINES.has(newline)) throw new ValueError(`illegal newline value: ${newline}`);
    this.buffer = buffer;
    this.#codec = encodingOf(encoding ?? 'utf-8');
    this.#mark = this.#codec.mark;
    this.encoding = encoding ?? 'UTF-8';
    this.errors = errors ?? 'strict';
    this.#newline = newline;
    this.#decoder = new Decoder(this.#codec, this.errors);
  }

  get closed(): boolean {
    return this.buffer.closed;
  }

  get name(): number | undefined {
    return this.buffer.name;
  }

  /** The line ends that were read, where they are looked for: null, one, or several. */
  get newlines(): string | readonly string[] | null {
    const all = ['\r', '\n', '\r\n'].filter((one) => this.#seen.has(one));
    return all.length > 1 ? all : (all[0] ?? null);
  }

  override readable(): boolean {
    return this.buffer.readable();
  }

  override writable(): boolean {
    return this.buffer.writable();
  }

  fileno(): number {
    if (this.buffer.fileno === undefined) throw unsupported('fileno');
    return this.buffer.fileno();
  }

  /** Reads some more; false at the end. */
  #more(): boolean {
    if (this.#ended) return false;
    if (this.buffer.read1 === undefined) throw unsupported('not readable');
    this.#send();
    const bytes = this.buffer.read1(CHUNK);
    return this.#took(bytes, bytes.length === 0) || bytes.length > 0;
  }

  /** All up to the end, decoded as one. */
  #all(): string {
    if (this.buffer.read === undefined) throw unsupported('not readable');
    this.#send();
    this.#took(this.buffer.read() ?? new Uint8Array(0), true);
    const all = this.#text;
    this.#text = '';
    return this.#given(all);
  }

  #took(bytes: Uint8Array, final: boolean): boolean {
    this.#ended = final;
    let text = this.#decoder.decode(bytes, final);
    if (this.#newline === null || this.#newline === '') text = this.#universal(text);
    this.#text += text;
    return text !== '';
  }

  /** Notes the line ends; where they are translated, does that. A `\r` at the end waits for what follows. */
  #universal(more: string): string {
    let text = this.#held ? `\r${more}` : more;
    this.#held = text.endsWith('\r') && !this.#ended;
    if (this.#held) text = text.slice(0, -1);
    for (const [end] of text.matchAll(/\r\n|\r|\n/g)) this.#seen.add(end);
    return this.#newline === null ? text.replace(/\r\n?/g, '\n') : text;
  }

  /** The first `count` characters of what is there; undefined where there are fewer. */
  #characters(count: number): string | undefined {
    let at = 0;
    for (let left = count; left > 0; left--) {
      if (at >= this.#text.length) return undefined;
      at += (this.#text.codePointAt(at) as number) > 0xffff ? 2 : 1;
    }
    return this.#text.slice(0, at);
  }

  #given(text: string): string {
    // After the end more may come: a socket has no end of its own once it is told by a time that ran out.
    if (text === '') this.#ended = false;
    return text;
  }

  /**
   * Up to `most` characters, or the end of a line where `lines` says so, or the end of all. What has neither is not looked at again
   * when more comes, or long lines would take the square of their length.
   */
  #take(most: number, lines: boolean): string {
    const parts: string[] = [];
    let left = most;
    try {
      for (;;) {
        const end = lines ? this.#lineEnd() : -1;
        const part = left === Number.POSITIVE_INFINITY ? undefined : this.#characters(left);
        const length = Math.min(
          part?.length ?? Number.POSITIVE_INFINITY,
          end < 0 ? Number.POSITIVE_INFINITY : end,
        );
        if (length < Number.POSITIVE_INFINITY) {
          parts.push(this.#text.slice(0, length));
          this.#text = this.#text.slice(length);
          break;
        }
        // Half of a line's end may be there.
        const sure = this.#text.length - (this.#newline === '\r\n' && this.#text.endsWith('\r') ? 1 : 0);
        const taken = this.#text.slice(0, sure);
        parts.push(taken);
        this.#text = this.#text.slice(sure);
        if (left !== Number.POSITIVE_INFINITY) left -= charactersOf(taken);
        if (this.#more()) continue;
        parts.push(this.#text);
        this.#text = '';
        break;
      }
    } catch (error) {
      this.#text = parts.join('') + this.#text;
      throw error;
    }
    return this.#given(parts.join(''));
  }

  /** `size` characters, fewer at the end; all up to the end without a size. */
  read(size?: number | null): string {
    this.check();
    if (!this.readable()) throw unsupported('not readable');
    const count = toCount(size);
    return count < 0 ? this.#all() : this.#take(count, false);
  }

  /** Where the first line ends; -1 when it is not whole. */
  #lineEnd(): number {
    const ends = this.#newline;
    if (ends === '') {
      const found = /\r\n|\r|\n/.exec(this.#text);
      return found === null ? -1 : found.index + found[0].length;
    }
    const end = ends ?? '\n';
    const at = this.#text.indexOf(end);
    return at < 0 ? -1 : at + end.length;
  }

  override readline(size?: number | null): string {
    this.check();
    if (!this.readable()) throw unsupported('not readable');
    const count = toCount(size);
    return this.#take(count < 0 ? Number.POSITIVE_INFINITY : count, true);
  }

  /** Takes the text, and says how many characters that are. It is sent when much has come together, and at `flush`. */
  write(text: string): number {
    if (typeof text !== 'string') throw typeError(`write() argument must be str, not ${typeName(text)}`);
    this.check();
    if (!this.writable()) throw unsupported('not writable');
    const ends = this.#newline;
    const translated = ends === '\r' || ends === '\r\n' ? text.replaceAll('\n', ends) : text;
    const mark = this.#mark;
    this.#mark = undefined;
    const encoded = encodeText(translated, this.#codec, this.errors);
    const bytes = mark === undefined ? encoded : Buffer.concat([mark, encoded]);
    // What was taken before goes by itself: if this text does not go, that one is not lost with it.
    if (this.#length + bytes.length > CHUNK) this.#send();
    this.#pending.push(bytes);
    this.#length += bytes.length;
    if (this.#length >= CHUNK) this.#send();
    return charactersOf(text);
  }

  writelines(lines: Iterable<string>): void {
    this.check();
    for (const line of lines) this.write(line);
  }

  /** Gives what was written to the file below. */
  #send(): void {
    if (this.#length === 0) return;
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#length = 0;
    this.buffer.write(bytes);
  }

  override flush(): void {
    this.check();
    this.#send();
    this.buffer.flush();
  }

  override close(): void {
    if (this.closed) return;
    try {
      if (this.buffer.writable()) this.flush();
    } finally {
      this.buffer.close();
    }
  }

  /** What Python's repr() shows. */
  override toString(): string {
    const name = this.name === undefined ? '' : `name=${this.name} `;
    return `<_io.TextIOWrapper ${name}mode=${shown(this.mode)} encoding=${shown(this.encoding)}>`;
  }
}
