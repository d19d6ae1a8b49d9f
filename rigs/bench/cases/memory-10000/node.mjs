import { memory } from '../../kit/crowd/memory.mjs';

memory('node');
