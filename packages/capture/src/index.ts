export { ArgumentRangeError, ArgumentTypeError, MalformedCaptureError } from './errors.ts';
export {
  CaptureReader,
  type CaptureReaderOptions,
  readPackets,
  readPacketsSync,
  readRecords,
  readRecordsSync,
} from './reader.ts';
export type {
  CaptureBlock,
  CapturedPacket,
  CaptureInterface,
  CaptureOption,
  CaptureRecord,
  CaptureSection,
} from './record.ts';
