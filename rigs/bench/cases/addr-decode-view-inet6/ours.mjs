import { InetView, inet6 } from '@sockeye/addr';
import { turns } from '../../kit/turns.mjs';

const sockaddr = inet6('2001:db8:85a3::8a2e:370:7334', 8080, { scopeId: 3 }).toSockaddr('linux');
const view = new InetView('linux');

turns((n) => {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sockaddr[23] = i; // another address each time
    view.decode(sockaddr, 0, 28);
    sum += view.port;
  }
  if (sum !== 8080 * n) throw new Error('another port');
});
