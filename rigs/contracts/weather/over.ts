/** How media over a link are made of those in fair weather. */
import { type Address, Socket } from '@sockeye/core';
import { soon } from '../forms.ts';
import { MEDIA } from '../media/index.ts';
import type { Kind } from '../media/link.ts';
import type { Keep, KernelKey, Medium, Pair } from '../medium.ts';
import { type Link, type Sky, theSky } from './sky.ts';
import type { UnderTheSky, WeatherMedium, Weathers } from './weather.ts';

const NO_CONNECTION = 'there is no connection';

/** What a connection over a link can be put through, unless it says otherwise. */
export const CONNECTION: Weathers = {
  netem: true,
  reliable: true,
  unreliable: 'what is lost is sent again',
  outlives: true,
  endsWithLink: 'a connection outlives its link',
  userTimeout: true,
  told: 'a connection knows of no interfaces',
  removed: true,
  overflow: 'a connection drops nothing',
  noBuffers: 'what a full queue refuses is sent again',
  stopped: true,
  killed: true,
  refused: true,
  ended: true,
};

export const DATAGRAM: Weathers = {
  ...CONNECTION,
  reliable: 'what is lost is lost',
  unreliable: true,
  outlives: NO_CONNECTION,
  endsWithLink: NO_CONNECTION,
  userTimeout: NO_CONNECTION,
  told: 'an address stays where it is, whatever its interface does',
  removed: true,
  overflow: true,
  noBuffers: true,
  stopped: 'a full receiver drops',
  killed: NO_CONNECTION,
  refused: NO_CONNECTION,
  ended: NO_CONNECTION,
};

/** The rig’s machines have the queue that makes bad weather; the kernel of the host need not. */
const withoutNetem = (can: Weathers): Weathers => ({
  ...can,
  netem: 'sch_netem is a module that the host need not have',
  noBuffers: can.noBuffers === true ? 'sch_netem is a module that the host need not have' : can.noBuffers,
});

const OUTSIDE = 'the row of the host’s kernel has it';

/** What the host's kernel can be put through too is tried there, where it takes a tenth of the time. */
const onlyNetem = (can: Weathers): Weathers => ({
  ...can,
  outlives: OUTSIDE,
  userTimeout: OUTSIDE,
  told: OUTSIDE,
  removed: OUTSIDE,
  overflow: OUTSIDE,
  stopped: OUTSIDE,
  killed: OUTSIDE,
});

type Base = Pick<Medium, 'kind' | 'can' | 'message' | 'body' | 'header' | 'largest' | 'window'>;

/** The medium of the same family in fair weather, whose abilities and messages it has. */
export function fair(name: string): Medium {
  const found = MEDIA.find((medium) => medium.name === name);
  if (found === undefined) throw new Error(`there is no medium ${name}`);
  return found;
}

/** A medium over a link, one entry for the host and one for the machines, which have more weather. */
export function over(
  base: Base & { name: string },
  cable: 'veth' | 'vxcan',
  kernels: readonly KernelKey[],
  able: Weathers,
  pairOver: (keep: Keep, link: Link, sky: Sky) => Promise<Pair>,
  readySky?: (sky: Sky) => Promise<void>,
): WeatherMedium[] {
  const shared = async (): Promise<Link> => (await theSky()).link(cable);
  const make = (key: KernelKey): WeatherMedium => {
    const sky: UnderTheSky = {
      can: key === 'host' ? withoutNetem(able) : kernels.includes('host') ? onlyNetem(able) : able,
      link: shared,
      spare: async () => (await theSky()).spare(cable),
      pairOver: async (keep, link) => pairOver(keep, link, await theSky()),
    };
    return {
      ...base,
      largest: Math.min(base.largest, 1400),
      name: `${base.name}, over a link`,
      kernels: [key],
      sky,
      makePair: async (keep) => sky.pairOver(keep, await shared()),
      async setUp() {
        const made = await theSky();
        await made.link(cable);
        await readySky?.(made);
      },
    };
  };
  return kernels.map(make);
}

export const open = (
  keep: Keep,
  { namespace }: { namespace: string },
  { family, type, protocol = 0 }: Kind,
): Socket => keep(Socket.create(family, type, protocol, { netns: namespace }));

/** One end listens in the other's namespace. */
export async function connectedOver(
  keep: Keep,
  { one, other }: Link,
  kind: Kind,
  address: Address,
  there?: Address,
  prepare: (socket: Socket) => void = () => {},
): Promise<Pair> {
  const listener = open(keep, other, kind);
  prepare(listener);
  listener.bind(address);
  listener.listen(1);
  const client = open(keep, one, kind);
  prepare(client);
  const [server] = await Promise.all([
    listener.accept(soon()),
    client.connect(there ?? listener.getsockname(), soon()),
  ]);
  keep(server);
  listener.close();
  return { one: { socket: client }, other: { socket: server } };
}
