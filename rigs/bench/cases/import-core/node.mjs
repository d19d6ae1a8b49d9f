import { imports } from '../../kit/lifetime.mjs';

imports(new URL('./scripts/empty.mjs', import.meta.url), new URL('./scripts/net.mjs', import.meta.url));
