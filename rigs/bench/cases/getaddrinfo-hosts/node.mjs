import { lookup } from 'node:dns/promises';
import { turns } from '../../kit/turns.mjs';

turns(async (n) => {
  for (let i = 0; i < n; i++) await lookup('localhost', { family: 4 });
});
