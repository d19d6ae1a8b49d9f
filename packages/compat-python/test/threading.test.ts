/** Servers whose requests have threads, in a process of their own: their serve_forever blocks it. */
import * as socket from '@sockeye/compat-python';
import * as server from '@sockeye/compat-python/socketserver';
import { describe, expect, it } from 'vitest';
import { type Program, typescript } from './support.ts';

/** Waits until a program has said this. */
async function said(program: Program, words: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const found = words.exec(program.output);
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function portOf(program: Program): Promise<number> {
  return Number((await said(program, /^(\d+)\n/))[1]);
}

function connected(port: number): socket.socket {
  const one = socket.create_connection(['127.0.0.1', port]);
  one.settimeout(15);
  return one;
}

/** A word there and the answer back, in parts. */
function told(one: socket.socket, word: string): string[] {
  one.sendall(Buffer.from(`${word}\n`));
  return one.recv(100).toString().trim().split(' ');
}

describe('ThreadingMixIn', () => {
  it('handles connections beside each other, and a thread goes on to the next', async () => {
    const program = typescript('./programs/threading.ts', ['tcp']);
    const port = await portOf(program);
    const [a, b] = [connected(port), connected(port)];
    // The second is answered while the first is open and says nothing.
    const second = told(b, 'b');
    const first = told(a, 'a');
    expect([first[0], second[0]]).toEqual(['a', 'b']);
    expect(first[1]).not.toBe(second[1]);
    // The server that the handler has is of its class, and knows the address.
    expect(first.slice(2)).toEqual(['Own', String(port)]);
    b.shutdown(socket.SHUT_WR);
    expect(b.recv(1)).toHaveLength(0);
    b.close();
    // Errors go to that class's own method, and end the connection.
    const c = connected(port);
    expect([first[1], second[1]]).not.toContain('0');
    expect(told(c, 'fail')).toEqual(['']);
    c.close();
    // A thread that ends takes its connection with it, and gets no other.
    for (const word of ['exit', 'exit']) {
      using d = connected(port);
      expect(told(d, word)).toEqual(['']);
    }
    // Closing the server waits for the thread.
    expect(told(a, 'end')[0]).toBe('end');
    expect(told(a, 'still')[0]).toBe('still');
    expect(program.output).not.toContain('closed');
    a.close();
    expect(await program.end()).toBe(`${port}\nthe server heard of the error\nclosed\n`);
  });

  it('handles datagrams, which are answered by the server’s socket', async () => {
    const program = typescript('./programs/threading.ts', ['udp']);
    const port = await portOf(program);
    using one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
    one.settimeout(15);
    one.connect(['127.0.0.1', port]);
    for (const word of ['one', 'two', 'end']) {
      one.send(Buffer.from(word));
      expect(one.recv(100).toString()).toBe(`${word} true`);
    }
    expect(await program.end()).toBe(`${port}\nclosed\n`);
  });

  it('shows errors at once, and ends while daemons are busy', async () => {
    const program = typescript('./programs/threading.ts', ['daemon']);
    const port = await portOf(program);
    using failing = connected(port);
    expect(told(failing, 'fail')).toEqual(['']);
    await said(program, /request from \('127\.0\.0\.1', \d+\)\nError: broken on purpose/);
    using one = connected(port);
    expect(told(one, 'end')[0]).toBe('end');
    expect(await program.end()).toMatch(/\nclosed\n$/);
  });

  it('a handler that does not say where it is gets no thread', () => {
    class Unnamed extends server.StreamRequestHandler {}
    const heard: unknown[] = [];
    class Hearing extends server.ThreadingTCPServer {
      override handle_error(_request: socket.socket, _address: unknown, error: unknown): void {
        heard.push(String(error));
      }
    }
    using made = new Hearing(['127.0.0.1', 0], Unnamed);
    using one = connected((made.server_address as socket.ReturnedInet)[1]);
    made.handle_request();
    expect(one.recv(1)).toHaveLength(0);
    const words = 'Unnamed.module must be str, the address of the module that exports Unnamed';
    expect(heard).toEqual([`TypeError: ${words}: static module = import.meta.url`]);
  });

  it.each([
    ['nowhere', /ERR_MODULE_NOT_FOUND|Cannot find module/],
    ['hidden', /TypeError: \S+threading\.mjs exports no Hidden/],
  ])('a handler that threads cannot have is told of, and the connection ends: %s', async (which, words) => {
    const program = typescript('./programs/threading.ts', [which]);
    const port = await portOf(program);
    try {
      using one = connected(port);
      expect(one.recv(1)).toHaveLength(0);
      await said(program, words);
    } finally {
      program.kill();
      await program.end().catch(() => undefined);
    }
  });
});
