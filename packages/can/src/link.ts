import { checkInteger, checkObject, wrongType, wrongValue } from '@sockeye/addr/check';
import type { NamespaceOptions, WaitOptions } from '@sockeye/core';
import { type Change, type Link, type LinkStatistics, Rtnetlink } from '@sockeye/netlink';
import {
  type CanMode,
  type CanParameters,
  type CanSettings,
  type CanState,
  type CanStatistics,
  type CanTiming,
  decodeCanParameters,
  decodeCanStatistics,
  encodeCanSettings,
} from '@sockeye/netlink/can';

/** ARPHRD_CAN of linux/if_arp.h. */
const ARPHRD_CAN = 280;

/** What a CAN interface is set to and how it fares, at one moment. */
export interface CanLinkStatus {
  readonly name: string;
  readonly index: number;
  /** `can` for controllers, `vcan`, `vxcan`, …; undefined for one whose driver has no kind. */
  readonly kind: string | undefined;
  /** Told to be up. */
  readonly up: boolean;
  /** Whether frames get through: IFF_RUNNING. */
  readonly running: boolean;
  /** 16 classic frames, 72 also FD ones, above also XL ones. */
  readonly mtu: number;
  /** Frames that may wait to be sent. */
  readonly queueLength: number | undefined;
  readonly statistics: LinkStatistics | undefined;
  /** Error state; undefined for virtual ones, which have none. */
  readonly state: CanState | number | undefined;
  /** In bit/s; undefined as long as it was never set, and for virtual ones. */
  readonly bitrate: number | undefined;
  /** Of controllers: timing, clock, modes, termination, error counters and what can be set. */
  readonly controller: CanParameters | undefined;
  /** Of controllers: bus errors, changes of state, restarts. */
  readonly errors: CanStatistics | undefined;
  /** All that the kernel told. */
  readonly link: Link;
}

/** What can be set; what is left out stays. */
export interface CanLinkSettings {
  /** In bit/s; `samplePoint` (0 to 1) and `sjw` (time quanta) are the kernel's choice unless given. */
  readonly bitrate?: number | undefined;
  readonly samplePoint?: number | undefined;
  readonly sjw?: number | undefined;
  /** Of the data phase of CAN FD. */
  readonly dataBitrate?: number | undefined;
  readonly dataSamplePoint?: number | undefined;
  readonly dataSjw?: number | undefined;
  /** Segments instead of a bit rate, as `calculateBitTiming` gives them. */
  readonly timing?: CanTiming | undefined;
  readonly dataTiming?: CanTiming | undefined;
  readonly tdc?: CanSettings['tdc'];
  readonly modes?: { readonly [Mode in CanMode]?: boolean | undefined } | undefined;
  /** Pause before it restarts by itself after bus-off; 0 for never. */
  readonly restartMs?: number | undefined;
  /** In ohms; 0 for none. */
  readonly termination?: number | undefined;
  readonly mtu?: number | undefined;
  readonly queueLength?: number | undefined;
  /** Whether it is up afterwards. With true, one that is up goes down for as long as it takes where that is needed. */
  readonly up?: boolean | undefined;
}

/** A virtual interface to be made. */
export interface NewCanLink {
  readonly name: string;
  /** Default `vcan`, a bus in one interface; `vxcan` is a pair. */
  readonly kind?: 'vcan' | 'vxcan' | undefined;
  /** The other end of a vxcan, and where it is. */
  readonly peer?:
    | {
        readonly name: string;
        readonly netns?: { readonly pid: number } | { readonly fd: number } | undefined;
      }
    | undefined;
  readonly mtu?: number | undefined;
  readonly queueLength?: number | undefined;
  readonly up?: boolean | undefined;
}

