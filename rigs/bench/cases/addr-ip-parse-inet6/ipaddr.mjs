import { COUNT, ipv6Bytes, ipv6Text } from '../../kit/addresses.mjs';
import { withPackage } from '../../kit/packages.mjs';
import { turns } from '../../kit/turns.mjs';

const texts = ipv6Bytes().map(ipv6Text);

withPackage('ipaddr.js', ({ IPv6 }) => {
  const kept = texts.map((text) => IPv6.parse(text));
  turns((n) => {
    for (let i = 0; i < n; i++) kept[i & (COUNT - 1)] = IPv6.parse(texts[i & (COUNT - 1)]);
  });
});
