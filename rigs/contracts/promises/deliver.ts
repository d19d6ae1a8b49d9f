/** Messages, or on a stream bytes, from one end to the other, with a look at each. */

import type { Stage } from '../contract.ts';
import { same } from '../expect.ts';
import type { Form } from '../forms.ts';
import type { End } from '../medium.ts';

/** Lengths that are neither all alike nor of a row. */
const lengthOf = (stage: Stage, n: number): number =>
  8 + ((n * 37) % Math.min(200, stage.medium.largest - 8));

/** Bytes of a stream, exactly so many, in whatever pieces they come. */
export async function collect(form: Form, socket: End['socket'], count: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let left = count; left > 0; ) {
    const piece = await form.recv(socket, left);
    if (piece.length === 0) throw new Error(`the stream ended ${left} bytes early`);
    pieces.push(piece);
    left -= piece.length;
  }
  return Buffer.concat(pieces);
}

/** Receives messages `first` to `first + count - 1` and compares each. */
export async function take(stage: Stage, form: Form, end: End, first: number, count: number): Promise<void> {
  const { medium } = stage;
  for (let n = first; n < first + count; n++) {
    const due = stage.message(n, lengthOf(stage, n));
    const got =
      medium.kind === 'stream'
        ? await collect(form, end.socket, due.length)
        : medium.body(await form.recv(end.socket, stage.room(medium.largest)));
    same(got, due, `message ${n}`);
  }
}

/** Sends messages `first` to `first + count - 1`. */
export async function give(stage: Stage, form: Form, end: End, first: number, count: number): Promise<void> {
  for (let n = first; n < first + count; n++) {
    const data = stage.message(n, lengthOf(stage, n));
    const sent = await form.send(end, data);
    if (sent !== data.length) throw new Error(`message ${n}: ${sent} of ${data.length} bytes were sent`);
  }
}
