import { checkInteger, checkObject } from '@sockeye/addr/check';
import type { Answer } from './asker.ts';
import { Echo, type EchoOptions, type EchoReply } from './echo.ts';
import { beside, pause } from './results.ts';
import { targetOf } from './target.ts';

export interface PingOptions extends EchoOptions {
  /** Requests; without end unless given. */
  readonly count?: number | undefined;
  /** Milliseconds from one request to the next. Default 1000. */
  readonly interval?: number | undefined;
  /** Milliseconds that each waits for its reply. Default 1000. */
  readonly timeout?: number | undefined;
  /** Bytes of data in each request, 0 to 65,500. Default 56. */
  readonly size?: number | undefined;
  /** Time to live, or hop limit, of requests. Default: the system's. */
  readonly hopLimit?: number | undefined;
  /** Of a host with addresses of both families: which. Default: the first. */
  readonly family?: 'inet' | 'inet6' | undefined;
  /** Aborting rejects with an `AbortError`. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of a request: a reply, an error that some host told of, or nothing in time. */
export type PingResult =
  | {
      readonly kind: 'reply';
      /** Of the request, from 0. */
      readonly sequence: number;
      /** Who replied. */
      readonly from: string;
      readonly rttMs: number;
      /** Time to live, or hop limit, of the reply. */
      readonly hopLimit: number | undefined;
      /** Bytes of the reply, its ICMP header among them. */
      readonly length: number;
    }
  | {
      readonly kind: 'error';
      readonly sequence: number;
      /** Who said so; undefined where it was this host. */
      readonly from: string | undefined;
      readonly rttMs: number;
      /** EHOSTUNREACH, ENETUNREACH, EMSGSIZE … */
      readonly code: string;
      /** Type and code of the ICMP message; 0 where it was this host. */
      readonly icmpType: number;
      readonly icmpCode: number;
    }
  | {
      readonly kind: 'timeout';
      readonly sequence: number;
      readonly from: undefined;
      readonly rttMs: undefined;
    };

function result(sequence: number, answer: Answer<EchoReply> | undefined): PingResult {
  if (answer === undefined) return { kind: 'timeout', sequence, from: undefined, rttMs: undefined };
  const { rttMs, reply } = answer;
  if (reply.error !== undefined) {
    const { from, error } = reply.error;
    const { type: icmpType, code: icmpCode, name: code = 'EPROTO' } = error;
    return { kind: 'error', sequence, from, rttMs, code, icmpType, icmpCode };
  }
  const { from, hopLimit, data } = reply.packet;
  return { kind: 'reply', sequence, from, rttMs, hopLimit, length: data.length };
}

/**
 * Echo requests (RFC 792, RFC 4443) one after another, and what becomes of each, in the order in which that is known:
 * `for await (const r of ping('192.0.2.1', { count: 4 })) log(r.from, r.rttMs)`. The next is sent whether or not the last was
 * answered. Times are measured in JavaScript, so a busy event loop is among them.
 *
 * @param host an IP address, or a name that is looked up
 * @throws SocketError with an `EAI_` code for a name that is none; EACCES or EPERM without privilege; ENETUNREACH without a route;
 * ABORT_ERR
 */
export async function* ping(host: string, options: PingOptions = {}): AsyncGenerator<PingResult, void, void> {
  checkObject('options', options);
  const { count, signal, timeout, hopLimit } = options;
  const most = count === undefined ? Number.POSITIVE_INFINITY : checkInteger('count', count, 0, 2 ** 53 - 1);
  const interval = checkInteger('interval', options.interval ?? 1000, 0, 0x7fffffff);
  const size = checkInteger('size', options.size ?? 56, 0, 65_500);
  const target = await targetOf(host, options.family, { signal });
  const echo = Echo.open(target, options);
  try {
    yield* beside<PingResult>(signal, async (results, stop) => {
      const asked = new Set<Promise<void>>();
      const begun = performance.now();
      for (let sequence = 0; sequence < most && !stop.aborted; sequence++) {
        const one = echo.asker
          .ask(
            () => sequence & 0xffff,
            () => echo.send(sequence, size, hopLimit),
            { timeout, signal: stop },
          )
          .then((answer) => results.push(result(sequence, answer)))
          .catch((error: unknown) => {
            if (!stop.aborted) results.end(error);
          })
          .finally(() => asked.delete(one));
        asked.add(one);
        if (sequence + 1 < most) await pause(begun + (sequence + 1) * interval - performance.now(), stop);
        // An interval of nothing: the next when this one is answered.
        if (interval === 0) await one;
      }
      await Promise.all(asked);
    });
  } finally {
    echo.close();
  }
}
