/**
 * The contracts over the link: `contracts.mjs <name of the other container>`. The far ends are sockets that the other container's
 * agent made in its network and gave away: the calls are this process's, and what they move crosses the link.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { attempt, engine, inapplicable, titled } from '../../contracts/contract.ts';
import { CONTRACTS } from '../../contracts/contracts.ts';
import { helper } from '../../contracts/helper.ts';
import { MEDIA } from '../../contracts/media/index.ts';
import { lay, own } from '../../contracts/media/link.ts';
import { warm } from '../../contracts/warm.ts';
import { type Description, Line } from './line.ts';
import { report } from './report.ts';

const [near = '', far = ''] = process.argv.slice(2);
const home = await Line.to(near);
const mine = (await home.ask({ ask: 'side' })) as Description;
home.close();
const line = await Line.to(far);
const theirs = (await line.ask({ ask: 'side' })) as Description;
lay({
  near: { ...mine, create: own },
  far: { ...theirs, create: (kind) => line.create(kind) },
});
await warm();

/** Packets that came in by the interface so far: proc(5). */
const received = (): number =>
  Number(/eth0:\s*\d+\s+(\d+)/.exec(readFileSync('/proc/net/dev', 'utf8'))?.[1] ?? Number.NaN);

const group = `contracts on containers, ${engine()} engine`;
const before = received();
let count = 0;
for (const medium of MEDIA.filter(({ kernels }) => kernels.includes('containers'))) {
  await medium.setUp?.();
  for (const contract of CONTRACTS) {
    if (inapplicable(contract, medium) !== undefined) continue;
    count += 1;
    const names = [group, titled(medium), `${contract.promise}: ${contract.name}`];
    await report(names, () => attempt(contract, medium));
  }
  await medium.tearDown?.();
}
await report([group, 'the link', 'carried more packets than there are contracts'], async () => {
  assert.ok(received() - before > count, `${received() - before} packets came in ${count} contracts`);
});
await helper.close();
line.close();
