import { cachedImports } from '../../kit/lifetime.mjs';

cachedImports(
  new URL('./scripts/empty.mjs', import.meta.url),
  new URL('./scripts/import.mjs', import.meta.url),
);
