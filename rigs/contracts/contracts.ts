/** All contracts, in the order of the table. */
import type { Contract } from './contract.ts';
import { ancillary } from './promises/ancillary.ts';
import { backPressure } from './promises/back-pressure.ts';
import { batches } from './promises/batches.ts';
import { boundaries } from './promises/boundaries.ts';
import { forms } from './promises/call-forms.ts';
import { descriptors } from './promises/descriptors.ts';
import { end, reset } from './promises/end.ts';
import { fairness } from './promises/fairness.ts';
import { halfClose } from './promises/half-close.ts';
import { members } from './promises/members.ts';
import { order } from './promises/order.ts';
import { truncation } from './promises/truncation.ts';
import { abort, closing, timeouts } from './promises/waiting.ts';
import { links } from './weather/links.ts';
import { netem } from './weather/netem.ts';
import { processes } from './weather/processes.ts';
import { queues } from './weather/queues.ts';

export const CONTRACTS: readonly Contract[] = [
  ...order,
  ...boundaries,
  ...truncation,
  ...halfClose,
  ...end,
  ...reset,
  ...backPressure,
  ...timeouts,
  ...abort,
  ...closing,
  ...ancillary,
  ...batches,
  ...descriptors,
  ...fairness,
  ...forms,
  ...members,
  ...netem,
  ...links,
  ...queues,
  ...processes,
];
