/** Programs that decide what a socket receives, and which socket of a group: socket(7), networking/filter.rst. */
import { checkBytes, checkInteger, wrongType, wrongValue } from '../check.ts';
import { ANSWER, formsOf, type HasOptions, PROGRAM } from '../sockopt.ts';
import { type Codec, checkObject, DESCRIPTOR, FLAG, INT, type Writer } from './codec.ts';
import {
  type Command,
  command,
  type Gettable,
  gettable,
  type Option,
  option,
  type Settable,
  settable,
} from './option.ts';
import { viewOf } from './struct.ts';

const page = 'socket(7)';

/** An instruction of a classic filter, `struct sock_filter`: linux/filter.h. */
export interface FilterInstruction {
  code: number;
  /** Instructions to skip when true. */
  jt: number;
  /** Instructions to skip when false. */
  jf: number;
  k: number;
}
/** A program: its instructions, or the bytes of them, 8 each. */
export type FilterProgram = readonly FilterInstruction[] | Uint8Array;

/** `sizeof(struct sock_filter)`: __u16 code, __u8 jt, __u8 jf, __u32 k. */
const SIZE = 8;
/** The most instructions: BPF_MAXINSNS. */
const MOST = 4096;
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** The bytes of a program; what is none is named. Whether it makes sense is for the kernel to say, with EINVAL. */
function programBytes(value: FilterProgram): Uint8Array {
  if (!Array.isArray(value)) {
    if (!(value instanceof Uint8Array))
      throw wrongType('value', 'an array of instructions, or a Uint8Array of them', value);
    const { length } = checkBytes('value', value);
    if (length % SIZE === 0 && length > 0 && length <= MOST * SIZE) return value;
    throw wrongValue('value', `1 to ${MOST} instructions of ${SIZE} bytes, not ${length} bytes`, value);
  }
  if (value.length === 0 || value.length > MOST)
    throw wrongValue('value', `1 to ${MOST} instructions`, value);
  const bytes = new Uint8Array(value.length * SIZE);
  const view = viewOf(bytes);
  for (const [index, instruction] of value.entries()) {
    const { code, jt, jf, k } = checkObject(`value[${index}]`, instruction);
    const at = index * SIZE;
    view.setUint16(at, checkInteger(`value[${index}].code`, code, 0, 0xffff), LITTLE_ENDIAN);
    view.setUint8(at + 2, checkInteger(`value[${index}].jt`, jt, 0, 0xff));
    view.setUint8(at + 3, checkInteger(`value[${index}].jf`, jf, 0, 0xff));
    view.setUint32(
      at + 4,
      checkInteger(`value[${index}].k`, k, -0x80000000, 0xffffffff) >>> 0,
      LITTLE_ENDIAN,
    );
  }
  return bytes;
}

/** Sets a program of classic instructions. */
export const PROGRAM_WRITER: Writer<FilterProgram> = {
  type: 'struct sock_fprog',
  set: (socket, level, name, value) => formsOf(socket)[PROGRAM](level, name, programBytes(value)),
};

/** SO_GET_FILTER has the number of SO_ATTACH_FILTER. */
const FILTER: Codec<FilterInstruction[], FilterProgram> = {
  ...PROGRAM_WRITER,
  get: (socket: HasOptions, level, name) => {
    const bytes = new Uint8Array(MOST * SIZE);
    const view = viewOf(bytes.subarray(0, formsOf(socket)[ANSWER](level, name, bytes)));
    return Array.from({ length: view.byteLength / SIZE }, (_, index) => ({
      code: view.getUint16(index * SIZE, LITTLE_ENDIAN),
      jt: view.getUint8(index * SIZE + 2),
      jf: view.getUint8(index * SIZE + 3),
      k: view.getUint32(index * SIZE + 4, LITTLE_ENDIAN),
    }));
  },
};

/** The classic filter: what it returns is how many bytes of a packet are kept, 0 drops it. Reads back as it was set; [] is none. */
export const filter: Option<FilterInstruction[], FilterProgram> = /* @__PURE__ */ option(
  'SOL_SOCKET',
  'SO_ATTACH_FILTER',
  FILTER,
  { since: '2.2', page },
);
/** The eBPF filter, by the descriptor of the program: bpf(2). */
export const filterBpf: Settable<number | { readonly fd: number }> = /* @__PURE__ */ settable(
  'SOL_SOCKET',
  'SO_ATTACH_BPF',
  DESCRIPTOR,
  { since: '3.19', page },
);
/** Takes the filter away, of either kind; ENOENT when there is none, EPERM when it is locked. */
export const detachFilter: Command = /* @__PURE__ */ command('SOL_SOCKET', 'SO_DETACH_FILTER', {
  since: '2.2',
  page,
});
/** Whether the filter can no longer be changed or taken away, whoever asks. It cannot be unlocked: EPERM. */
export const lockFilter: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_LOCK_FILTER', FLAG, {
  since: '3.9',
  page,
});
/** The classic program that chooses among the sockets of a SO_REUSEPORT group: what it returns is the index of one. */
export const reusePortFilter: Settable<FilterProgram> = /* @__PURE__ */ settable(
  'SOL_SOCKET',
  'SO_ATTACH_REUSEPORT_CBPF',
  PROGRAM_WRITER,
  { since: '4.5', page },
);
/** As {@link reusePortFilter}, an eBPF program by its descriptor. */
export const reusePortBpf: Settable<number | { readonly fd: number }> = /* @__PURE__ */ settable(
  'SOL_SOCKET',
  'SO_ATTACH_REUSEPORT_EBPF',
  DESCRIPTOR,
  { since: '4.5', page },
);
/** Takes the program of a SO_REUSEPORT group away. */
export const detachReusePort: Command = /* @__PURE__ */ command('SOL_SOCKET', 'SO_DETACH_REUSEPORT_BPF', {
  since: '5.3',
  page: 'asm-generic/socket.h',
});
/** How many extensions of classic filters the kernel knows: linux/filter.h, `SKF_AD_MAX`. */
export const filterExtensions: Gettable<number> = /* @__PURE__ */ gettable(
  'SOL_SOCKET',
  'SO_BPF_EXTENSIONS',
  INT,
  { since: '3.14', page: 'networking/filter.rst' },
);
