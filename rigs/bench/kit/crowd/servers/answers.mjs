/** What every server of these says on its standard output: see crowd.mjs. */
import { createInterface } from 'node:readline';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function resident() {
  for (let i = 0; i < 4; i++) {
    await pause(20);
    globalThis.gc();
  }
  return process.memoryUsage.rss();
}

/**
 * @param {number} port
 * @param {() => number} accepted how many connections there are
 */
export function answers(port, accepted) {
  const questions = {
    port: () => port,
    accepted,
    resident,
  };
  createInterface({ input: process.stdin })
    .on('line', async (question) => console.log(String(await questions[question]())))
    .on('close', () => process.exit(0));
}
