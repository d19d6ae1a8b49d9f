import { receive } from '../../kit/ring.mjs';

await receive(false);
