/** What the rig uses of testcontainers, which is installed apart: `npm ci --prefix rigs/containers`. */
import { createRequire } from 'node:module';

export interface Started {
  exec(
    command: string[],
    options?: { env?: Record<string, string>; workingDir?: string },
  ): Promise<{ stdout: string; stderr: string; exitCode: number }>;
  stop(): Promise<unknown>;
}

interface Wanted {
  withCommand(command: string[]): this;
  withEnvironment(environment: Record<string, string>): this;
  withAddedCapabilities(...names: string[]): this;
  withNetwork(network: Network): this;
  withBindMounts(mounts: { source: string; target: string; mode: 'ro' | 'rw' }[]): this;
  withWaitStrategy(strategy: object): this;
  withLogConsumer(consumer: (stream: NodeJS.ReadableStream) => void): this;
  withStartupTimeout(ms: number): this;
  withHostname(name: string): this;
  start(): Promise<Started>;
}

export interface Network {
  stop(): Promise<unknown>;
}

interface Client {
  network: { create(options: object): Promise<object> };
}

interface Testcontainers {
  GenericContainer: new (image: string) => Wanted;
  StartedNetwork: new (client: Client, name: string, network: object) => Network;
  Wait: { forLogMessage(message: string): object };
  getContainerRuntimeClient(): Promise<Client>;
}

/**
 * Loads it, for this engine.
 *
 * @throws Error with `code` MODULE_NOT_FOUND when it is not installed
 */
export function testcontainers(socket: string): Testcontainers {
  // What a user has set for an engine of theirs is not about this one.
  for (const name of Object.keys(process.env))
    if (/^(DOCKER|TESTCONTAINERS)_/.test(name)) delete process.env[name];
  process.env.DOCKER_HOST = `unix://${socket}`;
  // Otherwise it looks for this machine by a network that the engine has not; no port is asked for.
  process.env.TESTCONTAINERS_HOST_OVERRIDE = 'localhost';
  // Its reaper is an image from elsewhere; what is left over ends with the engine.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  return createRequire(import.meta.url)('testcontainers') as Testcontainers;
}
