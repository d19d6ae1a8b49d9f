export { cacheFolder, root, withWorkFolder } from './cache.ts';
export { command, type Outcome } from './command.ts';
export { canFdDriver } from './driver.ts';
export { atEnd } from './ending.ts';
export { bootImage } from './image.ts';
export { type Kernel, type KernelName, kernel } from './kernel.ts';
export { MissingPackages, provision } from './packages.ts';
export { type Life, life, lives, myself } from './process.ts';
export { type Rust, rust } from './rust.ts';
