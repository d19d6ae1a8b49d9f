import { checkObject, checkUint, wrongValue } from '@sockeye/addr/check';
import { constants, type Socket } from '@sockeye/core';
import {
  type FilterProgram,
  packetFanout,
  packetFanoutBpf,
  packetFanoutProgram,
} from '@sockeye/core/options';

/**
 * By what a group's packets are shared out: `hash` of the flow, `roundRobin`, the `cpu` or the `queue` that they came by, the
 * first socket with room (`rollover`), at `random`, or a program.
 */
export type FanoutMode = 'hash' | 'roundRobin' | 'cpu' | 'rollover' | 'random' | 'queue' | 'program' | 'bpf';

const MODES: Readonly<Record<FanoutMode, number>> = {
  hash: constants.PACKET_FANOUT_HASH,
  roundRobin: constants.PACKET_FANOUT_LB,
  cpu: constants.PACKET_FANOUT_CPU,
  rollover: constants.PACKET_FANOUT_ROLLOVER,
  random: constants.PACKET_FANOUT_RND,
  queue: constants.PACKET_FANOUT_QM,
  program: constants.PACKET_FANOUT_CBPF,
  bpf: constants.PACKET_FANOUT_EBPF,
};

/** A group of packet sockets of one interface and protocol, each of whose packets one socket gets (packet(7), PACKET_FANOUT). */
export interface FanoutOptions {
  /**
   * The group, 0 to 65535, which is the network namespace's; all its sockets have the same mode and flags. Where it is left out
   * the kernel chooses one that nobody has (4.14); the socket's `fanoutGroup` is its number, for the others.
   */
  readonly group?: number | undefined;
  readonly mode: FanoutMode;
  /** Put fragments together first, so that a flow's all have its ports to hash. Default false. */
  readonly defragment?: boolean | undefined;
  /** When the chosen socket is full, the next one with room (3.10). Default false. */
  readonly rollover?: boolean | undefined;
  /** Leave out what this host sends, for all of the group (6.2). Default false. */
  readonly ignoreOutgoing?: boolean | undefined;
  /** With the mode `program`: classic instructions whose result, modulo the number of sockets, is the socket. */
  readonly program?: FilterProgram | undefined;
  /** With the mode `bpf`: an eBPF program by its descriptor. */
  readonly descriptor?: number | { readonly fd: number } | undefined;
}

const DEFRAGMENT = constants.PACKET_FANOUT_FLAG_DEFRAG;
const ROLLOVER = constants.PACKET_FANOUT_FLAG_ROLLOVER;
const IGNORE_OUTGOING = constants.PACKET_FANOUT_FLAG_IGNORE_OUTGOING;
const UNIQUE_ID = constants.PACKET_FANOUT_FLAG_UNIQUEID;

/** What PACKET_FANOUT is set to. Throws what is wrong with the options. */
export function fanoutNumber(fanout: FanoutOptions): number {
  checkObject('fanout', fanout);
  const { mode, group } = fanout;
  if (!Object.hasOwn(MODES, mode)) {
    throw wrongValue('fanout.mode', `one of ${Object.keys(MODES).join(', ')}`, mode);
  }
  if ((mode === 'program') !== (fanout.program !== undefined)) {
    throw wrongValue('fanout.program', "instructions where the mode is 'program', and nowhere else", mode);
  }
  if ((mode === 'bpf') !== (fanout.descriptor !== undefined)) {
    throw wrongValue('fanout.descriptor', "a descriptor where the mode is 'bpf', and nowhere else", mode);
  }
  const flags =
    (fanout.defragment ? DEFRAGMENT : 0) |
    (fanout.rollover ? ROLLOVER : 0) |
    (fanout.ignoreOutgoing ? IGNORE_OUTGOING : 0) |
    (group === undefined ? UNIQUE_ID : 0);
  return checkUint('fanout.group', group ?? 0, 16) | ((MODES[mode] | flags) << 16);
}

/** Joins the group, and gives it its program. */
export function joinFanout(socket: Socket, fanout: FanoutOptions): void {
  packetFanout.set(socket, fanoutNumber(fanout));
  if (fanout.program !== undefined) packetFanoutProgram.set(socket, fanout.program);
  if (fanout.descriptor !== undefined) packetFanoutBpf.set(socket, fanout.descriptor);
}
