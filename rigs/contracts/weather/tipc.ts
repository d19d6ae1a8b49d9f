/** TIPC between two nodes, whose link is the weather's. */
import { tipcRange, tipcService } from '@sockeye/addr';
import { constants as c } from '@sockeye/core';
import { patience, soon } from '../forms.ts';
import { CONNECTION, fair, open, over } from './over.ts';
import type { Sky } from './sky.ts';
import type { WeatherMedium } from './weather.ts';

/** A service of our own; below 64 they are TIPC's. */
const SERVICE = 0x5e72;
let instances = 1;
const bearers = new WeakSet<Sky>();

/** Has both hosts' TIPC speak over the link, and waits until they know each other. */
async function speakTipc(sky: Sky): Promise<void> {
  if (bearers.has(sky)) return;
  bearers.add(sky);
  const { one, other } = await sky.link('veth');
  for (const { namespace, name } of [one, other])
    await sky.run(namespace, `tipc bearer enable media eth device ${name}`);
  const until = performance.now() + 2 * patience.ms;
  while (!(await sky.run(one.namespace, 'tipc link list')).includes(': up')) {
    if (performance.now() > until) throw new Error('TIPC’s link does not come up');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Tries until the other host's names are known here. */
async function found<T>(attempt: () => Promise<T>): Promise<T> {
  const until = performance.now() + patience.ms;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EHOSTUNREACH' || performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

export const tipcMedia: readonly WeatherMedium[] = (
  [
    ['stream', c.SOCK_STREAM],
    ['seqpacket', c.SOCK_SEQPACKET],
  ] as const
).flatMap(([called, type]) =>
  over(
    fair(`tipc ${called}`),
    'veth',
    ['6.1', '6.12'],
    {
      ...CONNECTION,
      netem: 'TIPC takes a way past the link between namespaces of one kernel',
      userTimeout: 'TIPC has no TCP_USER_TIMEOUT',
      outlives: 'a connection of TIPC’s ends with the link between the nodes',
      endsWithLink: true,
      removed: 'a connection of TIPC’s ends with the link between the nodes',
    },
    async (keep, link) => {
      const instance = instances++;
      const range = tipcRange({
        type: SERVICE,
        lower: instance,
        upper: instance,
        scope: c.TIPC_CLUSTER_SCOPE,
      });
      const service = tipcService({ type: SERVICE, instance, scope: c.TIPC_CLUSTER_SCOPE });
      const kind = { family: c.AF_TIPC, type };
      const listener = open(keep, link.other, kind);
      listener.bind(range);
      listener.listen(1);
      const accepted = listener.accept(soon());
      accepted.catch(() => {});
      const client = await found(async () => {
        const socket = open(keep, link.one, kind);
        try {
          await socket.connect(service, soon());
          return socket;
        } catch (error) {
          socket.close();
          throw error;
        }
      });
      const server = keep(await accepted);
      listener.close();
      return { one: { socket: client }, other: { socket: server } };
    },
    speakTipc,
  ),
);
