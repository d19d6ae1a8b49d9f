/** What ends a transfer: the results of ISO 15765-2, 8.3.7 (N_Result). */
export type IsoTpResult =
  /** No frame could be sent in time. */
  | 'N_TIMEOUT_A'
  /** The receiver sent no flow control in time. */
  | 'N_TIMEOUT_Bs'
  /** The sender sent no further frame in time. */
  | 'N_TIMEOUT_Cr'
  /** A consecutive frame is missing, or came twice. */
  | 'N_WRONG_SN'
  /** A flow control frame that means nothing. */
  | 'N_INVALID_FS'
  /** Another message began before this one ended. */
  | 'N_UNEXP_PDU'
  /** The receiver said "wait" too often. */
  | 'N_WFT_OVRN'
  /** The message is longer than the receiver has room for. */
  | 'N_BUFFER_OVFLW'
  /** Wrong padding. */
  | 'N_ERROR';
