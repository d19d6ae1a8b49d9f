import { parseIPv4 } from '@sockeye/addr';
import { Prefix } from '@sockeye/addr/prefix';
import { PrefixTable } from '@sockeye/addr/prefix-table';
import { COUNT, inPrefixes, ipv4Prefixes } from '../../kit/addresses.mjs';
import { turns } from '../../kit/turns.mjs';

const prefixes = ipv4Prefixes(100_000);
const addresses = inPrefixes(prefixes).map((text) => parseIPv4(text));
const table = new PrefixTable(prefixes.map(([bytes, length], i) => [new Prefix(bytes, length), i]));

turns((n) => {
  let missed = 0;
  for (let i = 0; i < n; i++) if (table.lookup(addresses[i & (COUNT - 1)]) === undefined) missed++;
  if (missed > 0) throw new Error(`${missed} of ${n} addresses are in no prefix`);
});
