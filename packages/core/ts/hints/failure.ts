/** What failed, as far as it is known. */
export interface Failure {
  code: string;
  syscall: string;
  family: number;
  type: number;
  protocol: number;
  /** The sockaddr that was given, where one was. */
  address?: Uint8Array | undefined;
  /** The socket is in another network namespace than this process, whose /proc/net says nothing of it. */
  foreign?: boolean | undefined;
}

/** How this process gets a capability: for the program file, or for a container. */
export function capability(name: string): string {
  const lower = name.toLowerCase();
  return (
    `it takes the capability ${name}: run "sudo setcap ${lower}+ep '${process.execPath}'", ` +
    `or start the container with --cap-add ${name.replace('CAP_', '')}, or run as root`
  );
}
