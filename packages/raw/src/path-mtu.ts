import { checkInteger, checkObject } from '@sockeye/addr/check';
import { SocketError } from '@sockeye/core';
import { Echo, type EchoOptions } from './echo.ts';
import { ICMP_HEADER_LENGTH } from './icmp.ts';
import { IPV4_HEADER_LENGTH } from './ipv4.ts';
import { IPV6_HEADER_LENGTH } from './ipv6.ts';
import { abortError } from './results.ts';
import { targetOf } from './target.ts';

export interface PathMtuOptions extends EchoOptions {
  /** Milliseconds that each probe waits for its answer. Default 1000. */
  readonly timeout?: number | undefined;
  /** Tries of each probe after the first. Default 2. */
  readonly retries?: number | undefined;
  readonly family?: 'inet' | 'inet6' | undefined;
  /** Aborting rejects with an `AbortError`. */
  readonly signal?: AbortSignal | undefined;
}

/** A host on the path that lets through no more than so much. */
export interface PathMtuStep {
  /** Who said so; undefined for this host, whose own interface it is. */
  readonly from: string | undefined;
  /** Bytes. */
  readonly mtu: number;
}

export interface PathMtu {
  /** The most bytes that a packet may have, its IP header among them; undefined where not even the least one was answered. */
  readonly mtu: number | undefined;
  /** Who said that it is less than was tried, in order; the first is this host. */
  readonly steps: readonly PathMtuStep[];
  /** Some host dropped what was too large and said nothing, so that the size was found by trying (RFC 2923, RFC 8899). */
  readonly blackHole: boolean;
  /** Packets that were sent. */
  readonly probes: number;
}

/** What every path takes: RFC 791, RFC 8200. */
const LEAST = { inet: 68, inet6: 1280 } as const;
const LARGEST = 65_535;

/**
 * The MTU of a path, by echoes that may not be cut up (RFC 1191, RFC 8201): the largest that is answered. Where nobody says what is
 * too large it is found by halving. What the kernel knows of the path is neither believed nor changed by asking it (IP_PMTUDISC_PROBE).
 *
 * @param host an IP address, or a name that is looked up
 * @throws as `ping` does
 */
export async function pathMtu(host: string, options: PathMtuOptions = {}): Promise<PathMtu> {
  checkObject('options', options);
  const { signal, timeout = 1000 } = options;
  const retries = checkInteger('retries', options.retries ?? 2, 0, 1000);
  const target = await targetOf(host, options.family, { signal });
  const header = target.family === 'inet' ? IPV4_HEADER_LENGTH : IPV6_HEADER_LENGTH;
  const least = LEAST[target.family];
  const echo = Echo.open(target, options, 'probe');
  const steps: PathMtuStep[] = [];
  let probes = 0;
  let sequence = 0;

  /** Whether it is answered; or how much the one lets through who says that it is too large. */
  const probe = async (size: number): Promise<boolean | number> => {
    const first = sequence;
    sequence += retries + 1;
    const answer = await echo.asker.ask(
      (attempt) => (first + attempt) & 0xffff,
      (attempt) => {
        probes += 1;
        return echo.send((first + attempt) & 0xffff, size - header - ICMP_HEADER_LENGTH);
      },
      { timeout, retries, signal },
    );
    if (answer === undefined) return false;
    const { error } = answer.reply;
    if (error === undefined) return true;
    if (error.error.name !== 'EMSGSIZE') return false;
    const { info } = error.error;
    // Routers from before RFC 1191 say 0; what is no smaller is no news.
    if (info < least || info >= size) return false;
    steps.push({ from: error.from, mtu: info });
    return info;
  };

  try {
    let size = await firstHop(echo, header);
    steps.push({ from: undefined, mtu: size });
    for (;;) {
      const found = await probe(size);
      if (found === true) return { mtu: size, steps, blackHole: false, probes };
      if (found === false) break;
      size = found;
    }
    if ((await probe(least)) !== true) return { mtu: undefined, steps, blackHole: false, probes };
    // What is answered, and what is not.
    let good: number = least;
    let bad = size;
    while (bad - good > 1) {
      const middle = (good + bad) >>> 1;
      const found = await probe(middle);
      if (found === true) good = middle;
      else if (found === false) bad = middle;
      else if ((await probe(found)) === true) return { mtu: found, steps, blackHole: true, probes };
      else bad = found;
    }
    return { mtu: good, steps, blackHole: true, probes };
  } catch (error) {
    if (signal?.aborted) throw abortError(signal);
    throw error;
  } finally {
    echo.close();
  }
}

/** What this host's interface takes: the kernel says it of a packet that is too large for any. */
async function firstHop(echo: Echo, header: number): Promise<number> {
  try {
    await echo.send(0xffff, LARGEST - header - ICMP_HEADER_LENGTH);
  } catch (error) {
    if (!(error instanceof SocketError) || error.code !== 'EMSGSIZE') throw error;
    const { error: said } = await echo.socket.recvError({ timeout: 1000 });
    return said.info;
  }
  return LARGEST;
}
