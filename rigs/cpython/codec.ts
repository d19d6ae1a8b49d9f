/** Python's values as JavaScript's, and back; bridge.py has the other end. Descriptors travel beside the bytes. */

/** What stands for a Python object of a class that JavaScript has none for: its class has the name. */
function opaque(name: string): object {
  const type = { [name]: class {} }[name] as new () => object;
  return new type();
}

/** A descriptor that Python is to get, and whether this process keeps its own. */
export class Passed {
  readonly fd: number;
  constructor(fd: number) {
    this.fd = fd;
  }
}

/** The payload of SCM_RIGHTS, for Python. */
export class Rights {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** The descriptor that Python has for the socket itself. */
export const OWN: unique symbol = Symbol('own');

/** A socket for Python: its number here, its descriptor, and family, type, proto and timeout. */
export interface Made {
  readonly made: number;
  readonly fd: Passed | null;
  readonly known: readonly unknown[];
}

/** A descriptor's number that no process has. */
const NOWHERE = 0x7ffffffe;

export class Reader {
  /** Bytes that Python wants back as the call left them. */
  readonly writable: Uint8Array[] = [];
  #at = 0;
  readonly #bytes: Buffer;
  readonly #fds: readonly number[];
  readonly #fdOf: (socket: number) => number;

  constructor(bytes: Buffer, fds: readonly number[], fdOf: (socket: number) => number) {
    this.#bytes = bytes;
    this.#fds = fds;
    this.#fdOf = fdOf;
  }

  #number(): number {
    this.#at += 4;
    return this.#bytes.readUInt32LE(this.#at - 4);
  }

  #taken(): Buffer {
    const length = this.#number();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #many(): unknown[] {
    return Array.from({ length: this.#number() }, () => this.value());
  }

  value(): unknown {
    const tag = String.fromCharCode(this.#bytes[this.#at++] as number);
    switch (tag) {
      case 'N':
        return null;
      case 'T':
      case 'F':
        return tag === 'T';
      case 'i': {
        const text = this.#taken().toString();
        return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
      }
      case 'd':
        this.#at += 8;
        return this.#bytes.readDoubleLE(this.#at - 8);
      case 's':
        return this.#taken().toString('utf16le');
      case 'b':
        return Buffer.from(this.#taken());
      case 'w':
        return this.writable[this.writable.push(Buffer.from(this.#taken())) - 1];
      case '(':
        return this.#many();
      case 'g':
        return this.#many().values();
      case '{': {
        const flat = this.#many();
        return Object.fromEntries(
          flat.flatMap((key, at) => (at % 2 === 0 ? [[key as string, flat[at + 1]]] : [])),
        );
      }
      case 'f':
        return this.#fds[this.#number()];
      case 'x':
        return NOWHERE;
      case '@':
        return this.#fdOf(this.#number());
      case 'r': {
        const fds = this.#many() as number[];
        return Buffer.concat([Buffer.from(Int32Array.from(fds).buffer), this.value() as Buffer]);
      }
      default:
        return opaque(this.#taken().toString('utf16le'));
    }
  }
}

export class Writer {
  readonly fds: number[] = [];
  readonly #parts: Uint8Array[] = [];

  #sized(tag: string, bytes: Uint8Array): void {
    this.#count(tag, bytes.length);
    this.#parts.push(bytes);
  }

  #count(tag: string, count: number): void {
    const head = Buffer.alloc(5, tag);
    head.writeUInt32LE(count, 1);
    this.#parts.push(head);
  }

  #descriptor(fd: number): void {
    this.#count('f', this.fds.push(fd) - 1);
  }

  value(value: unknown): void {
    if (value === null || value === undefined) this.#parts.push(Buffer.from('N'));
    else if (value === true || value === false) this.#parts.push(Buffer.from(value ? 'T' : 'F'));
    else if (value === OWN) this.#parts.push(Buffer.from('O'));
    else if (typeof value === 'bigint' || Number.isInteger(value)) this.#sized('i', Buffer.from(String(value)));
    else if (typeof value === 'number') {
      const bytes = Buffer.alloc(9, 'd');
      bytes.writeDoubleLE(value, 1);
      this.#parts.push(bytes);
    } else if (typeof value === 'string') this.#sized('s', Buffer.from(value, 'utf16le'));
    else if (value instanceof Uint8Array) this.#sized('b', value);
    else if (value instanceof Passed) this.#descriptor(value.fd);
    else if (value instanceof Rights) this.#rights(value.bytes);
    else if (Array.isArray(value)) {
      this.#count('(', value.length);
      for (const each of value) this.value(each);
    } else if (value instanceof Number) this.value(value.valueOf());
    else {
      const { made, fd, known } = value as Made;
      this.#parts.push(Buffer.from('S'));
      for (const each of [made, fd, known]) this.value(each);
    }
  }

  #rights(bytes: Uint8Array): void {
    const whole = bytes.length - (bytes.length % 4);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    this.#count('r', whole / 4);
    for (let at = 0; at < whole; at += 4) this.#descriptor(view.getInt32(at, true));
    this.value(bytes.subarray(whole));
  }

  /** An exception: the name of its class and what it is made from. */
  raise(name: string, args: readonly unknown[]): void {
    this.#parts.push(Buffer.from('E'));
    this.value(name);
    this.value(args);
  }

  /** All of it behind its length. */
  message(): Buffer {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(this.#parts.reduce((sum, { length }) => sum + length, 0));
    return Buffer.concat([head, ...this.#parts]);
  }
}
