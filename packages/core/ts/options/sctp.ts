import { wrongType, wrongValue } from '../check.ts';
import { COUNT, type Codec, checkObject, FLAG, type Writer } from './codec.ts';
import { type Askable, type Asker, askableSettable, type Option, option, type Settable } from './option.ts';
import { answer, decode, encode, type Fields, plain, type Values, viewOf, writeField } from './struct.ts';

const page = 'RFC 6458';

/** Which association, of a one-to-many socket; 0, or nothing, is the socket itself, or the one that a one-to-one socket has. */
export interface SctpAssociation {
  associationId?: number | undefined;
}

/** Fields as numbers, each of which may be left out. */
type Given<F extends Fields> = Partial<{ [N in keyof F]: number | bigint | undefined }>;

/** A struct whose first field is the association that is asked for. */
function perAssociation<F extends Fields>(
  type: string,
  size: number,
  fields: F,
): Asker<Values<F>, SctpAssociation | undefined> & Writer<Given<F>> {
  return {
    type,
    ask: (socket, level, name, question) =>
      decode(fields, answer(socket, level, name, size, asked(question))),
    set: (socket, level, name, value) => socket.setsockopt(level, name, encode(fields, size, 'value', value)),
  };
}

/** The four bytes of `sctp_assoc_t`, in front. */
export function asked(question: SctpAssociation | undefined): Uint8Array {
  const id = question === undefined ? 0 : (checkObject('question', question).associationId ?? 0);
  const laid = new Uint8Array(4);
  writeField(viewOf(laid), ['i32', 0], 'question.associationId', id);
  return laid;
}

const INITMSG = {
  outStreams: ['u16', 0],
  maxInStreams: ['u16', 2],
  maxAttempts: ['u16', 4],
  maxInitTimeout: ['u16', 6],
} as const;
/** Streams and repeats that an association begins with; what is 0 is as it was. */
export interface SctpInitMessage {
  /** Streams to send on that are asked for. */
  outStreams: number;
  /** Streams to receive on that are allowed. */
  maxInStreams: number;
  maxAttempts: number;
  /** Milliseconds. */
  maxInitTimeout: number;
}
/** What an association begins with. */
export const sctpInitMessage: Option<SctpInitMessage, Partial<SctpInitMessage>> = /* @__PURE__ */ option(
  'IPPROTO_SCTP',
  'SCTP_INITMSG',
  /* @__PURE__ */ plain('struct sctp_initmsg', 8, INITMSG),
  { page },
);
/** Whether small messages go out at once. */
export const sctpNoDelay: Option<boolean> = /* @__PURE__ */ option('IPPROTO_SCTP', 'SCTP_NODELAY', FLAG, {
  page,
});
/** After how long an idle association of a one-to-many socket is closed; 0 never. */
export const sctpAutoClose: Option<number> = /* @__PURE__ */ option('IPPROTO_SCTP', 'SCTP_AUTOCLOSE', COUNT, {
  unit: 'seconds',
  page,
});
/** Whether messages larger than a packet are refused. */
export const sctpDisableFragments: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_SCTP',
  'SCTP_DISABLE_FRAGMENTS',
  FLAG,
  { page },
);
/** Whether IPv4 addresses are told as mapped ones, of AF_INET6 sockets. */
export const sctpMappedV4: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_SCTP',
  'SCTP_I_WANT_MAPPED_V4_ADDR',
  FLAG,
  { page },
);
/** Whether messages bring stream, sequence number and association: `struct sctp_rcvinfo`. */
export const sctpReceiveInfo: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_SCTP',
  'SCTP_RECVRCVINFO',
  FLAG,
  {
    since: '3.17',
    page,
  },
);
/** Whether messages bring what comes next. */
export const sctpReceiveNextInfo: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_SCTP',
  'SCTP_RECVNXTINFO',
  FLAG,
  { since: '3.17', page },
);
/** Whether several sockets may have one port, all with this option. Before bind. */
export const sctpReusePort: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_SCTP',
  'SCTP_REUSE_PORT',
  FLAG,
  {
    since: '4.19',
    page,
  },
);
/** How parts of several messages may come between each other: 0, 1 or 2. */
export const sctpFragmentInterleave: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_SCTP',
  'SCTP_FRAGMENT_INTERLEAVE',
  COUNT,
  { page },
);
/** After how many bytes a message is given in part. */
export const sctpPartialDeliveryPoint: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_SCTP',
  'SCTP_PARTIAL_DELIVERY_POINT',
  COUNT,
  { unit: 'bytes', page },
);
/** A number that the peer is told at the begin. */
export const sctpAdaptationLayer: Option<{ indication: number }> = /* @__PURE__ */ option(
  'IPPROTO_SCTP',
  'SCTP_ADAPTATION_LAYER',
  /* @__PURE__ */ plain('struct sctp_setadaptation', 4, { indication: ['u32', 0] } as const) as Codec<{
    indication: number;
  }>,
  { page },
);

