import { Unavailable } from '../need/unavailable.ts';
import { capable } from '../probe/capabilities.ts';
import { installed } from '../probe/explain.ts';
import { provision } from '../provision/index.ts';

/** Throws {@link Unavailable} unless this process can make namespaces and interfaces. */
export async function allowed(): Promise<void> {
  const lacking = (['CAP_SYS_ADMIN', 'CAP_NET_ADMIN'] as const).filter((name) => !capable(name));
  if (lacking.length > 0) {
    throw new Unavailable(
      ['netns'],
      `network namespaces take ${lacking.join(' and ')}, which this process lacks: run it as root (sudo), ` +
        `or in a container with ${lacking.map((name) => `--cap-add ${name.replace('CAP_', '')}`).join(' ')}`,
    );
  }
  if (installed('ip') && installed('tc')) return;
  try {
    await provision(['iproute2'], 'network namespaces');
  } catch (error) {
    throw new Unavailable(['netns'], (error as Error).message, { cause: error });
  }
}
