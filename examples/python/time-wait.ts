// Python's manual on "Address already in use": a connection that this side closed first stays in TIME_WAIT, and its port cannot
// be bound again but with SO_REUSEADDR, which all of its servers set.
import * as socket from '@sockeye/compat-python';

/** A server that serves one connection and ends. */
function serve(port: number, reuse: boolean): number {
  using s = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
  if (reuse) s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1);
  s.bind(['127.0.0.1', port]);
  s.listen(1);
  using client = socket.create_connection(s.getsockname<socket.ReturnedInet>());
  const [conn] = s.accept();
  conn.close(); // first: this end is the one that waits
  client.recv(1);
  return s.getsockname<socket.ReturnedInet>()[1];
}

const port = serve(0, true);
try {
  serve(port, false);
  console.log('The port was free: no connection is in TIME_WAIT');
} catch (e) {
  if (!(e instanceof socket.OSError)) throw e;
  console.log(e.message);
}
console.log('With SO_REUSEADDR:', serve(port, true) === port ? 'bound again' : 'another port');
