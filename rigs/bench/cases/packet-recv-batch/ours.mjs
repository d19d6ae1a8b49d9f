import { captured } from '../../kit/capture.mjs';

await captured(false);
