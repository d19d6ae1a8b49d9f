import { IsoTp } from '@sockeye/can/isotp';
import { missing } from './turns.mjs';
import { makeBus } from './vcan.mjs';

/**
 * Two ends of an ISO-TP connection on a bus of their own; where there is none, says so and leaves.
 * @param {'kernel' | 'own'} implementation
 */
async function ends(implementation) {
  const bus = makeBus();
  if (bus === undefined) return undefined;
  // A raw socket has room for some 200 frames: both ends being one process, more would be lost.
  const options = { frameTxTime: 0, implementation, blockSize: implementation === 'own' ? 64 : 0 };
  try {
    return [
      await IsoTp.open(bus, { ...options, tx: 0x7e0, rx: 0x7e8 }),
      await IsoTp.open(bus, { ...options, tx: 0x7e8, rx: 0x7e0 }),
    ];
  } catch (error) {
    missing(`no can-isotp: ${error.code}`);
    return undefined;
  }
}

/** @param {'kernel' | 'own'} implementation */
export async function requests(implementation, turns) {
  const both = await ends(implementation);
  if (both === undefined) return;
  const [tester, ecu] = both;
  const answer = Uint8Array.of(0x62, 0xf1, 0x90, 1, 2);
  (async () => {
    for await (const _request of ecu.messages()) await ecu.send(answer);
  })();
  const request = Uint8Array.of(0x22, 0xf1, 0x90);
  turns(async (n) => {
    for (let i = 0; i < n; i++) {
      if ((await tester.request(request)).length !== 5) throw new Error('another answer');
    }
  });
}

/** @param {'kernel' | 'own'} implementation */
export async function messages(implementation, turns) {
  const both = await ends(implementation);
  if (both === undefined) return;
  const [from, to] = both;
  const message = new Uint8Array(4095).fill(0x55);
  turns(async (n) => {
    for (let i = 0; i < n; i++) {
      const receiving = to.recv();
      await from.send(message);
      if ((await receiving).length !== 4095) throw new Error('a part only');
    }
  });
}
