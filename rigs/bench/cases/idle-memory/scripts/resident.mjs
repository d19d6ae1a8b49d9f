/** The process' memory that connections take: what is resident after a collection. */
/** Connections that count, and those before: code, tables and the first pages of the heap are made for them. */
const CONNECTIONS = 2000;
const WARM = 600;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function resident() {
  for (let i = 0; i < 4; i++) {
    await pause(5);
    globalThis.gc();
  }
  return process.memoryUsage.rss();
}

/**
 * Prints the bytes for each end.
 * @param {(connections: number) => Promise<unknown[]>} open makes connections, and gives what holds them
 */
export async function measure(open) {
  const first = await open(WARM);
  const before = await resident();
  const held = await open(CONNECTIONS);
  const bytes = (await resident()) - before;
  console.log(String(Math.round(bytes / (2 * CONNECTIONS))));
  // both are held until here
  process.exit(first.length < held.length ? 0 : 1);
}
