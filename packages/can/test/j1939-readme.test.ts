import { readFileSync } from 'node:fs';
import { can } from '@sockeye/addr';
import { constants, ifNameToIndex, Socket } from '@sockeye/core';
import typescript from 'typescript';
import { describe, expect, it } from 'vitest';
import * as fastPacket from '../src/j1939/fast-packet.ts';
import * as name from '../src/j1939/name.ts';
import * as pgn from '../src/j1939/pgn.ts';
import * as j1939 from '../src/j1939.ts';

const BUS = process.env.SOCKEYE_VCAN ?? 'vcan0';
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const section = /## J1939 and NMEA 2000\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? '';
const examples = [...section.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code as string);
const modules: Readonly<Record<string, object>> = {
  '@sockeye/can/j1939': j1939,
  '@sockeye/can/j1939/fast-packet': fastPacket,
  '@sockeye/can/j1939/name': name,
  '@sockeye/can/j1939/pgn': pgn,
};

const AsyncFunction = (async () => {}).constructor as new (
  ...code: string[]
) => (...given: unknown[]) => Promise<void>;

/** Runs an example, on our bus; what it says, and what its comments have it say. */
async function run(example: string): Promise<{ said: string[]; promised: string[] }> {
  const promised = [...example.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(
    ([, words]) => words as string,
  );
  const body = example
    .replace(/^import (\{[^}]*\}) from '([^']*)';$/gm, "const $1 = modules['$2'];")
    .replaceAll("'can0'", `'${BUS}'`);
  expect(body).not.toMatch(/^import /m);
  const { outputText } = typescript.transpileModule(`async function example() {${body}}`, {
    compilerOptions: { target: typescript.ScriptTarget.ES2022, module: typescript.ModuleKind.ESNext },
  });
  const said: string[] = [];
  const log = (...words: unknown[]): number => said.push(words.map(String).join(' '));
  const signal = AbortSignal.timeout(15_000);
  await new AsyncFunction('modules', 'console', 'signal', `${outputText}; await example();`)(
    modules,
    { log },
    signal,
  );
  return { said, promised };
}

function whyNot(): string | undefined {
  try {
    Socket.create(constants.AF_CAN, constants.SOCK_DGRAM, constants.CAN_J1939).close();
    const socket = Socket.create(constants.AF_CAN, constants.SOCK_RAW, constants.CAN_RAW);
    socket.bind(can(ifNameToIndex(BUS)));
    socket.close();
    return undefined;
  } catch (error) {
    return `no J1939 on a virtual CAN bus ${BUS}: ${(error as Error).message}`;
  }
}
const reason = whyNot();

describe("the README's examples", () => {
  it('claim, send, request and receive', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    await using peer = j1939.J1939.open(BUS, { address: 0x20 });
    const asked = peer.messages({ pgn: 0xea00 });
    const heard = peer.messages({ pgn: 0xef00 });
    let done = false;
    const answering = (async () => {
      const { value } = await heard.next();
      expect(value?.data).toHaveLength(2000);
      const to = value?.from ?? 0;
      await asked.next();
      await peer.send({ pgn: 0xfeda, to, data: new Uint8Array(12) });
      // Broadcasts until it was heard: the example listens some time after its answer came.
      while (!done) {
        await peer.send({ pgn: 0xfeca, data: new Uint8Array(8) });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    const { said, promised } = await run(examples[0] ?? '').finally(() => {
      done = true;
    });
    await answering;
    expect(said.filter((line) => !/^\d+ 2000$/.test(line))).toEqual(promised);
    expect(said).toContain('2000 2000');
  });

  it('send and receive fast-packets', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    await using peer = j1939.J1939.open(BUS, { address: 7 });
    const network = new j1939.Nmea2000(peer, { fast: [126996, 129029] });
    const heard = network.messages({ pgn: 126996 });
    const answering = heard.next().then(async ({ value }) => {
      expect(value).toMatchObject({ pgn: 126996, from: 0x23, to: 0xff });
      expect(value?.data).toHaveLength(134);
      await network.send({ pgn: 129029, data: new Uint8Array(43) });
    });
    const { said, promised } = await run(examples[1] ?? '');
    await answering;
    expect(said).toEqual(promised);
  });

  it('encode and decode', async () => {
    const { said, promised } = await run(examples[2] ?? '');
    expect(promised).toHaveLength(5);
    expect(said).toEqual(promised);
    expect(examples).toHaveLength(3);
  });
});
