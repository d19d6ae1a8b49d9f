/**
 * The native part: one binary per platform, each in a package of its own that npm picks by `os`, `cpu` and `libc`. On a
 * platform without one the package still imports, and every call throws ENOTSUP.
 */
import { STAND_IN_CONSTANTS, STAND_IN_ERRNOS } from './stand-in.ts';

/** Slot and generation of an owned descriptor: two small integers, so that passing them allocates nothing. */
type Slot = number;
type Generation = number;

/** What Rust gives: counts, `-errno`, {@link BAD_ARGUMENT} or {@link TIMED_OUT}. See `src/napi/*.rs`. */
export interface Native {
  socket(family: number, type: number, protocol: number, out: Int32Array): number;
  socketIn(namespace: number, family: number, type: number, protocol: number, out: Int32Array): number;
  socketpair(family: number, type: number, protocol: number, out: Int32Array): number;
  socketpairIn(namespace: number, family: number, type: number, protocol: number, out: Int32Array): number;
  fromFd(fd: number, out: Int32Array): number;
  dup(slot: Slot, generation: Generation, out: Int32Array): number;
  dupFd(fd: number, out: Int32Array): number;
  setCloseOnExec(fd: number): number;
  handOver(slot: Slot, generation: Generation): number;
  takeOver(slot: Slot, generation: Generation, out: Int32Array): number;
  detach(slot: Slot, generation: Generation): number;
  close(slot: Slot, generation: Generation): number;
  fd(slot: Slot, generation: Generation): number;
  describe(slot: Slot, generation: Generation, out: Int32Array): number;
  isBlocking(slot: Slot, generation: Generation): number;
  setBlocking(slot: Slot, generation: Generation, blocking: boolean): number;
  bind(slot: Slot, generation: Generation, address: Uint8Array): number;
  listen(slot: Slot, generation: Generation, backlog: number): number;
  connect(slot: Slot, generation: Generation, address: Uint8Array): number;
  connectSync(
    slot: Slot,
    generation: Generation,
    address: Uint8Array,
    timeout: number,
    interruptible: boolean,
  ): number;
  connected(slot: Slot, generation: Generation): number;
  accept(slot: Slot, generation: Generation, out: Int32Array, address: Uint8Array | undefined): number;
  acceptSync(
    slot: Slot,
    generation: Generation,
    out: Int32Array,
    timeout: number,
    interruptible: boolean,
    address: Uint8Array | undefined,
  ): number;
  shutdown(slot: Slot, generation: Generation, how: number): number;
  getsockname(slot: Slot, generation: Generation, address: Uint8Array): number;
  getpeername(slot: Slot, generation: Generation, address: Uint8Array): number;
  /** The value; what stands for a failure is 2^32 below the usual. */
  getsockoptInt(slot: Slot, generation: Generation, level: number, name: number): number;
  getsockoptBytes(slot: Slot, generation: Generation, level: number, name: number, out: Uint8Array): number;
  setsockoptInt(slot: Slot, generation: Generation, level: number, name: number, value: number): number;
  setsockoptBytes(slot: Slot, generation: Generation, level: number, name: number, value: Uint8Array): number;
  getsockoptDescriptor(
    slot: Slot,
    generation: Generation,
    level: number,
    name: number,
    out: Int32Array,
  ): number;
  setsockoptProgram(
    slot: Slot,
    generation: Generation,
    level: number,
    name: number,
    program: Uint8Array,
  ): number;
  recv(
    slot: Slot,
    generation: Generation,
    buffer: Uint8Array,
    offset?: number,
    length?: number,
    flags?: number,
  ): number;
  recvSync(
    slot: Slot,
    generation: Generation,
    buffer: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    timeout: number,
    interruptible: boolean,
  ): number;
  recvfrom(
    slot: Slot,
    generation: Generation,
    buffer: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    address: Uint8Array,
  ): number;
  recvfromSync(
    slot: Slot,
    generation: Generation,
    buffer: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    timeout: number,
    interruptible: boolean,
    address: Uint8Array,
  ): number;
  send(
    slot: Slot,
    generation: Generation,
    data: Uint8Array,
    offset?: number,
    length?: number,
    flags?: number,
  ): number;
  sendSync(
    slot: Slot,
    generation: Generation,
    data: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    timeout: number,
    interruptible: boolean,
  ): number;
  sendto(
    slot: Slot,
    generation: Generation,
    data: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: number,
  ): number;
  sendtoSync(
    slot: Slot,
    generation: Generation,
    data: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    timeout: number,
    interruptible: boolean,
    address: Uint8Array,
    addressLength: number,
  ): number;
  recvmsg(
    slot: Slot,
    generation: Generation,
    buffers: Uint8Array | readonly Uint8Array[],
    envelope: Uint8Array,
    flags: number,
  ): number;
  recvmsgSync(
    slot: Slot,
    generation: Generation,
    buffers: Uint8Array | readonly Uint8Array[],
    envelope: Uint8Array,
    flags: number,
    timeout: number,
    interruptible: boolean,
  ): number;
  sendmsg(
    slot: Slot,
    generation: Generation,
    buffers: Uint8Array | readonly Uint8Array[],
    flags?: number,
    address?: Uint8Array,
    addressLength?: number,
    control?: Uint8Array,
    controlLength?: number,
  ): number;
  sendmsgSync(
    slot: Slot,
    generation: Generation,
    buffers: Uint8Array | readonly Uint8Array[],
    flags: number,
    timeout: number,
    interruptible: boolean,
    address?: Uint8Array,
    addressLength?: number,
    control?: Uint8Array,
    controlLength?: number,
  ): number;
  recvmmsg(slot: Slot, generation: Generation, batch: Uint8Array, count: number, flags?: number): number;
  recvmmsgSync(
    slot: Slot,
    generation: Generation,
    batch: Uint8Array,
    count: number,
    flags: number,
    timeout: number,
    interruptible: boolean,
  ): number;
  sendmmsg(
    slot: Slot,
    generation: Generation,
    batch: Uint8Array,
    from: number,
    count: number,
    flags?: number,
  ): number;
  sendmmsgSync(
    slot: Slot,
    generation: Generation,
    batch: Uint8Array,
    from: number,
    count: number,
    flags: number,
    timeout: number,
    interruptible: boolean,
  ): number;
  sendfile(slot: Slot, generation: Generation, file: number, offset: number, count: number): number;
  sendfileSync(
    slot: Slot,
    generation: Generation,
    file: number,
    offset: number,
    count: number,
    timeout: number,
    interruptible: boolean,
  ): number;
  spliceFrom(slot: Slot, generation: Generation, pipe: number, count: number, flags: number): number;
  spliceFromSync(
    slot: Slot,
    generation: Generation,
    pipe: number,
    count: number,
    flags: number,
    timeout: number,
    interruptible: boolean,
  ): number;
  spliceInto(slot: Slot, generation: Generation, pipe: number, count: number, flags: number): number;
  spliceIntoSync(
    slot: Slot,
    generation: Generation,
    pipe: number,
    count: number,
    flags: number,
    timeout: number,
    interruptible: boolean,
  ): number;
  pipe(out: Int32Array): number;
  ioctl(slot: Slot, generation: Generation, request: number, argument: Uint8Array): number;
  mmap(slot: Slot, generation: Generation, length: number, out: Int32Array): number;
  munmap(index: number, generation: Generation): number;
  mappingBuffer(index: number, generation: Generation): ArrayBuffer | number;
  mappingMatch(
    index: number,
    generation: Generation,
    offset: number,
    stride: number,
    count: number,
    mask: number,
    value: number,
  ): number;
  mappingStore(
    index: number,
    generation: Generation,
    offset: number,
    stride: number,
    count: number,
    value: number,
  ): number;
  mappingRead(index: number, generation: Generation, offset: number, into: Uint8Array): number;
  mappingWrite(index: number, generation: Generation, offset: number, from: Uint8Array): number;
  leaveHook(): number;
  setup(onReady: () => void, nothing: () => void, hasLibuv: boolean, shared: Int32Array): number;
  arm(slot: Slot, generation: Generation, events: number): number;
  epollCreate(out: Int32Array): number;
  epollCtl(
    slot: Slot,
    generation: Generation,
    operation: number,
    targetSlot: Slot,
    targetGeneration: Generation,
    events: number,
    serial: number,
  ): number;
  epollCtlFd(
    slot: Slot,
    generation: Generation,
    operation: number,
    fd: number,
    events: number,
    serial: number,
  ): number;
  epollWait(slot: Slot, generation: Generation, out: Uint8Array): number;
  epollWaitSync(
    slot: Slot,
    generation: Generation,
    out: Uint8Array,
    timeout: number,
    interruptible: boolean,
  ): number;
  pollMany(entries: Uint8Array): number;
  pollManySync(entries: Uint8Array, timeout: number, interruptible: boolean): number;
  poll(slot: Slot, generation: Generation, events: number): number;
  pollSync(
    slot: Slot,
    generation: Generation,
    events: number,
    timeout: number,
    interruptible: boolean,
  ): number;
  counts(slot: Slot, generation: Generation, out: Uint8Array): number;
  totals(out: Uint8Array): number;
  nextOpen(from: Slot, place: Int32Array, age: Uint8Array): number;
  getaddrinfo(
    host: string | null,
    service: string | null,
    flags: number,
    family: number,
    type: number,
    protocol: number,
    ticket: Int32Array,
  ): Later<NativeAnswer[] | NativeFailure>;
  getaddrinfoSync(
    host: string | null,
    service: string | null,
    flags: number,
    family: number,
    type: number,
    protocol: number,
  ): NativeAnswer[] | NativeFailure | number;
  getnameinfo(address: Uint8Array, flags: number, ticket: Int32Array): Later<NativeNames | NativeFailure>;
  getnameinfoSync(address: Uint8Array, flags: number): NativeNames | NativeFailure | number;
  gethostbyname(name: string, family: number, ticket: Int32Array): Later<NativeHost | NativeMissing>;
  gethostbynameSync(name: string, family: number): NativeHost | NativeMissing | number;
  gethostbyaddr(address: Uint8Array, family: number, ticket: Int32Array): Later<NativeHost | NativeMissing>;
  gethostbyaddrSync(address: Uint8Array, family: number): NativeHost | NativeMissing | number;
  getservbyname(
    name: string,
    protocol: string | null,
    ticket: Int32Array,
  ): Later<NativeNumbered | NativeMissing>;
  getservbynameSync(name: string, protocol: string | null): NativeNumbered | NativeMissing | number;
  getservbyport(
    port: number,
    protocol: string | null,
    ticket: Int32Array,
  ): Later<NativeNumbered | NativeMissing>;
  getservbyportSync(port: number, protocol: string | null): NativeNumbered | NativeMissing | number;
  getprotobyname(name: string, ticket: Int32Array): Later<NativeNumbered | NativeMissing>;
  getprotobynameSync(name: string): NativeNumbered | NativeMissing | number;
  getprotobynumber(number: number, ticket: Int32Array): Later<NativeNumbered | NativeMissing>;
  getprotobynumberSync(number: number): NativeNumbered | NativeMissing | number;
  cancelLookup(ticket: number): number;
  hstrerror(hErrno: number): string;
  gaiStrerror(eai: number): string;
  ifNameToIndex(name: string): number;
  ifIndexToName(index: number): string | number;
  ifNameIndex(): { index: number; name: string }[] | number;
  getifaddrs(): NativeInterfaceAddress[] | number;
  gethostname(): string | number;
  openFilesLimit(): { soft: number; hard: number };
  sethostname(name: string): number;
  constants(): Record<string, number>;
  errnos(): Record<string, number>;
  platform(): string;
  strerror(errno: number): string;
}

