import { checkObject, wrongValue } from '@sockeye/addr/check';
import type { NamespaceOptions } from '@sockeye/core';
import { type BcmFrame, type BcmFrameFields, RX_RTR_FRAME, RX_SETUP } from '../bcm-message.ts';
import { CAN_RTR_FLAG, formatId } from '../id.ts';
import { canIdOf, checkAnswer, type RemoteAnswer, withData } from './options.ts';
import { BcmSocket, type Receiver } from './socket.ts';
import { Ending } from './wait.ts';

/** The kernel's answer to remote requests, which it gives without telling of them. It has a socket of its own, as a watch has. */
export class KernelAnswer implements RemoteAnswer, Receiver {
  readonly by = 'kernel';
  readonly #socket: BcmSocket;
  readonly #ending: Ending = new Ending();
  readonly #over: (answer: KernelAnswer) => void;
  #frame: BcmFrame;

  /** @param over is called when it has ended */
  constructor(
    ifindex: number,
    frame: BcmFrame,
    over: (answer: KernelAnswer) => void,
    options?: NamespaceOptions,
  ) {
    this.#frame = frame;
    this.#over = over;
    this.#socket = new BcmSocket(ifindex, 1, this, options);
    try {
      this.#setup(frame);
    } catch (error) {
      this.#socket.close();
      throw error;
    }
    // Nothing but the interface's end is ever told.
    this.#socket.read();
  }

  #setup(frame: BcmFrame): void {
    const canId = (canIdOf(frame) | CAN_RTR_FLAG) >>> 0;
    this.#socket.request({ opcode: RX_SETUP, flags: RX_RTR_FRAME, canId, frames: [frame] });
    this.#frame = frame;
  }

  get frame(): BcmFrame {
    return this.#frame;
  }

  get stopped(): boolean {
    return this.#ending.over;
  }

  get ended(): Promise<Error | undefined> {
    return this.#ending.ended;
  }

  update(content: Uint8Array | BcmFrameFields): void {
    checkObject('content', content);
    this.#ending.check();
    this.#setup(checkUpdate(content, this.#frame));
  }

  stop(): void {
    this.#end(undefined);
  }

  close(): void {
    this.stop();
  }

  #end(reason: Error | undefined): void {
    if (!this.#ending.end(reason)) return;
    this.#socket.close();
    this.#over(this);
  }

  ref(): this {
    this.#socket.socket.ref();
    return this;
  }

  unref(): this {
    this.#socket.socket.unref();
    return this;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }

  wants(): boolean {
    return !this.stopped;
  }

  told(): void {}

  /** The kernel goes on, and hears nothing until the interface is up. */
  down(): void {}

  failed(error: Error): void {
    this.#end(error);
  }
}

/** The frame that an update makes of the one there is; which requests are answered stays. */
export function checkUpdate(content: Uint8Array | BcmFrameFields, now: BcmFrame): BcmFrame {
  const given = ArrayBuffer.isView(content) ? withData(now, content) : content;
  const frame = checkAnswer(given);
  if (canIdOf(frame) !== canIdOf(now)) {
    throw wrongValue('content', `a frame with the identifier of the answer, ${formatId(now.id)}`, given);
  }
  return frame;
}
