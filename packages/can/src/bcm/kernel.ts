import { checkObject, checkUint, wrongValue } from '@sockeye/addr/check';
import { errnos, ifNameToIndex, type NamespaceOptions, SocketError } from '@sockeye/core';
import {
  BCM_MAX_FRAMES,
  type BcmFrame,
  type BcmFrameFields,
  CAN_FD_FRAME,
  TX_EXPIRED,
} from '../bcm-message.ts';
import { CAN_ERR_FLAG, type CanId } from '../id.ts';
import { CANFD_MTU } from '../layout.ts';
import { KernelAnswer } from './answer.ts';
import { KernelCyclic } from './cyclic.ts';
import {
  type BroadcastManager,
  type CyclicJob,
  type CyclicTiming,
  canIdOf,
  checkAnswer,
  checkFrames,
  checkTiming,
  checkWatch,
  type RemoteAnswer,
  type Watch,
  type WatchOptions,
} from './options.ts';
import { BcmSocket, type Receiver, type Told } from './socket.ts';
import { endedError } from './wait.ts';
import { KernelWatch } from './watch.ts';

/** The broadcast manager of Linux, on one interface: the kernel's networking/can.rst. It takes no capability. */
export class Bcm implements BroadcastManager, Receiver {
  readonly by = 'kernel';
  /** Index of the interface; 0 for all. */
  readonly ifindex: number;
  /** All transmissions have one socket, where the kernel tells them apart by canid_t and kind. */
  readonly #socket: BcmSocket;
  readonly #jobs: Map<string, KernelCyclic> = new Map();
  readonly #others: Set<{ close(): void }> = new Set();
  #labels = 0;

  readonly #options: NamespaceOptions | undefined;

  private constructor(ifindex: number, options?: NamespaceOptions) {
    this.ifindex = ifindex;
    this.#options = options;
    this.#socket = new BcmSocket(ifindex, BCM_MAX_FRAMES, this, options);
    this.#socket.socket.unref();
  }

  /**
   * Opens it on an interface, by name or index. On 0, all interfaces, there are watches alone; with `throttle` or `absentAfter`
   * newer kernels have such a watch follow the first interface that has the identifier.
   *
   * @param options `netns`: the network namespace that the interface is in, which is then given by index
   * @throws SocketError ENOTSUP on other systems than Linux, EAFNOSUPPORT or EPROTONOSUPPORT where the kernel has no broadcast
   * manager, ENODEV for an interface that does not exist or is not CAN
   */
  static open(interfaceNameOrIndex: string | number, options: NamespaceOptions = {}): Bcm {
    checkObject('options', options);
    const { netns } = options;
    const place = netns === undefined ? undefined : { netns };
    if (typeof interfaceNameOrIndex !== 'string') {
      return new Bcm(checkUint('interfaceNameOrIndex', interfaceNameOrIndex, 31), place);
    }
    if (place !== undefined) {
      throw wrongValue('interfaceNameOrIndex', 'an index with `netns`', interfaceNameOrIndex);
    }
    // All interfaces first: that the kernel has no broadcast manager is worth more to know than that it lacks the interface.
    new Bcm(0).close();
    return new Bcm(ifNameToIndex(interfaceNameOrIndex));
  }

  get closed(): boolean {
    return this.#socket.closed;
  }

  #use(): void {
    if (this.closed) throw endedError();
    if (this.#socket.gone !== undefined) throw this.#socket.gone;
  }

  #one(): void {
    this.#use();
    if (this.ifindex !== 0) return;
    const words = 'sendmsg ENODEV: sending takes one interface, and this is open on all (0)';
    throw new SocketError(words, { code: 'ENODEV', errno: -errnos.ENODEV, syscall: 'sendmsg' });
  }

  async cyclic(frames: BcmFrameFields | readonly BcmFrameFields[], timing: CyclicTiming): Promise<CyclicJob> {
    const list = checkFrames(frames);
    const plan = checkTiming(timing);
    this.#one();
    if (list[0]!.fd) this.#carriesFd();
    const label = this.#label(list[0]!);
    const key = keyOf(label, list[0]!.fd);
    const job = new KernelCyclic(this.#socket, label, list, plan, ({ stopped }) => {
      if (stopped) this.#jobs.delete(key);
      this.#hold();
    });
    this.#jobs.set(key, job);
    this.#hold();
    this.#socket.read();
    return job;
  }

  /** The kernel takes such a job on any interface, and then loses each frame without a word. */
  #carriesFd(): void {
    if (this.#socket.mtu() >= CANFD_MTU) return;
    const words = 'sendmsg EINVAL: the interface carries classic frames only; CAN FD takes an MTU of 72';
    throw new SocketError(words, { code: 'EINVAL', errno: -errnos.EINVAL, syscall: 'sendmsg' });
  }

  /**
   * What the kernel knows a job by: the identifier of its first frame, which /proc/net/can-bcm shows, or for a further job
   * with it something that no data frame has.
   */
  #label(frame: BcmFrame): number {
    let label = canIdOf(frame);
    while (this.#jobs.has(keyOf(label, frame.fd))) {
      this.#labels = (this.#labels + 1) % CAN_ERR_FLAG;
      label = CAN_ERR_FLAG + this.#labels;
    }
    return label;
  }

  /** Waits for as long as jobs do; lets the process end when none of them holds it. */
  #hold(): void {
    if (this.closed) return;
    if ([...this.#jobs.values()].some((job) => job.referenced)) this.#socket.socket.ref();
    else this.#socket.socket.unref();
  }

  watch(id: CanId | number, options: WatchOptions = {}): Watch {
    const plan = checkWatch(id, options);
    this.#use();
    const over = (closed: KernelWatch): void => void this.#others.delete(closed);
    const watch = new KernelWatch(this.ifindex, plan, options.signal, over, this.#options);
    if (!watch.closed) this.#others.add(watch);
    return watch;
  }

  answer(frame: BcmFrameFields): RemoteAnswer {
    const answer = checkAnswer(frame);
    this.#one();
    const over = (ended: KernelAnswer): void => void this.#others.delete(ended);
    const made = new KernelAnswer(this.ifindex, answer, over, this.#options);
    this.#others.add(made);
    return made;
  }

  close(): void {
    for (const job of [...this.#jobs.values()]) job.stop();
    for (const other of [...this.#others]) other.close();
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** @internal */
  wants(): boolean {
    return true;
  }

  /** @internal */
  told({ message: { opcode, canId, flags } }: Told): void {
    if (opcode !== TX_EXPIRED) return;
    this.#jobs.get(keyOf(canId, (flags & CAN_FD_FRAME) !== 0))?.expired();
  }

  /** @internal The kernel goes on counting, and what it sends is lost until the interface is up. */
  down(): void {}

  /** @internal */
  failed(error: Error): void {
    for (const job of [...this.#jobs.values()]) job.end(error);
  }
}

const keyOf = (label: number, fd: boolean): string => `${label}${fd ? ' FD' : ''}`;
