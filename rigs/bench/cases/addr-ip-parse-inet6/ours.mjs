import { parseIPv6 } from '@sockeye/addr';
import { COUNT, ipv6Bytes, ipv6Text } from '../../kit/addresses.mjs';
import { turns } from '../../kit/turns.mjs';

const texts = ipv6Bytes().map(ipv6Text);
const kept = texts.map((text) => parseIPv6(text));

turns((n) => {
  for (let i = 0; i < n; i++) kept[i & (COUNT - 1)] = parseIPv6(texts[i & (COUNT - 1)]);
});
