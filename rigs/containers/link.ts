/** Two containers on a network of their own, each with a Node.js and the packed packages in `/app`. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from './engine.ts';
import { type Files, libraries, makeImage, npm } from './image.ts';
import { type Network, type Started, testcontainers } from './testcontainers.ts';

/** Milliseconds until npm has installed and the agent answers: a machine without KVM is slow. */
const DEADLINE = 60_000;
const NPM = '/usr/lib/node_modules/npm';
const KIT = '/kit';
const AGENT = '/app/programs/agent.mjs';

/** The paths of two programs `node`, for the containers of these names. */
export interface Nodes {
  one: string;
  other: string;
}

export interface Containers {
  one: Started;
  other: Started;
  stop(): Promise<void>;
}

const inside = (name: keyof Nodes): string => `/usr/local/bin/node-${name}`;

/** What the containers are made of. */
export interface Parts {
  /** What makeKit() made. */
  kit: string;
  /** Whether npm installs the tarballs in each container, or what it has installed in the kit is there. */
  install: boolean;
  nodes: Nodes;
  /** Further programs of this machine that are to be in the image. */
  programs?: readonly string[];
}

/** Runs one of the kit's programs in a container. */
export const run = (
  containers: Containers,
  name: keyof Nodes,
  program: string,
  args: readonly string[],
): ReturnType<Started['exec']> =>
  containers[name].exec([inside(name), `/app/programs/${program}.mjs`, ...args], { workingDir: '/app' });

/** The engine of core's that each container's programs wait by. */
const ENGINES: Readonly<Record<keyof Nodes, string>> = { one: 'uv', other: 'thread' };

/**
 * Makes the image, the network and the containers, which have CAP_NET_ADMIN and CAP_NET_RAW.
 *
 * @throws Error with what a container said that did not come up; EngineError
 */
export async function link(
  engine: Engine,
  { kit, install, nodes, programs = [] }: Parts,
): Promise<Containers> {
  const { GenericContainer, getContainerRuntimeClient, StartedNetwork, Wait } = testcontainers(engine.socket);
  const shared = join(engine.folder, 'shared');
  mkdirSync(shared);
  const files: Files = {
    ...Object.assign({}, ...[nodes.one, nodes.other, ...programs].map(libraries)),
    ...Object.fromEntries(programs.map((path) => [path, path])),
    ...(install ? { [NPM]: npm() } : {}),
  };
  const client = await getContainerRuntimeClient();
  const image = 'sockeye';
  const [id, network] = await Promise.all([
    makeImage(engine, image, files),
    // With IPv6, which testcontainers' own networks have not.
    client.network.create({
      Name: 'link',
      Driver: 'bridge',
      Internal: true,
      EnableIPv6: true,
      IPAM: { Config: [{ Subnet: '10.83.0.0/24' }, { Subnet: 'fd83::/64' }] },
    }),
  ]);
  const started = new StartedNetwork(client, 'link', network);
  const tarballs = readdirSync(join(kit, 'tarballs')).join(' ');
  const start = async (name: keyof Nodes): Promise<Started> => {
    let said = '';
    try {
      return await new GenericContainer(`${image}:rig`)
        .withCommand([inside(name), ...(install ? [`${KIT}/app/programs/start.mjs`, NPM] : [AGENT]), name])
        .withEnvironment({ HOME: '/tmp', TARBALLS: tarballs, SOCKEYE_ENGINE: ENGINES[name] })
        .withAddedCapabilities('NET_ADMIN', 'NET_RAW')
        .withNetwork(started)
        .withHostname(name)
        .withBindMounts([
          install
            ? { source: kit, target: KIT, mode: 'ro' }
            : { source: join(kit, 'app'), target: '/app', mode: 'ro' },
          { source: shared, target: '/shared', mode: 'rw' },
          // 100 MB, which need no copy in the image.
          { source: nodes[name], target: inside(name), mode: 'ro' },
        ])
        .withWaitStrategy(Wait.forLogMessage('ready'))
        .withLogConsumer((stream) =>
          stream.on('data', (line: Buffer) => {
            said += line.toString();
          }),
        )
        .withStartupTimeout(DEADLINE)
        .start();
    } catch (cause) {
      throw new Error(`the container ${name}: ${(cause as Error).message}: ${said.trim()}`, { cause });
    }
  };
  const [one, other] = await Promise.all([start('one'), start('other')]);
  return { one, other, stop: () => stop(engine, [one, other], started, id) };
}

/** Stops and removes what was started, each by its id. */
async function stop(engine: Engine, containers: Started[], network: Network, image: string): Promise<void> {
  await Promise.all(containers.map((container) => container.stop()));
  await network.stop();
  await engine.json('DELETE', `/images/${image}`);
}
