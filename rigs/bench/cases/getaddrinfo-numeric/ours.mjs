import { constants, getaddrinfo } from '@sockeye/core';
import { turns } from '../../kit/turns.mjs';

const hints = { type: constants.SOCK_STREAM };

turns(async (n) => {
  for (let i = 0; i < n; i++) await getaddrinfo('192.0.2.1', 80, hints);
});
