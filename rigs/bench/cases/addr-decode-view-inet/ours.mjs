import { InetView, inet } from '@sockeye/addr';
import { turns } from '../../kit/turns.mjs';

const sockaddr = inet('192.168.100.254', 8080).toSockaddr('linux');
const view = new InetView('linux');

turns((n) => {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sockaddr[7] = i; // another address each time
    view.decode(sockaddr, 0, 16);
    sum += view.port;
  }
  if (sum !== 8080 * n) throw new Error('another port');
});
