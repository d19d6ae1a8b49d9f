/** A server in a worker: says where it serves and which flag ends it, then blocks its thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { StreamRequestHandler, TCPServer } from '@sockeye/compat-python/socketserver';

class Upper extends StreamRequestHandler {
  override handle(): void {
    this.wfile.write(Buffer.from(this.rfile.readline().toString().toUpperCase()));
  }
}
class Shared extends TCPServer {
  static override allow_reuse_port = true;
}

const server = new Shared(['127.0.0.1', workerData as number], Upper);
parentPort?.postMessage({ address: server.server_address, flag: server.shutdown_flag });
server.serve_forever(0.01);
server.server_close();