export interface NativeAnswer {
  family: number;
  type: number;
  protocol: number;
  address: Buffer;
  canonicalName?: string;
}

export interface NativeFailure {
  eai: number;
  errno: number;
}

/** Undefined when it was cancelled; a number when it could not begin. */
export type Later<T> = Promise<T | undefined> | number;

export interface NativeNames {
  host: string;
  service: string;
}

export interface NativeHost {
  name: string;
  aliases: string[];
  family: number;
  /** Raw, in network byte order. */
  addresses: Buffer[];
}

export interface NativeNumbered {
  name: string;
  aliases: string[];
  number: number;
  protocol?: string;
}

export interface NativeMissing {
  hErrno: number;
  errno: number;
}

export interface NativeInterfaceAddress {
  name: string;
  flags: number;
  /** Sockaddrs, as long as the longest. */
  address: Buffer | undefined;
  netmask: Buffer | undefined;
  other: Buffer | undefined;
}

/** An argument of the wrong type or range, which Rust found and TypeScript names. */
export const BAD_ARGUMENT: number = -2147483648;
/** The caller's timeout ran out. */
export const TIMED_OUT = -2147483647;
/** It ran out while the kernel had no buffer space. */
export const TIMED_OUT_FULL = -2147483646;
/** A length that means "the rest of the buffer". */
export const REST = 0xffffffff;

