/** The option structs of linux/can/isotp.h, written; numbers in the byte order of the machine. */
import { writeHostU32 } from '../layout.ts';
import type { Settings } from './options.ts';

/** Levels, names and flags of linux/can/isotp.h. */
export const SOL_CAN_ISOTP = 106;
export const CAN_ISOTP_OPTS = 1;
export const CAN_ISOTP_RECV_FC = 2;
export const CAN_ISOTP_TX_STMIN = 3;
export const CAN_ISOTP_RX_STMIN = 4;
export const CAN_ISOTP_LL_OPTS = 5;
export const CAN_ISOTP_LISTEN_MODE = 0x0001;
export const CAN_ISOTP_EXTEND_ADDR = 0x0002;
export const CAN_ISOTP_TX_PADDING = 0x0004;
export const CAN_ISOTP_RX_PADDING = 0x0008;
export const CAN_ISOTP_CHK_PAD_LEN = 0x0010;
export const CAN_ISOTP_CHK_PAD_DATA = 0x0020;
export const CAN_ISOTP_HALF_DUPLEX = 0x0040;
export const CAN_ISOTP_FORCE_TXSTMIN = 0x0080;
export const CAN_ISOTP_FORCE_RXSTMIN = 0x0100;
export const CAN_ISOTP_RX_EXT_ADDR = 0x0200;
export const CAN_ISOTP_WAIT_TX_DONE = 0x0400;
export const CAN_ISOTP_SF_BROADCAST = 0x0800;
export const CAN_ISOTP_CF_BROADCAST = 0x1000;
/** Not in the headers of 6.1. */
export const CAN_ISOTP_DYN_FC_PARMS = 0x2000;
/** In frame_txtime: 0, where 0 itself means "as before". */
export const CAN_ISOTP_FRAME_TXTIME_ZERO = 0xffffffff;

/** Bytes that pad where the kernel's default is to stand. */
const CAN_ISOTP_DEFAULT_PAD_CONTENT = 0xcc;
const CAN_MTU = 16;
const CANFD_MTU = 72;
const CANFD_BRS = 0x01;

const nanoseconds = (milliseconds: number): number => Math.round(milliseconds * 1e6);

/** `flags` of struct can_isotp_options. */
export function optionFlags(settings: Settings): number {
  const { layout, check } = settings;
  const flags: readonly (readonly [boolean, number])[] = [
    [settings.listen, CAN_ISOTP_LISTEN_MODE],
    [layout.address !== undefined, CAN_ISOTP_EXTEND_ADDR],
    [layout.padding !== undefined, CAN_ISOTP_TX_PADDING],
    [settings.rxPadding !== undefined, CAN_ISOTP_RX_PADDING],
    [check.length, CAN_ISOTP_CHK_PAD_LEN],
    [check.content, CAN_ISOTP_CHK_PAD_DATA],
    [settings.halfDuplex, CAN_ISOTP_HALF_DUPLEX],
    [settings.forceTxStMin !== undefined, CAN_ISOTP_FORCE_TXSTMIN],
    [settings.forceRxStMin !== undefined, CAN_ISOTP_FORCE_RXSTMIN],
    [layout.address !== settings.rxAddress, CAN_ISOTP_RX_EXT_ADDR],
    [settings.waitTxDone, CAN_ISOTP_WAIT_TX_DONE],
    [settings.functional, CAN_ISOTP_SF_BROADCAST],
    [settings.noFlowControl, CAN_ISOTP_CF_BROADCAST],
    [settings.dynamicFlowControl, CAN_ISOTP_DYN_FC_PARMS],
  ];
  return flags.reduce((all, [set, bit]) => (set ? all | bit : all), 0);
}

/** struct can_isotp_options, the value of CAN_ISOTP_OPTS. */
export function encodeOptions(settings: Settings): Uint8Array {
  const { layout, rxAddress, rxPadding, frameTxTime } = settings;
  const bytes = new Uint8Array(12);
  writeHostU32(bytes, 0, optionFlags(settings));
  if (frameTxTime !== undefined) {
    writeHostU32(bytes, 4, frameTxTime === 0 ? CAN_ISOTP_FRAME_TXTIME_ZERO : nanoseconds(frameTxTime));
  }
  bytes[8] = layout.address ?? 0;
  bytes[9] = layout.padding ?? CAN_ISOTP_DEFAULT_PAD_CONTENT;
  bytes[10] = rxPadding ?? CAN_ISOTP_DEFAULT_PAD_CONTENT;
  bytes[11] = rxAddress ?? 0;
  return bytes;
}

/** struct can_isotp_fc_options, the value of CAN_ISOTP_RECV_FC. */
export function encodeFlowOptions({ blockSize, stMin, maxWaits }: Settings): Uint8Array {
  return Uint8Array.of(blockSize, stMin, maxWaits);
}

/** struct can_isotp_ll_options, the value of CAN_ISOTP_LL_OPTS. */
export function encodeLinkOptions({ fd, layout, bitRateSwitch }: Settings): Uint8Array {
  return Uint8Array.of(fd ? CANFD_MTU : CAN_MTU, layout.txDl, bitRateSwitch ? CANFD_BRS : 0);
}

/** The u32 of nanoseconds that CAN_ISOTP_TX_STMIN and CAN_ISOTP_RX_STMIN take. */
export function encodeGap(milliseconds: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeHostU32(bytes, 0, nanoseconds(milliseconds));
  return bytes;
}