const RTOINFO = {
  associationId: ['i32', 0],
  initial: ['u32', 4],
  max: ['u32', 8],
  min: ['u32', 12],
} as const;
/** Timeouts of repeats; set, what is 0 is as it was. */
export type SctpRtoInfo = Values<typeof RTOINFO>;
/** The first, the longest and the shortest timeout of repeats. */
export const sctpRtoInfo: Askable<SctpRtoInfo, SctpAssociation | undefined> & Settable<Partial<SctpRtoInfo>> =
  /* @__PURE__ */ askableSettable(
    'IPPROTO_SCTP',
    'SCTP_RTOINFO',
    /* @__PURE__ */ perAssociation('struct sctp_rtoinfo', 16, RTOINFO),
    { unit: 'ms', page },
  );

const ASSOCINFO = {
  associationId: ['i32', 0],
  maxRetransmits: ['u16', 4],
  peerDestinations: ['u16', 6],
  peerWindow: ['u32', 8],
  localWindow: ['u32', 12],
  cookieLife: ['u32', 16],
} as const;
/** Repeats, windows and the cookie's life, in milliseconds; set, what is 0 is as it was. */
export type SctpAssociationInfo = Values<typeof ASSOCINFO>;
/** What an association allows itself. */
export const sctpAssociationInfo: Askable<SctpAssociationInfo, SctpAssociation | undefined> &
  Settable<Partial<SctpAssociationInfo>> = /* @__PURE__ */ askableSettable(
  'IPPROTO_SCTP',
  'SCTP_ASSOCINFO',
  /* @__PURE__ */ perAssociation('struct sctp_assocparams', 20, ASSOCINFO),
  { page },
);

const SNDINFO = {
  stream: ['u16', 0],
  flags: ['u16', 2],
  payloadProtocol: ['u32', 4],
  context: ['u32', 8],
  associationId: ['i32', 12],
} as const;
/** How a message is sent; the payload's protocol goes out as it is, in network byte order by habit. */
export type SctpSendDefaults = Values<typeof SNDINFO>;
const SEND_DEFAULTS: Asker<SctpSendDefaults, SctpAssociation | undefined> &
  Writer<Partial<SctpSendDefaults>> = {
  type: 'struct sctp_sndinfo',
  ask: (socket, level, name, question) => {
    const laid = new Uint8Array(16);
    laid.set(asked(question), 12);
    return decode(SNDINFO, answer(socket, level, name, 16, laid));
  },
  set: (socket, level, name, value) => socket.setsockopt(level, name, encode(SNDINFO, 16, 'value', value)),
};
/** How messages are sent that do not say it themselves. */
export const sctpSendDefaults: Askable<SctpSendDefaults, SctpAssociation | undefined> &
  Settable<Partial<SctpSendDefaults>> = /* @__PURE__ */ askableSettable(
  'IPPROTO_SCTP',
  'SCTP_DEFAULT_SNDINFO',
  SEND_DEFAULTS,
  { since: '3.17', page },
);

