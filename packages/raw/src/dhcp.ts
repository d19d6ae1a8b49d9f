import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { readU16, readU32, writeU16, writeU32 } from './network-order.ts';
import { OptionCursor, type OptionLayout } from './options.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const OPERATION = 0;
const HARDWARE_TYPE = 1;
const HARDWARE_LENGTH = 2;
const HOPS = 3;
const TRANSACTION = 4;
const SECONDS = 8;
const FLAGS = 10;
const CLIENT = 12;
const YOURS = 16;
const SERVER = 20;
const GATEWAY = 24;
const HARDWARE_ADDRESS = 28;
const SERVER_NAME = 44;
const FILE = 108;
const COOKIE = 236;

const MAGIC = 0x63825363;
const SERVER_NAME_ROOM = 64;
const FILE_ROOM = 128;
const OVERLOAD = 52;
const MESSAGE_TYPE = 53;
const NONE = new Uint8Array(0);

/** Length of a BOOTP message without its vendor's area (RFC 951). */
export const BOOTP_LENGTH = 236;
/** Length of a DHCP message before its options: BOOTP's, and the magic cookie. */
export const DHCP_HEADER_LENGTH = 240;

/** What option 53 says (RFC 2132, section 9.6). */
export const dhcpMessageTypes: {
  readonly DISCOVER: 1;
  readonly OFFER: 2;
  readonly REQUEST: 3;
  readonly DECLINE: 4;
  readonly ACK: 5;
  readonly NAK: 6;
  readonly RELEASE: 7;
  readonly INFORM: 8;
} = { DISCOVER: 1, OFFER: 2, REQUEST: 3, DECLINE: 4, ACK: 5, NAK: 6, RELEASE: 7, INFORM: 8 };

/** How DHCP's options (RFC 2132) are laid out, for an `OptionCursor`. */
export const dhcpOptionLayout: OptionLayout = { name: 'DHCP option', pad: 0, end: 255, counts: 0, unit: 1 };

/** A BOOTP (RFC 951) or DHCP (RFC 2131) message without its options. Addresses are 4 bytes. */
export interface DhcpMessage {
  /** 1 request, 2 reply. */
  readonly operation: number;
  /** 1 Ethernet. */
  readonly hardwareType: number;
  readonly hops: number;
  /** 32 bits. */
  readonly transaction: number;
  readonly seconds: number;
  /** 0x8000: answer by broadcast. */
  readonly flags: number;
  readonly clientAddress: Uint8Array;
  readonly yourAddress: Uint8Array;
  readonly serverAddress: Uint8Array;
  readonly gatewayAddress: Uint8Array;
  /** At most 16 bytes. */
  readonly hardwareAddress: Uint8Array;
  /** 64 bytes, text up to the first 0, or options. */
  readonly serverName: Uint8Array;
  /** 128 bytes, text up to the first 0, or options. */
  readonly file: Uint8Array;
}

/** An option; one whose data is longer than 255 bytes stands in several places (RFC 3396). */
export interface DhcpOption {
  /** 1 to 254. */
  readonly code: number;
  readonly data: Uint8Array;
}

/** A BOOTP or DHCP message; the payload are its options where it has the magic cookie. */
export class DhcpView extends HeaderView implements DhcpMessage {
  override readonly kind: 'dhcp' = 'dhcp';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('DHCP', bytes, offset, end, BOOTP_LENGTH);
    const cookie = end - offset >= DHCP_HEADER_LENGTH && readU32(bytes, offset + COOKIE) === MAGIC;
    this.place.set(bytes, offset, cookie ? DHCP_HEADER_LENGTH : BOOTP_LENGTH, end, end);
    return this;
  }

  get operation(): number {
    return this.place.bytes[this.place.offset + OPERATION]!;
  }

  get hardwareType(): number {
    return this.place.bytes[this.place.offset + HARDWARE_TYPE]!;
  }

  get hops(): number {
    return this.place.bytes[this.place.offset + HOPS]!;
  }

  get transaction(): number {
    return readU32(this.place.bytes, this.place.offset + TRANSACTION);
  }

  get seconds(): number {
    return readU16(this.place.bytes, this.place.offset + SECONDS);
  }

  get flags(): number {
    return readU16(this.place.bytes, this.place.offset + FLAGS);
  }

  get clientAddress(): Uint8Array {
    return this.#part(CLIENT, 4);
  }

  get yourAddress(): Uint8Array {
    return this.#part(YOURS, 4);
  }

  get serverAddress(): Uint8Array {
    return this.#part(SERVER, 4);
  }

  get gatewayAddress(): Uint8Array {
    return this.#part(GATEWAY, 4);
  }

  get hardwareAddress(): Uint8Array {
    return this.#part(HARDWARE_ADDRESS, Math.min(16, this.place.bytes[this.place.offset + HARDWARE_LENGTH]!));
  }

  get serverName(): Uint8Array {
    return this.#part(SERVER_NAME, SERVER_NAME_ROOM);
  }

  get file(): Uint8Array {
    return this.#part(FILE, FILE_ROOM);
  }

  /** Whether the magic cookie is there, and options behind it. */
  get hasOptions(): boolean {
    return this.headerLength === DHCP_HEADER_LENGTH;
  }

  /** See {@link dhcpMessageTypes}; 0 where option 53 is not there. Throws as {@link option}. */
  get messageType(): number {
    return this.option(MESSAGE_TYPE)?.[0] ?? 0;
  }

  /**
   * The data of all options of this code, in sequence (RFC 3396); undefined where there is none.
   * @throws MalformedPacketError when an option runs past its area.
   */
  option(code: number): Uint8Array | undefined {
    checkUint('code', code, 8);
    return this.options.find((option) => option.code === code)?.data;
  }

  /**
   * The options in the order in which their codes come first, those in the server's name and the file's too, when
   * option 52 says that they are there. Data in one place is a view, in several a copy. Made at each call.
   * @throws MalformedPacketError when an option runs past its area.
   */
  get options(): readonly DhcpOption[] {
    const parts = new Map<number, Uint8Array[]>();
    if (!this.hasOptions) return [];
    const cursor = new OptionCursor(dhcpOptionLayout);
    const walk = (from: number, to: number): void => {
      cursor.start(this.place.bytes, from, to);
      while (cursor.next()) {
        const known = parts.get(cursor.kind);
        if (known === undefined) parts.set(cursor.kind, [cursor.data]);
        else known.push(cursor.data);
      }
    };
    walk(this.place.payloadOffset, this.place.payloadEnd);
    const overload = parts.get(OVERLOAD)?.[0]?.[0] ?? 0;
    if ((overload & 1) !== 0) walk(this.place.offset + FILE, this.place.offset + FILE + FILE_ROOM);
    if ((overload & 2) !== 0)
      walk(this.place.offset + SERVER_NAME, this.place.offset + SERVER_NAME + SERVER_NAME_ROOM);
    return [...parts].map(([code, pieces]) => ({ code, data: joined(pieces) }));
  }

  #part(at: number, length: number): Uint8Array {
    return this.place.bytes.subarray(this.place.offset + at, this.place.offset + at + length);
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [first = NONE] = pieces;
  if (pieces.length === 1) return first;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/**
 * What {@link encodeDhcp} takes: numbers left out are 0, the hardware type 1, addresses 0.0.0.0, names empty; with
 * `options` the magic cookie is written and an end behind them.
 */
