import { SocketAddress } from 'node:net';
import { COUNT, ipv6Bytes, ipv6Text } from '../../kit/addresses.mjs';
import { turns } from '../../kit/turns.mjs';

const family = 'ipv6';
const texts = ipv6Bytes().map(ipv6Text);
const kept = texts.map((address) => new SocketAddress({ address, family }));

turns((n) => {
  for (let i = 0; i < n; i++) {
    kept[i & (COUNT - 1)] = new SocketAddress({ address: texts[i & (COUNT - 1)], family });
  }
});