function statusOf(link: Link): CanLinkStatus {
  const { name, index, kind, up, mtu, queueLength, statistics, data, extraStatistics, flags } = link;
  // Virtual ones have data of another form, or none.
  const controller = kind === 'can' && data !== undefined ? decodeCanParameters(data) : undefined;
  const errors =
    kind === 'can' && extraStatistics !== undefined ? decodeCanStatistics(extraStatistics) : undefined;
  return {
    name,
    index,
    kind,
    up,
    running: flags.includes('RUNNING'),
    mtu,
    queueLength,
    statistics,
    state: controller?.state,
    bitrate: controller?.timing?.bitrate,
    controller,
    errors,
    link,
  };
}

function timingOf(
  prefix: '' | 'data',
  bitrate: number | undefined,
  samplePoint: number | undefined,
  sjw: number | undefined,
  timing: CanTiming | undefined,
): CanTiming | undefined {
  const name = (word: string): string =>
    prefix === '' ? word : `data${word.charAt(0).toUpperCase()}${word.slice(1)}`;
  if (bitrate !== undefined) {
    checkInteger(name('bitrate'), bitrate, 1, 0xffffffff);
    if (timing !== undefined)
      throw wrongValue(name('timing'), `undefined beside \`${name('bitrate')}\``, timing);
    return { bitrate, samplePoint, sjw };
  }
  if (samplePoint !== undefined) {
    throw wrongValue(name('samplePoint'), `undefined without \`${name('bitrate')}\``, samplePoint);
  }
  if (sjw !== undefined) throw wrongValue(name('sjw'), `undefined without \`${name('bitrate')}\``, sjw);
  return timing;
}

/** What of the settings is the controller's; undefined for nothing. */
function controllerSettings(settings: CanLinkSettings): CanSettings | undefined {
  const { bitrate, samplePoint, sjw, dataBitrate, dataSamplePoint, dataSjw } = settings;
  const { tdc, modes, restartMs, termination } = settings;
  const timing = timingOf('', bitrate, samplePoint, sjw, settings.timing);
  const dataTiming = timingOf('data', dataBitrate, dataSamplePoint, dataSjw, settings.dataTiming);
  const all: CanSettings = { timing, dataTiming, tdc, modes, restartMs, termination };
  return Object.values(all).some((value) => value !== undefined) ? all : undefined;
}

/**
 * A CAN interface, real or virtual, by rtnetlink(7): what ip-link(8) does with `type can`. Looking takes no privilege, changing takes
 * CAP_NET_ADMIN. Linux.
 */
export class CanLink {
  readonly index: number;
  readonly #options: NamespaceOptions;
  #status: CanLinkStatus;

  private constructor(status: CanLinkStatus, options: NamespaceOptions) {
    this.index = status.index;
    this.#status = status;
    this.#options = options;
  }

  /**
   * The interface of this name or index.
   * @throws NetlinkError ENODEV when there is none; ERR_INVALID_ARG_VALUE for one that is not CAN; ENOTSUP on other systems than Linux
   */
  static async get(which: string | number, options: NamespaceOptions & WaitOptions = {}): Promise<CanLink> {
    checkObject('options', options);
    const { netns } = options;
    const link = await asked({ netns }, (route) => route.link(which, options));
    if (link.hardwareType !== ARPHRD_CAN) throw wrongValue('which', 'a CAN interface', which);
    return new CanLink(statusOf(link), { netns });
  }

  /** Makes a virtual one. Throws NetlinkError EEXIST for a name that is taken, EOPNOTSUPP where the kernel's module is not loaded. */
  static async create(link: NewCanLink, options: NamespaceOptions & WaitOptions = {}): Promise<CanLink> {
    checkObject('link', link);
    checkObject('options', options);
    const { kind = 'vcan', name, peer, mtu, queueLength, up } = link;
    if (kind !== 'vcan' && kind !== 'vxcan') throw wrongValue('kind', "'vcan' or 'vxcan'", kind);
    const { netns } = options;
    await asked({ netns }, (route) => route.createLink({ kind, name, peer, mtu, queueLength }, options));
    const made = await CanLink.get(name, options);
    if (up !== undefined) await made.configure({ up }, options);
    return made;
  }

