/**
 * npm start: runs the examples one after the other on real sockets, and shows what each prints. Each is a program of its
 * own beside this file; this one only starts them, tells clients where their servers listen, and says what went wrong.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A step: programs with their arguments. The first one's server is waited for before the second starts. */
interface Step {
  title: string;
  /** Prints `Listening on …` or `Sniffing on …` when it is ready, and goes on. */
  server?: [program: string, ...args: string[]];
  client: [program: string, ...args: string[]];
  /** Whether the client is told the port that the server chose. */
  port?: boolean;
  /** What the kernel or the user may lack for it: then the step says how to get it, and the tour goes on. */
  may?: (words: string) => boolean;
}

const lacksCapability = (words: string): boolean => words.includes('CAP_NET_RAW');
const lacksCan = (words: string): boolean => words.includes('EAFNOSUPPORT') || words.includes('ENODEV');

const steps: Step[] = [
  {
    title: 'TCP echo over IPv4, with @sockeye/core',
    server: ['core/echo-server.ts', '0'],
    client: ['core/echo-client.ts'],
    port: true,
  },
  {
    title: 'The same with Python’s names, @sockeye/compat-python',
    server: ['python/echo-server.ts', '0', '127.0.0.1'],
    client: ['python/echo-client.ts'],
    port: true,
  },
  {
    title: 'TCP echo on whatever getaddrinfo answers, IPv6 or IPv4',
    server: ['core/dual-stack-server.ts', '0'],
    client: ['core/dual-stack-client.ts'],
    port: true,
  },
  {
    title: 'The same with Python’s names',
    server: ['python/dual-stack-server.ts', '0', 'localhost'],
    client: ['python/dual-stack-client.ts'],
    port: true,
  },
  { title: 'A UDP exchange', client: ['core/udp.ts'] },
  { title: 'A Unix datagram exchange, abstract names', client: ['core/unix-datagram.ts'] },
  { title: 'A Unix seqpacket exchange', client: ['core/unix-seqpacket.ts'] },
  { title: 'HTTP over an abstract Unix name', client: ['core/http-unix.ts'] },
  {
    title: 'The headers of a UDP exchange, by a packet socket on lo',
    // Another address of lo, so that only the tour's own traffic is shown.
    server: ['raw/sniffer.ts', 'lo', '2', '127.0.0.42'],
    client: ['core/udp.ts', '127.0.0.42'],
    may: lacksCapability,
  },
  {
    title: 'Echo requests to this host',
    client: ['raw/ping.ts', '127.0.0.1', '2', '10'],
    may: lacksCapability,
  },
  { title: 'The hops to this host: one', client: ['raw/traceroute.ts', '127.0.0.1'] },
  { title: 'One CAN frame on vcan0, sent and received', client: ['can/frame.ts'], may: lacksCan },
];

/** A program under way: its lines are shown as they come. */
class Program {
  readonly name: string;
  /** The first line on standard error that names an error, without its stack. */
  complaint = '';
  readonly ended: Promise<number>;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #heard = (): void => {};

  constructor([program, ...args]: readonly [string, ...string[]]) {
    this.name = program;
    const path = fileURLToPath(new URL(program, import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', path, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      console.log(`  ${program.padEnd(27)} ${line}`);
      this.#lines.push(line);
      this.#heard();
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (this.complaint === '' && /^\w*Error\b/.test(line)) this.complaint = line.replace(/^\w+: /, '');
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (status) => {
        resolve(status ?? 1);
        this.#heard();
      });
    });
  }

  /** The first line of this form; undefined when the program ends without one. */
  async line(form: RegExp): Promise<string | undefined> {
    const over = this.ended.then(() => true);
    for (;;) {
      const found = this.#lines.find((line) => form.test(line));
      if (found !== undefined) return found;
      const heard = new Promise<boolean>((resolve) => {
        this.#heard = () => resolve(false);
      });
      if (await Promise.race([over, heard])) return this.#lines.find((line) => form.test(line));
    }
  }

  stop(): void {
    this.#child.kill();
  }
}

/** Runs a step; whether it went as it should. */
async function take({ title, server, client, port, may }: Step, number: number): Promise<boolean> {
  console.log(`\n${number}. ${title}`);
  const programs: Program[] = [];
  const started = (command: readonly [string, ...string[]]): Program => {
    const program = new Program(command);
    programs.push(program);
    return program;
  };
  try {
    let where: string | undefined;
    if (server !== undefined) where = await started(server).line(/^(Listening|Sniffing) on/);
    if (server === undefined || where !== undefined) {
      const args = port ? [/(\d+)\D*$/.exec(where ?? '')?.[1] ?? ''] : [];
      await started([...client, ...args]).ended;
    }
    for (const program of programs) {
      if ((await program.ended) === 0) continue;
      if (may?.(program.complaint)) {
        console.log(`  not here: ${program.complaint}`);
        return true;
      }
      console.error(`  ${program.name} failed: ${program.complaint || `status ${await program.ended}`}`);
      return false;
    }
    return true;
  } finally {
    for (const program of programs) program.stop();
  }
}

console.log('Sockeye: a tour on real sockets. Each step is a file under examples/.');
let failed = 0;
for (const [index, step] of steps.entries()) {
  if (!(await take(step, index + 1))) failed += 1;
}
console.log(failed === 0 ? '\nThat was the tour.' : `\n${failed} of ${steps.length} steps failed.`);
process.exitCode = failed === 0 ? 0 : 1;
