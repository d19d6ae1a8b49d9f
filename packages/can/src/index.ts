export { BPF_MAXINSNS, type FilterInstruction, filterProgram } from './bpf.ts';
export type {
  CanBatches,
  CanBatchOptions,
  CanBus,
  CanDirection,
  CanFrames,
  CanReceiveOptions,
  CanRecvOptions,
  CanSendOptions,
  CanWaitOptions,
  ReceivedFrame,
  Reception,
} from './bus.ts';
export { CanBusError } from './bus-error.ts';
export { type CanSendSyncOptions, CanSocket } from './can-socket.ts';
export {
  type ControllerError,
  decodeErrorFrame,
  describeErrorFrame,
  type ErrorClass,
  type ErrorReport,
  errorMask,
  type ProtocolError,
} from './error-frame.ts';
export { MalformedFrameError } from './errors.ts';
export {
  CANFD_BRS,
  CANFD_ESI,
  CANFD_FDF,
  CANFD_MAX_DLEN,
  CANFD_MTU,
  decodeFdFrame,
  encodeFdFrame,
  type FdFrame,
  type FdFrameFields,
  fdDlcToLength,
  fdLengthToDlc,
  fdPaddedLength,
} from './fd.ts';
export {
  CAN_INV_FILTER,
  CAN_RAW_FILTER_MAX,
  type CanFilter,
  decodeFilters,
  encodeFilters,
  type IdFilter,
  type KernelFilter,
  kernelFilter,
  not,
} from './filter.ts';
export {
  CAN_MAX_DLEN,
  CAN_MTU,
  type CanFrame,
  type CanFrameFields,
  type ClassicFrame,
  type ClassicFrameFields,
  decodeClassicFrame,
  decodeFrame,
  encodeClassicFrame,
  encodeFrame,
} from './frame.ts';
export { FrameBatch, FrameView } from './frame-view.ts';
export {
  CAN_EFF_FLAG,
  CAN_EFF_MASK,
  CAN_ERR_FLAG,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  type CanId,
  type CanIdFlags,
  decodeCanId,
  encodeCanId,
  ext,
  formatId,
  sameId,
  std,
  toCanId,
} from './id.ts';
export {
  BusLoad,
  type BusLoadOptions,
  busLoad,
  type FrameBits,
  frameBits,
  type LoadFigures,
  type LoadOptions,
} from './load.ts';
export { MemoryBus, VirtualCan, type VirtualCanNodeOptions, type VirtualCanOptions } from './memory.ts';
export type { CanErrors, CanSocketOptions, VcidOptions } from './socket-options.ts';
export { formatFrame, parseFrame } from './text.ts';
export {
  CANXL_HDR_SIZE,
  CANXL_MAX_DLEN,
  CANXL_MIN_DLEN,
  CANXL_MTU,
  CANXL_RRS,
  CANXL_SEC,
  CANXL_VCID_OFFSET,
  CANXL_XLF,
  decodeXlFrame,
  encodeXlFrame,
  type XlFrame,
  type XlFrameFields,
} from './xl.ts';
