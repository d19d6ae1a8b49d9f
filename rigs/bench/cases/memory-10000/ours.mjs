import { memory } from '../../kit/crowd/memory.mjs';

memory('ours');
