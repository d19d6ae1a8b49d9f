import { pairs } from '../../kit/can-pairs.mjs';

await pairs({ timestamps: false });
