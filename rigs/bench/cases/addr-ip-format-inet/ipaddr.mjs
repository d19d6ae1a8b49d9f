import { COUNT, ipv4Bytes } from '../../kit/addresses.mjs';
import { withPackage } from '../../kit/packages.mjs';
import { turns } from '../../kit/turns.mjs';

withPackage('ipaddr.js', ({ fromByteArray }) => {
  const addresses = ipv4Bytes().map((bytes) => fromByteArray([...bytes]));
  const kept = addresses.map((address) => address.toString());
  turns((n) => {
    for (let i = 0; i < n; i++) kept[i & (COUNT - 1)] = addresses[i & (COUNT - 1)].toString();
  });
});
