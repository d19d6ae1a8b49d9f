import { COUNT, ipv4Bytes, ipv4Text } from '../../kit/addresses.mjs';
import { withPackage } from '../../kit/packages.mjs';
import { turns } from '../../kit/turns.mjs';

const texts = ipv4Bytes().map(ipv4Text);

withPackage('ipaddr.js', ({ IPv4 }) => {
  const kept = texts.map((text) => IPv4.parse(text));
  turns((n) => {
    for (let i = 0; i < n; i++) kept[i & (COUNT - 1)] = IPv4.parse(texts[i & (COUNT - 1)]);
  });
});
