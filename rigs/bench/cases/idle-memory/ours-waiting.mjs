import { figures } from './scripts/child.mjs';

figures('./ours.mjs', 'waiting');
