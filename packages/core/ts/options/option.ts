/** What an option is: its numbers and units as values, and how it is read and set. */
import type { ConstantName } from '../constant-names.ts';
import { constants } from '../constants.ts';
import { SocketError } from '../errors.ts';
import { capability } from '../hints/failure.ts';
import type { HasOptions } from '../sockopt.ts';
import type { Codec, Reader, Writer } from './codec.ts';

/** What is known of an option beside its value. */
export interface OptionFacts {
  /** Of the value: `'bytes'`, `'seconds'`, `'ms'`, `'µs'` …; undefined where it has none. */
  readonly unit?: string;
  /** The Linux release that brought it; undefined where it is older than 2.6. */
  readonly since?: string;
  /** What setting it takes, in some cases only: `'CAP_NET_ADMIN'`; undefined where none is needed. */
  readonly capability?: string;
  /** Where it is described: a manual page, a header or a kernel document. */
  readonly page: string;
}

/** An option: which one it is, and what is known of it. */
export interface OptionInfo {
  /** Its C name: `'SO_RCVBUF'`. */
  readonly constant: ConstantName;
  /** The C names of its levels: one, but for those of IPv4 and IPv6 alike. */
  readonly levels: readonly ConstantName[];
  /** The number of its (first) level. Throws ENOTSUP where the platform has none such. */
  readonly level: number;
  /** Its number. Throws ENOTSUP where the platform has none such. */
  readonly name: number;
  /** The C type of its value: `'int'`, `'struct linger'`. */
  readonly type: string;
  readonly unit: string | undefined;
  readonly since: string | undefined;
  readonly capability: string | undefined;
  readonly page: string;
}

/** An option that can be read. */
export interface Gettable<T> extends OptionInfo {
  /** getsockopt(2). Throws SocketError; ENOPROTOOPT when this kernel or this kind of socket has no such option. */
  get(socket: HasOptions): T;
}

/** An option that can be set. */
export interface Settable<T> extends OptionInfo {
  /**
   * setsockopt(2). Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE or ERR_OUT_OF_RANGE naming the part of `value` that
   * is wrong, before any system call; SocketError for what the kernel says.
   */
  set(socket: HasOptions, value: T): void;
}

/** An option that can be read and set; `S` is what it takes, where that is more than what it gives. */
export interface Option<T, S = T> extends Gettable<T>, Settable<S> {}

/** What an option is asked with; it may be left out where it may be undefined. */
export type Question<Q> = undefined extends Q ? [question?: Q] : [question: Q];

/** An option that is read with an argument: of which association, of which group. */
export interface Askable<T, Q> extends OptionInfo {
  /** getsockopt(2), asked with bytes. Throws as {@link Settable.set} does for `question`. */
  get(socket: HasOptions, ...question: Question<Q>): T;
}

/** An option without a value: to set it is to do it. */
export interface Command extends OptionInfo {
  /** setsockopt(2). Throws SocketError. */
  set(socket: HasOptions): void;
}

/** One level, or the two of IPv4 and IPv6. */
type Levels = ConstantName | readonly ConstantName[];

/** The number of a constant. Throws ENOTSUP where the platform has none. */
function number(name: ConstantName): number {
  const value: number | undefined = constants[name];
  if (value !== undefined) return value;
  throw Object.assign(new Error(`this platform has no ${name}`), { code: 'ENOTSUP' });
}

class Info implements OptionInfo {
  readonly constant: ConstantName;
  readonly levels: readonly ConstantName[];
  readonly type: string;
  readonly unit: string | undefined;
  readonly since: string | undefined;
  readonly capability: string | undefined;
  readonly page: string;
  #level: number | undefined;
  #name: number | undefined;

  constructor(levels: Levels, constant: ConstantName, type: string, facts: OptionFacts) {
    this.constant = constant;
    this.levels = typeof levels === 'string' ? [levels] : levels;
    this.type = type;
    this.unit = facts.unit;
    this.since = facts.since;
    this.capability = facts.capability;
    this.page = facts.page;
  }

  get level(): number {
    this.#level ??= number(this.levels[0] as ConstantName);
    return this.#level;
  }

  get name(): number {
    this.#name ??= number(this.constant);
    return this.#name;
  }

  /** What an error means for this option, where more can be said than the kernel did. */
  protected explained(error: unknown): unknown {
    if (!(error instanceof SocketError)) return error;
    const { code, errno, syscall, message } = error;
    let words: string | undefined;
    if (code === 'EPERM' && this.capability !== undefined) words = capability(this.capability);
    if (code === 'ENOPROTOOPT' || code === 'EOPNOTSUPP') {
      const since = this.since === undefined ? '' : ` (it came with Linux ${this.since})`;
      words = `${this.constant} is none of this kind of socket, or of this kernel${since}`;
    }
    return words === undefined ? error : new SocketError(`${message}; ${words}`, { code, errno, syscall });
  }

  protected read<T>(reader: Reader<T>, socket: HasOptions): T {
    try {
      return reader.get(socket, this.level, this.name);
    } catch (error) {
      throw this.explained(error);
    }
  }

