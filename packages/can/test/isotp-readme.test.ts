import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as can from '../src/index.ts';
import { IsoTp, type IsoTpOptions } from '../src/isotp.ts';

const AsyncFunction = (async () => {}).constructor as new (
  ...code: string[]
) => (...given: unknown[]) => Promise<void>;

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const section = /## ISO-TP\n(.*?)\n## /s.exec(readme)?.[1] ?? '';
const examples = [...section.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code ?? '');

/** Runs an example; a name of an interface is a node of this bus. */
async function run(code: string, bus: can.VirtualCan): Promise<string[]> {
  const body = code
    .replace(/^import (\{[^}]*\}) from '@sockeye\/can';$/m, 'const $1 = can;')
    .replace(/^import (\{[^}]*\}) from '@sockeye\/can\/isotp';$/m, 'const $1 = isotp;');
  expect(body).not.toMatch(/^import /m);
  const isotp = {
    IsoTp: {
      open: (where: string | can.MemoryBus, options: IsoTpOptions) =>
        IsoTp.open(typeof where === 'string' ? bus.open() : where, options),
    },
  };
  const lines: string[] = [];
  const log = { log: (line: string) => lines.push(line) };
  await new AsyncFunction('can', 'isotp', 'console', body)(can, isotp, log);
  return lines;
}

const said = (code: string): string | undefined => /console\.log.*\/\/ (.+)/.exec(code)?.[1];

it("the README's tester asks an ECU", async () => {
  const [code = ''] = examples;
  const bus = new can.VirtualCan();
  const ecu = await IsoTp.open(bus.open(), { tx: 0x7e8, rx: 0x7e0 });
  const answering = ecu.recv({ timeout: 5000 }).then(async (request) => {
    expect(request).toEqual(Uint8Array.of(0x22, 0xf1, 0x90));
    await ecu.send(Buffer.from(`\x62\xf1\x90${said(code)}`, 'latin1'));
  });
  expect(await run(code, bus)).toEqual([said(code)]);
  await answering;
  await ecu.close();
});

it("the README's echo answers over a bus in memory", async () => {
  const [, code = ''] = examples;
  expect(await run(code, new can.VirtualCan())).toEqual([said(code)]);
  expect(examples).toHaveLength(2);
});
