import { checkInteger, checkObject, wrongValue } from '@sockeye/addr/check';
import type { Answer } from './asker.ts';
import { beside, pause } from './results.ts';
import { type Target, targetOf } from './target.ts';
import { echoProbes, type ProbeOptions, type Probes, tcpProbes, udpProbes } from './trace-probes.ts';

export interface TracerouteOptions extends Omit<ProbeOptions, 'port' | 'size'> {
  /**
   * What is sent: `udp` to ports that nobody listens at, which takes no privilege; `icmp` echoes, which take what `ping` does; `tcp`
   * SYNs to a port, with CAP_NET_RAW, whose connections are never made. Default `udp`.
   */
  readonly method?: 'udp' | 'icmp' | 'tcp' | undefined;
  /** UDP: the first probe's port, one more for each. Default 33434. TCP: the port. Default 80. */
  readonly port?: number | undefined;
  /** Hops of the first probes. Default 1. */
  readonly firstHop?: number | undefined;
  /** Default 30. */
  readonly maxHops?: number | undefined;
  /** Probes for each hop, 1 to 10. Default 3. */
  readonly probes?: number | undefined;
  /** Milliseconds that each probe waits for its answer. Default 1000. */
  readonly timeout?: number | undefined;
  /** Milliseconds between the probes of a hop: routers tell of few errors a second. Default 0. */
  readonly interval?: number | undefined;
  /** Bytes of data in each probe of `udp` and `icmp`. Default 32. */
  readonly size?: number | undefined;
  readonly family?: 'inet' | 'inet6' | undefined;
  /** Aborting rejects with an `AbortError`. */
  readonly signal?: AbortSignal | undefined;
}

/** What answered a probe. */
export interface TraceAnswer {
  /** Who answered. */
  readonly from: string;
  readonly rttMs: number;
  /** Whether it was the target itself. */
  readonly reached: boolean;
  /** Type and code of the ICMP message; undefined where it was an answer and no error. */
  readonly icmp: { readonly type: number; readonly code: number } | undefined;
}

/** A hop on the way. */
export interface TraceHop {
  /** From 1 on. */
  readonly hop: number;
  /** Of each probe; undefined where nobody answered in time. */
  readonly answers: readonly (TraceAnswer | undefined)[];
  /** Whether the target itself answered: it is the last hop. */
  readonly reached: boolean;
  /** Why it is the last hop although the target did not answer: an ICMP error other than that of hops. */
  readonly unreachable: boolean;
}

/** ICMP's time exceeded in transit. */
const EXCEEDED = { inet: 11, inet6: 3 } as const;

/**
 * The hops on the way to a host, one after another, until it is reached: `for await (const { hop, answers } of traceroute('192.0.2.1'))`.
 *
 * @param host an IP address, or a name that is looked up
 * @throws SocketError with an `EAI_` code for a name that is none; EPERM without privilege; ENETUNREACH without a route; ABORT_ERR
 */
export async function* traceroute(
  host: string,
  options: TracerouteOptions = {},
): AsyncGenerator<TraceHop, void, void> {
  checkObject('options', options);
  const { method = 'udp', signal, timeout = 1000 } = options;
  if (method !== 'udp' && method !== 'icmp' && method !== 'tcp') {
    throw wrongValue('method', "'udp', 'icmp' or 'tcp'", method);
  }
  const count = checkInteger('probes', options.probes ?? 3, 1, 10);
  const firstHop = checkInteger('firstHop', options.firstHop ?? 1, 1, 255);
  const maxHops = checkInteger('maxHops', options.maxHops ?? 30, firstHop, 255);
  const interval = checkInteger('interval', options.interval ?? 0, 0, 0x7fffffff);
  const size = checkInteger('size', options.size ?? 32, 0, 1400);
  const port = checkInteger('port', options.port ?? (method === 'tcp' ? 80 : 33_434), 1, 0xffff);
  const target = await targetOf(host, options.family, { signal });
  const probes = await open[method](target, { ...options, port, size });
  try {
    yield* beside<TraceHop>(signal, async (results, stop) => {
      let number = 0;
      for (let hop = firstHop; hop <= maxHops && !stop.aborted; hop++) {
        const asked: Promise<Answer<unknown> | undefined>[] = [];
        for (let probe = 0; probe < count; probe++) {
          if (probe > 0) await pause(interval, stop);
          const key = probes.keyOf(number++);
          asked.push(
            probes.asker.ask(
              () => key,
              () => probes.send(key, hop),
              { timeout, signal: stop },
            ),
          );
        }
        const done = await Promise.all(asked).catch((error: unknown) => {
          if (stop.aborted) return undefined;
          throw error;
        });
        if (done === undefined) return;
        const answers = done.map((answer): TraceAnswer | undefined =>
          answer === undefined ? undefined : { ...probes.read(answer.reply), rttMs: answer.rttMs },
        );
        const reached = answers.some((answer) => answer?.reached === true);
        const unreachable =
          !reached &&
          answers.some((one) => one?.icmp !== undefined && one.icmp.type !== EXCEEDED[target.family]);
        results.push({ hop, answers, reached, unreachable });
        if (reached || unreachable) return;
      }
    });
  } finally {
    probes.close();
  }
}

type Opener = (target: Target, options: ProbeOptions) => Promise<Probes> | Probes;
const open: Readonly<Record<'udp' | 'icmp' | 'tcp', Opener>> = {
  udp: udpProbes,
  icmp: echoProbes,
  tcp: tcpProbes,
};
