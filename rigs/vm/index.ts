export type { KernelName } from '../provision/index.ts';
export type { Accel } from './accel.ts';
export { VmError } from './error.ts';
export type { Running, Stream } from './guest.ts';
export { KERNELS, type VmOptions } from './options.ts';
export { type Ran, type RunOptions, Vm } from './vm.ts';
