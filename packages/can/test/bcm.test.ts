import { platform } from '@sockeye/core';
import { Bcm } from '../src/bcm.ts';
import { describeBroadcastManager, type Place } from './bcm-contract.ts';
import { RawPeer } from './bcm-peers.ts';

const BUS = process.env.SOCKEYE_VCAN ?? 'vcan0';

/** Why the kernel does not do it here; undefined where it does. */
function whyNot(): string | undefined {
  if (platform !== 'linux') return 'the broadcast manager is Linux only';
  try {
    Bcm.open(BUS).close();
    return undefined;
  } catch (error) {
    return `no broadcast manager on ${BUS}: ${(error as Error).message}`;
  }
}

async function open(): Promise<Place> {
  const manager = Bcm.open(BUS);
  const peer = new RawPeer(BUS);
  return {
    manager,
    peer,
    close() {
      manager.close();
      peer.close();
    },
  };
}

describeBroadcastManager('the broadcast manager of the kernel', open, whyNot());
