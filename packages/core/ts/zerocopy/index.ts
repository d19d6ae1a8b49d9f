/** Sending without copying, as `@sockeye/core/zerocopy`. */
export { type ZeroCopied, ZeroCopy, type ZeroCopyOptions } from '../zerocopy.ts';
