import { BlockList } from 'node:net';
import { COUNT, inPrefixes, ipv4Prefixes, ipv4Text } from '../../kit/addresses.mjs';
import { turns } from '../../kit/turns.mjs';

const prefixes = ipv4Prefixes(100_000);
const addresses = inPrefixes(prefixes);
const list = new BlockList();
for (const [bytes, length] of prefixes) list.addSubnet(ipv4Text(bytes), length);

turns((n) => {
  let missed = 0;
  for (let i = 0; i < n; i++) if (!list.check(addresses[i & (COUNT - 1)])) missed++;
  if (missed > 0) throw new Error(`${missed} of ${n} addresses are in no prefix`);
});