const ASSOC_VALUE = { associationId: ['i32', 0], value: ['u32', 4] } as const;
/** A number of an association's. */
export type SctpAssociationValue = Values<typeof ASSOC_VALUE>;
/** The largest part that messages are cut into; 0 is what the path takes. */
export const sctpMaxSegment: Askable<SctpAssociationValue, SctpAssociation | undefined> &
  Settable<Partial<SctpAssociationValue>> = /* @__PURE__ */ askableSettable(
  'IPPROTO_SCTP',
  'SCTP_MAXSEG',
  /* @__PURE__ */ perAssociation('struct sctp_assoc_value', 8, ASSOC_VALUE),
  { unit: 'bytes', page },
);
/** How many packets may go out at once. */
export const sctpMaxBurst: Askable<SctpAssociationValue, SctpAssociation | undefined> &
  Settable<Partial<SctpAssociationValue>> = /* @__PURE__ */ askableSettable(
  'IPPROTO_SCTP',
  'SCTP_MAX_BURST',
  /* @__PURE__ */ perAssociation('struct sctp_assoc_value', 8, ASSOC_VALUE),
  { unit: 'packets', page },
);
/** A number that comes back with messages that could not be sent. */
export const sctpContext: Askable<SctpAssociationValue, SctpAssociation | undefined> &
  Settable<Partial<SctpAssociationValue>> = /* @__PURE__ */ askableSettable(
  'IPPROTO_SCTP',
  'SCTP_CONTEXT',
  /* @__PURE__ */ perAssociation('struct sctp_assoc_value', 8, ASSOC_VALUE),
  { page },
);

const SACK = {
  associationId: ['i32', 0],
  delay: ['u32', 4],
  frequency: ['u32', 8],
} as const;
/** When acknowledgements go out: after so many milliseconds, or so many packets; set, what is 0 is as it was. */
export type SctpDelayedSack = Values<typeof SACK>;
/** When acknowledgements go out. */
export const sctpDelayedSack: Askable<SctpDelayedSack, SctpAssociation | undefined> &
  Settable<Partial<SctpDelayedSack>> = /* @__PURE__ */ askableSettable(
  'IPPROTO_SCTP',
  'SCTP_DELAYED_SACK',
  /* @__PURE__ */ perAssociation('struct sctp_sack_info', 12, SACK),
  { page },
);

/** What comes as a message with MSG_NOTIFICATION, in the order of `struct sctp_event_subscribe`. */
const EVENTS = [
  'dataIo',
  'association',
  'address',
  'sendFailure',
  'peerError',
  'shutdown',
  'partialDelivery',
  'adaptationLayer',
  'authentication',
  'senderDry',
  'streamReset',
  'associationReset',
  'streamChange',
  'sendFailureEvent',
] as const;
/** What comes as a message of its own, or with messages (`dataIo`). */
export type SctpEvent = (typeof EVENTS)[number];
const SUBSCRIBE: Codec<SctpEvent[], readonly SctpEvent[]> = {
  type: 'struct sctp_event_subscribe',
  get: (socket, level, name) => {
    const given = answer(socket, level, name, EVENTS.length);
    return EVENTS.filter((_, index) => given[index] === 1);
  },
  set: (socket, level, name, value) => {
    if (!Array.isArray(value)) throw wrongType('value', 'an array of names', value);
    for (const [index, event] of value.entries())
      if (!EVENTS.includes(event)) throw wrongValue(`value[${index}]`, `one of ${EVENTS.join(', ')}`, event);
    socket.setsockopt(
      level,
      name,
      Uint8Array.from(EVENTS, (event) => (value.includes(event) ? 1 : 0)),
    );
  },
};
/** Which events are told. */
export const sctpEvents: Option<SctpEvent[], readonly SctpEvent[]> = /* @__PURE__ */ option(
  'IPPROTO_SCTP',
  'SCTP_EVENTS',
  SUBSCRIBE,
  { page },
);
