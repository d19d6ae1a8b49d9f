// Echo requests, and what becomes of them.
// Usage: ping.ts [host] [how many] [milliseconds between them]
import { ping } from '@sockeye/raw';

const [host = '127.0.0.1', count = '3', interval = '1000'] = process.argv.slice(2);

for await (const one of ping(host, { count: Number(count), interval: Number(interval) })) {
  if (one.kind === 'reply') {
    const { length, from, sequence, hopLimit, rttMs } = one;
    console.log(
      `${length} bytes from ${from}: sequence ${sequence}, hop limit ${hopLimit}, ${rttMs.toFixed(3)} ms`,
    );
  } else if (one.kind === 'error')
    console.log(`${one.from ?? 'this host'}: sequence ${one.sequence}, ${one.code}`);
  else console.log(`sequence ${one.sequence}: no reply`);
}
