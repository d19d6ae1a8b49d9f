import { abortError, timeoutError } from './bus-error.ts';
import { CANFD_FDF } from './fd.ts';
import { CANFD_MTU, FD_FLAGS } from './layout.ts';

interface Sent {
  readonly bytes: Uint8Array;
  /** Whom to tell; nobody where nobody asked. */
  told: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
}

/** Of those that nobody asked for, so many are remembered. */
const REMEMBERED = 1024;

/** Frames that this socket has sent, in order, until they come back as its own. */
export class Echoes {
  readonly #sent: Sent[] = [];

  /** A frame is about to be sent, of which nobody wants to hear. */
  note(bytes: Uint8Array): void {
    if (this.#sent.length >= REMEMBERED && this.#sent[0]?.told === undefined) this.#sent.shift();
    this.#sent.push({ bytes: plain(bytes), told: undefined });
  }

  /** A frame is about to be sent: the Promise is kept when it comes back. */
  expect(
    bytes: Uint8Array,
    timeout: number | undefined,
    signal: AbortSignal | undefined,
  ): { readonly heard: Promise<void>; readonly forget: () => void } {
    const sent: Sent = { bytes: plain(bytes), told: undefined };
    this.#sent.push(sent);
    let settle = (): void => {};
    const heard = new Promise<void>((resolve, reject) => {
      const fail = (error: Error): void => {
        settle();
        reject(error);
      };
      const aborted = (): void => fail(abortError(signal as AbortSignal));
      const timer = timeout === undefined ? undefined : setTimeout(() => fail(timeoutError('send')), timeout);
      settle = () => {
        sent.told = undefined;
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
      };
      sent.told = {
        resolve: () => {
          settle();
          resolve();
        },
        reject: fail,
      };
      signal?.addEventListener('abort', aborted);
    });
    // Who sends looks at it later.
    heard.catch(() => {});
    const forget = (): void => {
      settle();
      const at = this.#sent.indexOf(sent);
      if (at >= 0) this.#sent.splice(at, 1);
    };
    return { heard, forget };
  }

  /** A frame of this socket's came back. */
  heard(bytes: Uint8Array): void {
    const at = this.#sent.findIndex((sent) => same(sent.bytes, bytes));
    if (at < 0) return;
    this.#sent[at]?.told?.resolve();
    // A queue keeps its order: what nobody asked for and was before it never comes.
    this.#sent.splice(0, at + 1, ...this.#sent.slice(0, at).filter((sent) => sent.told !== undefined));
  }

  /** None of them will come back. */
  fail(error: Error): void {
    for (const { told } of this.#sent.splice(0)) told?.reject(error);
  }
}

/** The kernel says of an FD frame that it is one, since 5.14. */
function plain(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  if (copy.length === CANFD_MTU) copy[FD_FLAGS]! &= ~CANFD_FDF;
  return copy;
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  const fd = one.length === CANFD_MTU;
  return one.every((byte, at) => {
    const there = other[at]!;
    return byte === (fd && at === FD_FLAGS ? there & ~CANFD_FDF : there);
  });
}
