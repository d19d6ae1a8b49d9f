import { COUNT, ipv6Bytes, ipv6Text } from '../../kit/addresses.mjs';
import { withPackage } from '../../kit/packages.mjs';
import { turns } from '../../kit/turns.mjs';

const texts = ipv6Bytes().map(ipv6Text);

withPackage('ip-address', ({ Address6 }) => {
  const kept = texts.map((text) => new Address6(text));
  turns((n) => {
    for (let i = 0; i < n; i++) kept[i & (COUNT - 1)] = new Address6(texts[i & (COUNT - 1)]);
  });
});
