export type { IsoTpConnection, MessagesOptions, RequestOptions } from './isotp/connection.ts';
export { IsoTpError } from './isotp/error.ts';
export { IsoTp } from './isotp/open.ts';
export type { IsoTpOptions, IsoTpTimeouts } from './isotp/options.ts';
export type { IsoTpBus } from './isotp/own.ts';
export type { IsoTpResult } from './isotp/result.ts';
