/** Connections at once. */
export const AT_ONCE = 8;

/**
 * Which of this host's addresses a connection goes to: 127.0.0.1 to 127.0.0.250 in turn, so that the ports of connections that were
 * closed a moment ago (TIME_WAIT) do not run out.
 */
export const host = (turn) => 1 + (turn % 250);

/** A sockaddr_in of it. */
export function sockaddr(family, turn, port) {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint16(0, family, true);
  bytes[2] = port >> 8;
  bytes[3] = port;
  bytes[4] = 127;
  bytes[7] = host(turn);
  return bytes;
}
