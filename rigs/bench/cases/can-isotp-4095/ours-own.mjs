import { messages } from '../../kit/isotp.mjs';
import { turns } from '../../kit/turns.mjs';

await messages('own', turns);
