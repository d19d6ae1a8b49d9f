import { formatIPv4 } from '@sockeye/addr';
import { COUNT, ipv4Bytes } from '../../kit/addresses.mjs';
import { turns } from '../../kit/turns.mjs';

const addresses = ipv4Bytes();
const kept = addresses.map((bytes) => formatIPv4(bytes));

turns((n) => {
  for (let i = 0; i < n; i++) kept[i & (COUNT - 1)] = formatIPv4(addresses[i & (COUNT - 1)]);
});
