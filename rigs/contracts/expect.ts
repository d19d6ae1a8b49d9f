/** What contracts expect, in words that do not need a test runner: they run in containers and machines too. */
import assert from 'node:assert/strict';

interface Failure extends Error {
  code?: string;
  bytesSent?: number;
  messagesSent?: number;
}

/** What a promise was rejected with, whose code must be one of these. */
export async function rejected(promise: Promise<unknown>, ...codes: string[]): Promise<Failure> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return told(error as Failure, codes);
  }
  assert.fail(`${codes.join(' or ')} was due, and it gave ${JSON.stringify(value)}`);
}

/** What a call threw, whose code must be one of these. */
export function thrown(call: () => unknown, ...codes: string[]): Failure {
  let value: unknown;
  try {
    value = call();
  } catch (error) {
    return told(error as Failure, codes);
  }
  assert.fail(`${codes.join(' or ')} was due, and it gave ${JSON.stringify(value)}`);
}

function told(error: Failure, codes: readonly string[]): Failure {
  if (!codes.includes(error.code ?? '')) {
    throw new Error(`${codes.join(' or ')} was due, and it was ${error.code}: ${error.message}`, {
      cause: error,
    });
  }
  return error;
}

/** Throws unless these are the same bytes; says where they differ. */
export function same(got: Uint8Array, due: Uint8Array, what: string): void {
  if (Buffer.compare(got, due) === 0) return;
  let at = 0;
  while (at < got.length && got[at] === due[at]) at++;
  const head = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, 16)).toString('hex');
  assert.fail(
    `${what}: ${due.length} bytes ${head(due)} were due, ${got.length} bytes ${head(got)} came; they differ from ${at} on`,
  );
}
