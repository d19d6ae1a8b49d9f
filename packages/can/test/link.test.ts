import { execFileSync, spawnSync } from 'node:child_process';
import { Rtnetlink } from '@sockeye/netlink';
import { calculateBitTiming } from '@sockeye/netlink/bit-timing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CanLink, type CanLinkStatus } from '../src/link.ts';

/** Interfaces of these tests alone. */
const NAME = 'skylink0';
const PEER = 'skylink1';

interface Told {
  mtu: number;
  txqlen: number;
  flags: string[];
  linkinfo: {
    info_kind: string;
    info_data?: Record<string, unknown>;
    info_xstats?: Record<string, number>;
  };
}

/** What ip says. */
function told(name: string): Told {
  const text = execFileSync('ip', ['-json', '-details', '-statistics', 'link', 'show', name], {
    encoding: 'utf8',
  });
  return (JSON.parse(text) as Told[])[0] as Told;
}

/** Why no virtual bus can be made; undefined when one can. */
async function whyNot(): Promise<string | undefined> {
  try {
    await (await CanLink.create({ name: NAME })).delete();
    return undefined;
  } catch (error) {
    return `no virtual CAN bus can be made: ${(error as Error).message}`;
  }
}

/** A controller that is there; undefined where there is none. */
async function controller(): Promise<CanLink | undefined> {
  try {
    const link = await CanLink.get('can0');
    return link.status.kind === 'can' ? link : undefined;
  } catch {
    return undefined;
  }
}

const reason = await whyNot();
const real = await controller();
const refusal = (code: string): object => expect.objectContaining({ code });

afterEach(() => {
  if (reason === undefined) spawnSync('ip', ['link', 'delete', NAME]);
});

describe('a virtual CAN interface', () => {
  beforeEach((context) => {
    if (reason !== undefined) context.skip(reason);
  });

  it('that we make is what ip sees', async () => {
    const link = await CanLink.create({ name: NAME, mtu: 72, queueLength: 50, up: true });
    expect(told(NAME)).toMatchObject({
      mtu: 72,
      txqlen: 50,
      flags: expect.arrayContaining(['UP', 'NOARP', 'LOWER_UP']),
      linkinfo: { info_kind: 'vcan' },
    });
    expect(link.status).toMatchObject({ name: NAME, kind: 'vcan', up: true, mtu: 72, queueLength: 50 });
    // Its MTU changes only while it is down.
    expect(await link.configure({ mtu: 16, up: true })).toMatchObject({ mtu: 16, up: true });
    expect(told(NAME)).toMatchObject({ mtu: 16, flags: expect.arrayContaining(['UP']) });
    await expect(link.configure({ mtu: 72 })).rejects.toThrow(refusal('EBUSY'));
    await expect(link.configure({ bitrate: 500_000 })).rejects.toThrow(refusal('ERR_INVALID_ARG_VALUE'));
    await expect(CanLink.create({ name: NAME })).rejects.toThrow(refusal('EEXIST'));
    await link.delete();
    await expect(link.refresh()).rejects.toThrow(refusal('ENODEV'));
  });

  it('of two ends is a pair', async (context) => {
    const made = await CanLink.create({ name: NAME, kind: 'vxcan', peer: { name: PEER }, up: true }).catch(
      (error: Error) => error,
    );
    if (made instanceof Error) return context.skip(`no vxcan: ${made.message}`);
    const other = await CanLink.get(PEER);
    expect(other.status).toMatchObject({ kind: 'vxcan', up: false });
    expect(told(PEER).linkinfo.info_kind).toBe('vxcan');
    expect(made.status.link.parent).toBe(other.index);
    await made.delete();
    await expect(CanLink.get(PEER)).rejects.toThrow(refusal('ENODEV'));
  });

  it('tells of what ip does with it', async () => {
    const link = await CanLink.create({ name: NAME });
    const seen: CanLinkStatus[] = [];
    const changes = link.changes();
    seen.push((await changes.next()).value as CanLinkStatus);
    execFileSync('ip', ['link', 'set', NAME, 'up']);
    execFileSync('ip', ['link', 'set', NAME, 'down']);
    execFileSync('ip', ['link', 'set', NAME, 'mtu', '16']);
    execFileSync('ip', ['link', 'delete', NAME]);
    for await (const status of changes) seen.push(status);
    expect(seen[0]).toMatchObject({ up: false });
    expect(seen.some(({ up }) => up)).toBe(true);
    expect(seen.at(-1)).toMatchObject({ up: false, mtu: 16 });
  });

  it('is CAN, and there', async () => {
    await expect(CanLink.get('lo')).rejects.toThrow(refusal('ERR_INVALID_ARG_VALUE'));
    await expect(CanLink.get('nowhere')).rejects.toThrow(refusal('ENODEV'));
    await expect(CanLink.create({ name: NAME, kind: 'can' as 'vcan' })).rejects.toThrow(
      refusal('ERR_INVALID_ARG_VALUE'),
    );
  });
});

