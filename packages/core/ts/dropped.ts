import { native } from './binding.ts';

/** Who held a descriptor, and where the table has it. */
interface Left {
  what: 'Socket' | 'Descriptor';
  slot: number;
  generation: number;
  fd: number;
}

/** Sockets and descriptors that were dropped without close(). */
export const dropped: FinalizationRegistry<Left> = new FinalizationRegistry((left) => {
  native.close(left.slot, left.generation);
  process.emitWarning(
    `A ${left.what} was garbage-collected while open (descriptor ${left.fd}): call close()`,
    { type: 'ResourceWarning', code: 'SOCKEYE_UNCLOSED' },
  );
});
