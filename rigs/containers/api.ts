/** Docker's HTTP interface over the engine's socket: what testcontainers has no call for, or what goes without it. */
import { request } from 'node:http';
import type { Readable } from 'node:stream';

/** An answer of the engine that is no success. */
export class EngineError extends Error {
  readonly code = 'ERR_CONTAINER_ENGINE';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineError';
  }
}

/**
 * One call.
 *
 * @param socket path of the engine's socket
 * @param body JSON, or with a stream a tar archive
 * @returns the answer's bytes
 * @throws EngineError with the engine's words, and when it does not answer
 */
export function call(
  socket: string,
  method: string,
  path: string,
  body?: object | Readable,
): Promise<Buffer> {
  const stream = body !== undefined && 'pipe' in body ? body : undefined;
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void =>
      reject(new EngineError(`${method} ${path}: ${cause.message}`, { cause }));
    const asked = request(
      {
        socketPath: socket,
        method,
        path: `/v1.41${path}`,
        headers: body && { 'Content-Type': stream ? 'application/x-tar' : 'application/json' },
      },
      (answer) => {
        const pieces: Buffer[] = [];
        answer.on('data', (piece: Buffer) => pieces.push(piece));
        answer.on('error', failed);
        answer.on('end', () => {
          const bytes = Buffer.concat(pieces);
          if ((answer.statusCode ?? 500) < 400) resolve(bytes);
          else failed(new Error(`${answer.statusCode} ${bytes.toString().trim()}`));
        });
      },
    );
    asked.on('error', failed);
    if (stream === undefined) asked.end(body && JSON.stringify(body));
    else {
      stream.on('error', (error) => asked.destroy(error));
      stream.pipe(asked);
    }
  });
}
