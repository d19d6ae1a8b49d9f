/** Sockets and descriptors that are garbage-collected while they are open: closed then, with a warning. */
import { native } from './binding.ts';

/** Slots are below 2^22, generations below 2^30: together one number, which is all that is kept of each. */
const SLOTS = 2 ** 22;

function registry(what: string): FinalizationRegistry<number> {
  return new FinalizationRegistry((place) => {
    const slot = place % SLOTS;
    const generation = Math.floor(place / SLOTS);
    const fd = native.fd(slot, generation);
    if (fd < 0) return;
    native.close(slot, generation);
    process.emitWarning(`A ${what} was garbage-collected while open (descriptor ${fd}): call close()`, {
      type: 'ResourceWarning',
      code: 'SOCKEYE_UNCLOSED',
    });
  });
}

/** What the registries are told of a slot. */
export function place(slot: number, generation: number): number {
  return generation * SLOTS + slot;
}

export const droppedSockets: FinalizationRegistry<number> = registry('Socket');
export const droppedDescriptors: FinalizationRegistry<number> = registry('Descriptor');
