import { COUNT, ipv4Bytes, ipv4Text } from '../../kit/addresses.mjs';
import { withPackage } from '../../kit/packages.mjs';
import { turns } from '../../kit/turns.mjs';

withPackage('ip-address', ({ Address4 }) => {
  const addresses = ipv4Bytes().map((bytes) => new Address4(ipv4Text(bytes)));
  const kept = addresses.map((address) => address.correctForm());
  turns((n) => {
    for (let i = 0; i < n; i++) kept[i & (COUNT - 1)] = addresses[i & (COUNT - 1)].correctForm();
  });
});
