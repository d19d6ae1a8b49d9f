import { beforeEach } from 'vitest';

/** For the specs of this folder, should they be run elsewhere: rigs/specs/vm.spec.ts runs them inside the virtual machine. */
export function onlyInside(): void {
  beforeEach((context) => {
    if (process.env.SOCKEYE_RIG === undefined)
      context.skip('runs inside the virtual machine: rigs/specs/vm.spec.ts');
  });
}
