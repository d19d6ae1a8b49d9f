import { constants, getaddrinfo } from '@sockeye/core';
import { turns } from '../../kit/turns.mjs';

const hints = { family: constants.AF_INET, type: constants.SOCK_STREAM };

turns(async (n) => {
  for (let i = 0; i < n; i++) await getaddrinfo('localhost', 80, hints);
});