/** The packages that may hold a binary for this process, best first. */
function candidates(): string[] {
  const base = `@sockeye/core-${process.platform}-${process.arch}`;
  // Which C library a Linux has cannot be asked cheaply; the wrong binary does not load.
  return process.platform === 'linux' ? [`${base}-gnu`, `${base}-musl`] : [base];
}

function load(): Native {
  // Not imported: an import of a built-in module has all that it exports made into a module, a third of a millisecond.
  const fetch = process.getBuiltinModule('node:module').createRequire(import.meta.url);
  const reasons: string[] = [];
  for (const name of candidates()) {
    try {
      const native = fetch(name) as Native;
      // Node-API wants a cleanup hook removed by whoever added it; Deno frees it by itself as well.
      if (process.versions.deno !== undefined) native.leaveHook();
      return native;
    } catch (error) {
      reasons.push(`${name}: ${String((error as Error).message).split('\n')[0]}`);
    }
  }
  return unavailable(reasons.join('; '));
}

/** Imports everywhere, works nowhere but in memory: what stands in for the binary where there is none. */
function unavailable(reason: string): Native {
  const refuse = (): never => {
    const message = `@sockeye/core has no native part for ${process.platform} ${process.arch} (${reason})`;
    throw Object.assign(new Error(message), { code: 'ENOTSUP' });
  };
  const still: Partial<Native> = {
    setup: () => 0,
    constants: () => ({ ...STAND_IN_CONSTANTS }),
    errnos: () => ({ ...STAND_IN_ERRNOS }),
    platform: () => process.platform,
    strerror: (errno) => `error ${errno}`,
  };
  return new Proxy(still, { get: (target, name) => Reflect.get(target, name) ?? refuse }) as Native;
}

export const native: Native = load();
