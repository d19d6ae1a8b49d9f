import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CTRL_ATTR, CTRL_CMD } from '../src/generic.ts';
import { AttributeWriter, GenericNetlink } from '../src/index.ts';
import { whyNoNetlink } from './namespace.ts';

let socket: GenericNetlink;

beforeEach((context) => {
  const reason = whyNoNetlink();
  if (reason !== undefined) context.skip(reason);
  socket = GenericNetlink.open();
});

afterEach(() => socket?.close());

describe('generic families', () => {
  it('are those that genl sees', async (context) => {
    const { error, stdout } = spawnSync('genl', ['ctrl', 'list'], { encoding: 'utf8' });
    if (error !== undefined) return context.skip('there is no genl (iproute2)');
    const theirs = [
      ...stdout.matchAll(
        /Name: (\S+)\s+ID: (0x\w+)\s+Version: (0x\w+)\s+header size: (\d+)\s+max attribs: (\d+)/g,
      ),
    ];
    expect(theirs.length).toBeGreaterThan(0);
    const ours = await socket.families();
    expect(
      ours.map(({ name, id, version, headerSize, maxAttribute }) => [
        name,
        id,
        version,
        headerSize,
        maxAttribute,
      ]),
    ).toEqual(theirs.map(([, name, ...numbers]) => [name, ...numbers.map(Number)]));
    const groups = [...stdout.matchAll(/ID-(0x\w+)\s+name: (\S+)/g)].map(([, id, name]) => [
      name,
      Number(id),
    ]);
    expect(ours.flatMap((family) => [...family.groups])).toEqual(groups);
  });

  it('are found by name, and asked', async () => {
    const ctrl = await socket.family('nlctrl');
    expect(ctrl).toMatchObject({ id: 16, name: 'nlctrl' });
    expect(ctrl.groups.get('notify')).toBeGreaterThan(0);
    expect(ctrl.operations).toContainEqual(expect.objectContaining({ id: CTRL_CMD.GETFAMILY }));
    const attributes = new AttributeWriter().u16(CTRL_ATTR.FAMILY_ID, ctrl.id).bytes();
    const [answer] = await socket.request(ctrl, { command: CTRL_CMD.GETFAMILY, attributes });
    expect(answer?.attributes.text(CTRL_ATTR.FAMILY_NAME)).toBe('nlctrl');
    expect(await socket.dump(ctrl, { command: CTRL_CMD.GETFAMILY })).toHaveLength(
      (await socket.families()).length,
    );
    await expect(socket.family('no-such-family')).rejects.toMatchObject({
      name: 'NetlinkError',
      code: 'ENOENT',
    });
    await expect(socket.request(ctrl, { command: 200 })).rejects.toMatchObject({
      code: 'EOPNOTSUPP',
      syscall: 'nlctrl command 200',
    });
    await expect(socket.request(ctrl, { command: 256 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  });

  it('have groups to listen to', async () => {
    const ctrl = await socket.family('nlctrl');
    const heard = socket.messages(ctrl, ['notify']);
    const next = heard.next();
    await heard.return?.();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(() => socket.messages(ctrl, ['gossip'])).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    const stop = new AbortController();
    const until = socket.messages(ctrl, ['notify'], { signal: stop.signal }).next();
    stop.abort();
    await expect(until).rejects.toMatchObject({ code: 'ABORT_ERR' });
  });
});
