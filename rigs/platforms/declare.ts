/** What is written down of a kernel, as tests of vitest on that kernel. */
import { release } from 'node:os';
import type { Socket } from '@sockeye/core';
import { describe, expect, it } from 'vitest';
import type { KernelKey } from '../contracts/medium.ts';
import { probe } from '../probe/index.ts';
import { BEHAVIOURS } from './behaviours.ts';
import { differing, line, PLATFORMS } from './table.ts';

/** Milliseconds for the probe. */
const DEADLINE = 120_000;

/**
 * Each behaviour, and on the host each facility that not all have, is as it is written down for this kernel. What was seen goes into the
 * test's `meta.said`.
 */
export function declarePlatform(kernel: KernelKey): void {
  const due = PLATFORMS[kernel];
  /** Of another kernel than the one that was written down the table says nothing. */
  const other = (): string | undefined =>
    due === undefined || line(due.kernel) === line(release()) || process.env.SOCKEYE_RECORD !== undefined
      ? undefined
      : `the table is of Linux ${line(due.kernel)}, this is ${release()}`;

  describe(`what Linux does, ${kernel}`, () => {
    it.for(BEHAVIOURS.map((one) => [one.name, one] as const))('%s', async ([name, behaviour], context) => {
      const strange = other();
      if (strange !== undefined) context.skip(strange);
      const sockets: Socket[] = [];
      try {
        const said = await behaviour.show((socket) => {
          sockets.push(socket);
          return socket;
        });
        Object.assign(context.task.meta, { said });
        expect(said).toBe(due?.behaviours[name]);
      } finally {
        for (const socket of sockets) socket.close();
      }
    });

    // In a machine the doctor has asked for these: it takes minutes there when others are busy too.
    if (kernel !== 'host') return;
    it(
      'has the facilities that the table says, and no others',
      async (context) => {
        const strange = other();
        if (strange !== undefined) context.skip(strange);
        const names = differing();
        const seen = Object.fromEntries((await probe(names)).map(({ facility, there }) => [facility, there]));
        expect(seen).toEqual(Object.fromEntries(names.map((name) => [name, due?.facilities[name]])));
      },
      DEADLINE,
    );
  });
}