export type DhcpFields = Pick<DhcpMessage, 'operation'> &
  Partial<DhcpMessage> & { readonly options?: readonly DhcpOption[] | undefined };

const pieces = (length: number): number => Math.max(1, Math.ceil(length / 255));

/** Length in bytes of the message that {@link encodeDhcp} writes. */
export function dhcpLength(message: Pick<DhcpFields, 'options'>): number {
  if (message.options === undefined) return BOOTP_LENGTH;
  return message.options.reduce(
    (sum, { data }) => sum + data.length + 2 * pieces(data.length),
    DHCP_HEADER_LENGTH + 1,
  );
}

/**
 * Writes a BOOTP or DHCP message into `into` at `offset`; options above 255 bytes are split (RFC 3396). Returns the
 * bytes written; some relays want 300 at least, the rest 0.
 * @throws ERR_OUT_OF_RANGE when a field or the message does not fit, ERR_INVALID_ARG_VALUE for bytes of another length.
 */
export function encodeDhcp(message: DhcpFields, into: Uint8Array, offset = 0): number {
  const hardwareAddress = checkBytes('hardwareAddress', message.hardwareAddress ?? NONE);
  if (hardwareAddress.length > 16) throw wrongValue('hardwareAddress', 'at most 16 bytes', hardwareAddress);
  const { options } = message;
  for (const { data } of options ?? []) checkBytes('option.data', data);
  const length = dhcpLength({ options });
  checkRoom('into', into, offset, length);
  into.fill(0, offset, offset + length);
  const part = (
    name: string,
    bytes: Uint8Array | undefined,
    at: number,
    most: number,
    least: number,
  ): void => {
    if (bytes === undefined) return;
    const given = checkBytes(name, bytes);
    if (given.length > most || given.length < least) {
      throw wrongValue(name, least === most ? `${most} bytes` : `at most ${most} bytes`, given);
    }
    into.set(given, offset + at);
  };
  into[offset + OPERATION] = checkUint('operation', message.operation, 8);
  into[offset + HARDWARE_TYPE] = checkUint('hardwareType', message.hardwareType ?? 1, 8);
  into[offset + HARDWARE_LENGTH] = hardwareAddress.length;
  into[offset + HOPS] = checkUint('hops', message.hops ?? 0, 8);
  writeU32(into, offset + TRANSACTION, checkUint('transaction', message.transaction ?? 0, 32));
  writeU16(into, offset + SECONDS, checkUint('seconds', message.seconds ?? 0, 16));
  writeU16(into, offset + FLAGS, checkUint('flags', message.flags ?? 0, 16));
  part('clientAddress', message.clientAddress, CLIENT, 4, 4);
  part('yourAddress', message.yourAddress, YOURS, 4, 4);
  part('serverAddress', message.serverAddress, SERVER, 4, 4);
  part('gatewayAddress', message.gatewayAddress, GATEWAY, 4, 4);
  into.set(hardwareAddress, offset + HARDWARE_ADDRESS);
  part('serverName', message.serverName, SERVER_NAME, SERVER_NAME_ROOM, 0);
  part('file', message.file, FILE, FILE_ROOM, 0);
  if (options === undefined) return length;
  writeU32(into, offset + COOKIE, MAGIC);
  let at = offset + DHCP_HEADER_LENGTH;
  for (const { code, data } of options) {
    if (checkUint('option.code', code, 8) === 0 || code === 255)
      throw wrongValue('option.code', 'from 1 to 254', code);
    for (let piece = 0; piece < pieces(data.length); piece++) {
      const some = data.subarray(255 * piece, 255 * (piece + 1));
      into[at] = code;
      into[at + 1] = some.length;
      into.set(some, at + 2);
      at += 2 + some.length;
    }
  }
  into[at] = 255;
  return length;
}
