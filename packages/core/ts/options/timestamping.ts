/** When packets came and went, level SOL_SOCKET: socket(7) and the kernel's networking/timestamping.rst. */
import { checkInteger, wrongType } from '../check.ts';
import { constants } from '../constants.ts';
import { checkObject, checkWord, FLAG } from './codec.ts';
import { type Option, option } from './option.ts';
import { answer } from './struct.ts';

/** Whether each message brings when it came, in microseconds. */
export const timestamp: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_TIMESTAMP', FLAG, {
  page: 'socket(7)',
});
/** Whether each message brings when it came, in nanoseconds. */
export const timestampNanoseconds: Option<boolean> = /* @__PURE__ */ option(
  'SOL_SOCKET',
  'SO_TIMESTAMPNS',
  FLAG,
  { since: '2.6.22', page: 'socket(7)' },
);

/** The flags by name: `SOF_TIMESTAMPING_…` of linux/net_tstamp.h. */
const FLAGS = {
  txHardware: 'SOF_TIMESTAMPING_TX_HARDWARE',
  txSoftware: 'SOF_TIMESTAMPING_TX_SOFTWARE',
  rxHardware: 'SOF_TIMESTAMPING_RX_HARDWARE',
  rxSoftware: 'SOF_TIMESTAMPING_RX_SOFTWARE',
  software: 'SOF_TIMESTAMPING_SOFTWARE',
  sysHardware: 'SOF_TIMESTAMPING_SYS_HARDWARE',
  rawHardware: 'SOF_TIMESTAMPING_RAW_HARDWARE',
  optId: 'SOF_TIMESTAMPING_OPT_ID',
  txSched: 'SOF_TIMESTAMPING_TX_SCHED',
  txAck: 'SOF_TIMESTAMPING_TX_ACK',
  optCmsg: 'SOF_TIMESTAMPING_OPT_CMSG',
  optTsonly: 'SOF_TIMESTAMPING_OPT_TSONLY',
  optStats: 'SOF_TIMESTAMPING_OPT_STATS',
  optPktinfo: 'SOF_TIMESTAMPING_OPT_PKTINFO',
  optTxSwhw: 'SOF_TIMESTAMPING_OPT_TX_SWHW',
  bindPhc: 'SOF_TIMESTAMPING_BIND_PHC',
  optIdTcp: 'SOF_TIMESTAMPING_OPT_ID_TCP',
  optRxFilter: 'SOF_TIMESTAMPING_OPT_RX_FILTER',
  txCompletion: 'SOF_TIMESTAMPING_TX_COMPLETION',
} as const;

/**
 * What is stamped (`tx…`, `rx…`), which stamps are told (`software`, `rawHardware`) and how (`opt…`): each is
 * `SOF_TIMESTAMPING_…` of linux/net_tstamp.h, in camelCase.
 */
export type TimestampingFlag = keyof typeof FLAGS;
const NAMES: readonly TimestampingFlag[] = /* @__PURE__ */ Object.keys(FLAGS) as TimestampingFlag[];

/** What is stamped and told. */
export interface Timestamping {
  flags: readonly TimestampingFlag[];
  /** The index of the PTP clock that hardware stamps are by; with `bindPhc` among the flags. Since Linux 5.14. */
  clock?: number | undefined;
  /** Flags that are not among the names, as bits. */
  others?: number | undefined;
}

/** `struct so_timestamping`: int flags, int bind_phc. Kernels before 5.14 have the flags alone, and take an int. */
const SIZE = 8;

/** Which packets are stamped, and which stamps come along as control messages, or by the error queue for what was sent. */
export const timestamping: Option<Timestamping> = /* @__PURE__ */ option(
  'SOL_SOCKET',
  'SO_TIMESTAMPING',
  {
    type: 'struct so_timestamping',
    get: (socket, level, name) => {
      const bytes = answer(socket, level, name, SIZE);
      const [bits = 0, clock] = new Int32Array(bytes.slice().buffer);
      const flags = NAMES.filter((one) => (bits & constants[FLAGS[one]]) !== 0);
      const named = flags.reduce((sum, one) => sum | constants[FLAGS[one]], 0);
      const others = bits & ~named;
      return {
        flags,
        ...(flags.includes('bindPhc') ? { clock } : {}),
        ...(others === 0 ? {} : { others }),
      };
    },
    set: (socket, level, name, value) => {
      const { flags, clock, others = 0 } = checkObject('value', value);
      if (!Array.isArray(flags)) throw wrongType('value.flags', 'an array of names', flags);
      let bits = checkInteger('value.others', others, -0x80000000, 0xffffffff);
      for (const [index, flag] of flags.entries())
        bits |= constants[FLAGS[checkWord(`value.flags[${index}]`, flag, NAMES)]];
      if (clock === undefined) {
        socket.setsockopt(level, name, bits);
        return;
      }
      const phc = checkInteger('value.clock', clock, 0, 0x7fffffff);
      socket.setsockopt(level, name, new Uint8Array(Int32Array.of(bits, phc).buffer));
    },
  },
  { since: '2.6.30', page: 'networking/timestamping.rst' },
);