describe('a controller', () => {
  let link: CanLink;

  beforeEach((context) => {
    if (real === undefined) context.skip('there is no CAN controller (can0)');
    else link = real;
  });

  it('is set as ip sees it, and the kernel’s timing is ours', async () => {
    const before = await link.refresh();
    try {
      for (const bitrate of [
        1_000_000, 800_000, 500_000, 250_000, 125_000, 83_333, 50_000, 33_333, 20_000, 10_000,
      ]) {
        const { controller } = await link.configure({ bitrate, restartMs: 100, up: true });
        const { info_data: data } = told('can0').linkinfo;
        const { timing, clock, limits } = controller ?? {};
        expect(data).toMatchObject({
          clock,
          restart_ms: 100,
          bittiming: {
            bitrate: timing?.bitrate,
            sample_point: timing?.samplePoint.toFixed(3),
            tq: timing?.tq,
            prop_seg: timing?.propSeg,
            phase_seg1: timing?.phaseSeg1,
            phase_seg2: timing?.phaseSeg2,
            sjw: timing?.sjw,
            brp: timing?.brp,
          },
          bittiming_const: {
            name: limits?.name,
            tseg1: { min: limits?.tseg1Min, max: limits?.tseg1Max },
            tseg2: { min: limits?.tseg2Min, max: limits?.tseg2Max },
            sjw: { min: 1, max: limits?.sjwMax },
            brp: { min: limits?.brpMin, max: limits?.brpMax },
            brp_inc: limits?.brpIncrement,
          },
        });
        if (clock === undefined || limits === undefined) throw new Error('no clock, or no limits');
        const sjw = timing?.sjw;
        const { bitrateError, samplePointError, ...ours } = calculateBitTiming({
          clock,
          bitrate,
          limits,
          sjw,
        });
        expect(timing, String(bitrate)).toEqual(ours);
      }
      await expect(link.configure({ bitrate: 7_000_000, up: true })).rejects.toMatchObject({
        name: 'NetlinkError',
        syscall: 'RTM_NEWLINK',
      });
      await link.configure({ modes: { listenOnly: true, oneShot: true }, bitrate: 500_000, up: true });
      expect(told('can0').linkinfo.info_data?.ctrlmode).toEqual(
        expect.arrayContaining(['LISTEN-ONLY', 'ONE-SHOT']),
      );
      expect(link.status.controller?.modes).toEqual(['listenOnly', 'oneShot']);
      await link.configure({
        modes: { listenOnly: false, oneShot: false },
        samplePoint: 0.8,
        bitrate: 500_000,
        sjw: 2,
        up: true,
      });
      expect(told('can0').linkinfo.info_data?.ctrlmode ?? []).not.toContain('LISTEN-ONLY');
      expect(link.status.controller?.timing).toMatchObject({ sjw: 2 });
    } finally {
      const bitrate = before.bitrate ?? 500_000;
      await link.configure({ bitrate, restartMs: before.controller?.restartMs ?? 0, up: before.up });
    }
  });

  it('that ip sets is what we see', async () => {
    const before = await link.refresh();
    try {
      const ip = (...words: string[]): Buffer => execFileSync('ip', ['link', 'set', 'can0', ...words]);
      ip('down');
      ip(
        'type',
        'can',
        'tq',
        '125',
        'prop-seg',
        '6',
        'phase-seg1',
        '7',
        'phase-seg2',
        '2',
        'sjw',
        '1',
        'restart-ms',
        '250',
        'triple-sampling',
        'on',
      );
      ip('txqueuelen', '77', 'up');
      const status = await link.refresh();
      const { info_data: data, info_xstats: counted } = told('can0').linkinfo;
      expect(status).toMatchObject({
        up: true,
        queueLength: 77,
        state: String(data?.state).toLowerCase(),
        kind: 'can',
      });
      expect(status.controller).toMatchObject({
        restartMs: 250,
        modes: ['tripleSampling'],
        timing: { tq: 125, propSeg: 6, phaseSeg1: 7, phaseSeg2: 2, sjw: 1 },
      });
      const { busErrors, errorWarnings, errorPassives, busOffs, arbitrationsLost, restarts } =
        status.errors ?? {};
      expect(counted).toEqual({
        restarts,
        bus_error: busErrors,
        arbitration_lost: arbitrationsLost,
        error_warning: errorWarnings,
        error_passive: errorPassives,
        bus_off: busOffs,
      });
      await expect(link.configure({ restartMs: 5 })).rejects.toThrow(refusal('EBUSY'));
      await expect(link.restart()).rejects.toMatchObject({ name: 'NetlinkError' });
    } finally {
      await link.configure({
        modes: { tripleSampling: false },
        bitrate: before.bitrate ?? 500_000,
        restartMs: 0,
        queueLength: before.queueLength,
        up: true,
      });
    }
  });

  it('is among the links of its kind', async () => {
    const route = Rtnetlink.open();
    try {
      expect((await route.links({ kind: 'can' })).map(({ name }) => name)).toContain('can0');
    } finally {
      route.close();
    }
  });
});
