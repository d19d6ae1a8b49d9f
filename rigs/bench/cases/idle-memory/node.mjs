import { figures } from './scripts/child.mjs';

figures('./node.mjs');
