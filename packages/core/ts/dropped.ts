import { native } from './binding.ts';

/** Sockets that were dropped without close(). */
export const dropped: FinalizationRegistry<{ slot: number; generation: number; fd: number }> =
  new FinalizationRegistry((left) => {
    native.close(left.slot, left.generation);
    process.emitWarning(`A Socket was garbage-collected while open (descriptor ${left.fd}): call close()`, {
      type: 'ResourceWarning',
      code: 'SOCKEYE_UNCLOSED',
    });
  });
