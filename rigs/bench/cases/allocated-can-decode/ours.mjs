import { allocated } from '../../kit/allocated.mjs';

allocated(import.meta.url, './scripts/decode.mjs');
