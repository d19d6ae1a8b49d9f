/** Look-ups, interfaces and a namespace in one runtime; prints what there was, and ends though a name server is silent. */
import { createSocket } from 'node:dgram';
import {
  constants as c,
  getaddrinfo,
  gethostbyname,
  getservbyname,
  getservbynameSync,
  ifNameToIndex,
  interfaces,
  Socket,
} from '@sockeye/core';

const silent = createSocket('udp4');
await new Promise((resolve) => silent.bind(53, '127.0.0.1', resolve));
const hints = { family: c.AF_INET, type: c.SOCK_STREAM };
const numeric = await Promise.all(
  Array.from({ length: 100 }, (_, port) => getaddrinfo('192.0.2.1', port, hints)),
);
const [first] = await getaddrinfo('full', 'http', hints);
const { name } = await gethostbyname('alias');
const late = await getaddrinfo('nobody.example', 80, { timeout: 50 }).catch((error) => error.code);
const stop = new AbortController();
setTimeout(() => stop.abort(), 20);
const aborted = await gethostbyname('nobody.example', { signal: stop.signal }).catch((error) => error.name);
const same = (await getservbyname('http', 'tcp')).port === getservbynameSync('http', 'tcp').port;
const [lo] = interfaces();
const there = Socket.create(c.AF_INET, c.SOCK_DGRAM, 0, { netns: { pid: process.pid } });
there.close();
const said = [numeric.length, first.address[7], name, late, aborted, same, lo.index === ifNameToIndex('lo')];
console.log(said.join(' '));
getaddrinfo('nobody.example', 80).catch(() => {});
setTimeout(() => process.exit(0), 50);
