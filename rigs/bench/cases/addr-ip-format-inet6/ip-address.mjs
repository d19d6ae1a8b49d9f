import { COUNT, ipv6Bytes, ipv6Text } from '../../kit/addresses.mjs';
import { withPackage } from '../../kit/packages.mjs';
import { turns } from '../../kit/turns.mjs';

withPackage('ip-address', ({ Address6 }) => {
  const addresses = ipv6Bytes().map((bytes) => new Address6(ipv6Text(bytes)));
  const kept = addresses.map((address) => address.correctForm());
  turns((n) => {
    for (let i = 0; i < n; i++) kept[i & (COUNT - 1)] = addresses[i & (COUNT - 1)].correctForm();
  });
});