  /** As it was when it was last asked or changed: {@link refresh} asks anew. */
  get status(): CanLinkStatus {
    return this.#status;
  }

  get name(): string {
    return this.#status.name;
  }

  /** Asks the kernel. Throws NetlinkError ENODEV when it is gone. */
  async refresh(options?: WaitOptions): Promise<CanLinkStatus> {
    this.#status = statusOf(await asked(this.#options, (route) => route.link(this.index, options)));
    return this.#status;
  }

  /**
   * Sets what is given, by one request where it is down already or what is given may be set while it is up.
   *
   * @returns how it is afterwards
   * @throws NetlinkError EBUSY for what takes an interface that is down, without `up: true`; EINVAL for `up` without a bit rate;
   * EOPNOTSUPP for modes that the controller has not; EDOM for a bit rate that its clock does not give; EPERM.
   * ERR_INVALID_ARG_VALUE for a controller's settings on a virtual interface
   */
  async configure(settings: CanLinkSettings, options?: WaitOptions): Promise<CanLinkStatus> {
    checkObject('settings', settings);
    const { mtu, queueLength, up } = settings;
    if (up !== undefined && typeof up !== 'boolean') throw wrongType('up', 'true or false', up);
    const controller = controllerSettings(settings);
    const data = controller === undefined ? undefined : encodeCanSettings(controller);
    await asked(this.#options, async (route) => {
      const now = await route.link(this.index, options);
      if (data !== undefined && now.kind !== 'can') {
        throw wrongValue(
          'settings',
          `without a controller's: ${now.name} is virtual (${now.kind})`,
          settings,
        );
      }
      const down = up === true && now.up && (data !== undefined || (mtu !== undefined && mtu !== now.mtu));
      if (down) await route.changeLink(this.index, { up: false }, options);
      const kind = data === undefined ? undefined : 'can';
      await route.changeLink(this.index, { mtu, queueLength, up, kind, data }, options);
    });
    return this.refresh(options);
  }

  /**
   * Restarts a controller after bus-off, once.
   * @throws NetlinkError EINVAL when it is down, EBUSY when it is not bus-off or restarts by itself
   */
  async restart(options?: WaitOptions): Promise<void> {
    const data = encodeCanSettings({ restart: true });
    await asked(this.#options, (route) => route.changeLink(this.index, { kind: 'can', data }, options));
  }

  /** Takes a virtual one away, and the other end of a vxcan with it. */
  async delete(options?: WaitOptions): Promise<void> {
    await asked(this.#options, (route) => route.deleteLink(this.index, options));
  }

  /**
   * How it is now, then how it is after each change that the kernel tells of: up, down, bus-off and back, settings. Error states
   * between active and bus-off are told with the next of those; error frames tell of them at once. It ends when the interface is gone.
   *
   * @throws SocketError ABORT_ERR when the signal is aborted
   */
  async *changes(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<CanLinkStatus, void, undefined> {
    checkObject('options', options);
    const { signal } = options;
    const route = Rtnetlink.open(this.#options);
    // It hears before it asks, so nothing is missed between.
    const heard = route.changes({ of: ['link'], signal });
    try {
      yield await this.refresh({ signal });
      for await (const change of heard) {
        if (change.kind === 'overrun') yield await this.refresh({ signal });
        else if (this.#meant(change)) {
          if (change.change === 'delete') return;
          this.#status = statusOf(change.link);
          yield this.#status;
        }
      }
    } finally {
      await heard.return?.();
      route.close();
    }
  }

  #meant(change: Change): change is Extract<Change, { kind: 'link' }> {
    return (
      change.kind === 'link' && change.link.index === this.index && change.link.hardwareType === ARPHRD_CAN
    );
  }
}

/** A socket for one call: a link holds none. */
async function asked<T>(options: NamespaceOptions, ask: (route: Rtnetlink) => Promise<T>): Promise<T> {
  const route = Rtnetlink.open(options);
  try {
    return await ask(route);
  } finally {
    route.close();
  }
}