  protected write<T>(writer: Writer<T>, socket: HasOptions, value: T): void {
    try {
      writer.set(socket, this.level, this.name, value);
    } catch (error) {
      throw this.explained(error);
    }
  }

  protected answer<T, Q>(asker: Asker<T, Q>, socket: HasOptions, question: Q): T {
    try {
      return asker.ask(socket, this.level, this.name, question);
    } catch (error) {
      throw this.explained(error);
    }
  }
}

/** How an option that takes a question is read. */
export interface Asker<T, Q> {
  readonly type: string;
  ask(socket: HasOptions, level: number, name: number, question: Q): T;
}

class GettableOption<T> extends Info implements Gettable<T> {
  readonly #reader: Reader<T>;

  constructor(levels: Levels, constant: ConstantName, reader: Reader<T>, facts: OptionFacts) {
    super(levels, constant, reader.type, facts);
    this.#reader = reader;
  }

  get(socket: HasOptions): T {
    return this.read(this.#reader, socket);
  }
}

class SettableOption<S> extends Info implements Settable<S> {
  readonly #writer: Writer<S>;

  constructor(levels: Levels, constant: ConstantName, writer: Writer<S>, facts: OptionFacts) {
    super(levels, constant, writer.type, facts);
    this.#writer = writer;
  }

  set(socket: HasOptions, value: S): void {
    this.write(this.#writer, socket, value);
  }
}

class BothOption<T, S> extends GettableOption<T> implements Option<T, S> {
  readonly #writer: Writer<S>;

  constructor(levels: Levels, constant: ConstantName, codec: Codec<T, S>, facts: OptionFacts) {
    super(levels, constant, codec, facts);
    this.#writer = codec;
  }

  set(socket: HasOptions, value: S): void {
    this.write(this.#writer, socket, value);
  }
}

class AskableOption<T, Q> extends Info implements Askable<T, Q> {
  readonly #asker: Asker<T, Q>;

  constructor(levels: Levels, constant: ConstantName, asker: Asker<T, Q>, facts: OptionFacts) {
    super(levels, constant, asker.type, facts);
    this.#asker = asker;
  }

  get(socket: HasOptions, ...[question]: Question<Q>): T {
    return this.answer(this.#asker, socket, question as Q);
  }
}

class AskableSettableOption<T, Q, S> extends AskableOption<T, Q> implements Settable<S> {
  readonly #writer: Writer<S>;

  constructor(levels: Levels, constant: ConstantName, codec: Asker<T, Q> & Writer<S>, facts: OptionFacts) {
    super(levels, constant, codec, facts);
    this.#writer = codec;
  }

  set(socket: HasOptions, value: S): void {
    this.write(this.#writer, socket, value);
  }
}

/** SOL_SOCKET wants an `int` for all its options, and does not look at it. */
const UNUSED: Writer<undefined> = {
  type: 'int, not looked at',
  set: (socket, level, name) => socket.setsockopt(level, name, 0),
};
/** Others want none. */
const NOTHING: Writer<undefined> = {
  type: 'none',
  set: (socket, level, name) => socket.setsockopt(level, name, new Uint8Array()),
};

class CommandOption extends Info implements Command {
  readonly #writer: Writer<undefined>;

  constructor(levels: Levels, constant: ConstantName, facts: OptionFacts) {
    const writer = levels === 'SOL_SOCKET' ? UNUSED : NOTHING;
    super(levels, constant, writer.type, facts);
    this.#writer = writer;
  }

  set(socket: HasOptions): void {
    this.write(this.#writer, socket, undefined);
  }
}

/** An option to read and set. */
export function option<T, S = T>(
  levels: Levels,
  constant: ConstantName,
  codec: Codec<T, S>,
  facts: OptionFacts,
): Option<T, S> {
  return new BothOption(levels, constant, codec, facts);
}

/** An option to read only. */
export function gettable<T>(
  levels: Levels,
  constant: ConstantName,
  reader: Reader<T>,
  facts: OptionFacts,
): Gettable<T> {
  return new GettableOption(levels, constant, reader, facts);
}

/** An option to set only. */
export function settable<S>(
  levels: Levels,
  constant: ConstantName,
  writer: Writer<S>,
  facts: OptionFacts,
): Settable<S> {
  return new SettableOption(levels, constant, writer, facts);
}

/** An option to read with a question. */
export function askable<T, Q>(
  levels: Levels,
  constant: ConstantName,
  asker: Asker<T, Q>,
  facts: OptionFacts,
): Askable<T, Q> {
  return new AskableOption(levels, constant, asker, facts);
}

/** An option to read with a question, and to set. */
export function askableSettable<T, Q, S>(
  levels: Levels,
  constant: ConstantName,
  codec: Asker<T, Q> & Writer<S>,
  facts: OptionFacts,
): Askable<T, Q> & Settable<S> {
  return new AskableSettableOption(levels, constant, codec, facts);
}

/** An option without a value. */
export function command(levels: Levels, constant: ConstantName, facts: OptionFacts): Command {
  return new CommandOption(levels, constant, facts);
}
