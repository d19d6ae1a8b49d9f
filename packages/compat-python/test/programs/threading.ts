/** A server whose handlers have threads: `threading.ts tcp`, or another of `servers`. Says where it serves, and that it has closed. */
import { writeSync } from 'node:fs';
import { isMainThread, threadId } from 'node:worker_threads';
import type { ReturnedInet } from '@sockeye/compat-python';
import * as server from '@sockeye/compat-python/socketserver';

const MODULE = new URL('threading.mjs', import.meta.url).href;

/** Answers each line with its thread's number, until the connection ends. */
export class Lines extends server.StreamRequestHandler<server.TCPServer> {
  static override module: string = MODULE;

  override handle(): void {
    for (const line of this.rfile) {
      const word = line.toString().trim();
      if (word === 'fail') throw new Error('broken on purpose');
      if (word === 'exit') process.exit();
      const { name } = this.server.constructor;
      this.wfile.write(
        Buffer.from(`${word} ${threadId} ${name} ${(this.server.server_address as ReturnedInet)[1]}\n`),
      );
      // Nobody waits for a daemon's answer.
      if (word === 'end') this.server.shutdown();
    }
  }
}

export class Datagrams extends server.DatagramRequestHandler<server.UDPServer> {
  static override module: string = MODULE;

  override handle(): void {
    const word = this.packet.toString();
    if (word === 'end') this.server.shutdown();
    this.wfile.write(Buffer.from(`${word} ${threadId > 0}`));
  }
}

export class Own extends server.ThreadingMixIn(server.TCPServer) {
  override handle_error(): void {
    writeSync(1, 'the server heard of the error\n');
  }
}

class Daemons extends server.ThreadingTCPServer {
  static override daemon_threads = true;
}

class Nowhere extends server.StreamRequestHandler {
  static override module: string = new URL('no-such.mjs', import.meta.url).href;
}
class Hidden extends server.StreamRequestHandler {
  static override module: string = MODULE;
}

const LOCAL: [host: string, port: number] = ['127.0.0.1', 0];
const servers: Readonly<Record<string, () => server.TCPServer | server.UDPServer>> = {
  tcp: () => new Own(LOCAL, Lines),
  udp: () => new server.ThreadingUDPServer(LOCAL, Datagrams),
  daemon: () => new Daemons(LOCAL, Lines),
  nowhere: () => new server.ThreadingTCPServer(LOCAL, Nowhere),
  hidden: () => new server.ThreadingTCPServer(LOCAL, Hidden),
};

if (isMainThread) {
  const made = servers[process.argv[2] ?? '']?.();
  if (made === undefined) throw new Error(`what is ${process.argv[2]}?`);
  writeSync(1, `${(made.server_address as ReturnedInet)[1]}\n`);
  made.serve_forever(0.02);
  made.server_close();
  writeSync(1, 'closed\n');
}
