/** What runs in the machine: `inside.mjs RESULTS OPTIONS`. */
import { writeFileSync } from 'node:fs';
import { measure } from './measure.ts';

const [results = '', text = ''] = process.argv.slice(2);
const { options, variants } = JSON.parse(text);
writeFileSync(results, JSON.stringify(await measure(options, variants)));
