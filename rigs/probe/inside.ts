/**
 * The trials themselves, in a process of their own, so that one that hangs or crashes is the parent's to end:
 * `inside.ts own|shared <facility…>`. Says `begin <facility>` before each, then its finding as JSON, a line each. Ends
 * with its standard input, which closes when the parent dies.
 */
import { ip } from '../netns/ip.ts';
import { absent } from './explain.ts';
import { named } from './facilities/index.ts';
import type { Finding } from './finding.ts';

process.stdin.on('end', () => process.exit(1)).resume();

const [bed, ...names] = process.argv.slice(2);
const own = bed === 'own';
if (own) ip('link', 'set', 'lo', 'up');

const say = (line: string): Promise<void> =>
  new Promise((resolve) => process.stdout.write(`${line}\n`, () => resolve()));

for (const name of names) {
  const [facility] = named([name]);
  if (facility === undefined) continue;
  await say(`begin ${name}`);
  let finding: Finding;
  try {
    finding = { facility: name, there: true, how: await facility.attempt({ own }) };
  } catch (error) {
    finding = absent(facility, error);
  }
  await say(JSON.stringify(finding));
}
process.exit(0);
