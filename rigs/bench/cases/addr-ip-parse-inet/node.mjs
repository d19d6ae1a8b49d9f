import { SocketAddress } from 'node:net';
import { COUNT, ipv4Bytes, ipv4Text } from '../../kit/addresses.mjs';
import { turns } from '../../kit/turns.mjs';

const family = 'ipv4';
const texts = ipv4Bytes().map(ipv4Text);
const kept = texts.map((address) => new SocketAddress({ address, family }));

turns((n) => {
  for (let i = 0; i < n; i++) {
    kept[i & (COUNT - 1)] = new SocketAddress({ address: texts[i & (COUNT - 1)], family });
  }
});
