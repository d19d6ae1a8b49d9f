import { formatIPv6 } from '@sockeye/addr';
import { COUNT, ipv6Bytes } from '../../kit/addresses.mjs';
import { turns } from '../../kit/turns.mjs';

const addresses = ipv6Bytes();
const kept = addresses.map((bytes) => formatIPv6(bytes));

turns((n) => {
  for (let i = 0; i < n; i++) kept[i & (COUNT - 1)] = formatIPv6(addresses[i & (COUNT - 1)]);
});
