/** `sequences.ts COUNT SEED… -- FAMILY…`: what came of sequences of these families, as JSON, for a network namespace of its own. */
import { type Compared, compared } from '../sequences-run.ts';

const args = process.argv.slice(2);
const [count = 0, ...seeds] = args.slice(0, args.indexOf('--')).map(Number);
const result: Record<string, Compared> = {};
for (const family of args.slice(args.indexOf('--') + 1))
  result[family] = await compared(family, count, seeds);
console.log(JSON.stringify(result));
