import { parseIPv4 } from '@sockeye/addr';
import { COUNT, ipv4Bytes, ipv4Text } from '../../kit/addresses.mjs';
import { turns } from '../../kit/turns.mjs';

const texts = ipv4Bytes().map(ipv4Text);
const kept = texts.map((text) => parseIPv4(text));

turns((n) => {
  for (let i = 0; i < n; i++) kept[i & (COUNT - 1)] = parseIPv4(texts[i & (COUNT - 1)]);
});
