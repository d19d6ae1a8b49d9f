// The hops on the way to a host.
// Usage: traceroute.ts [host] [udp, icmp or tcp]
import { traceroute } from '@sockeye/raw';

const [host = '127.0.0.1', method = 'udp'] = process.argv.slice(2);
if (method !== 'udp' && method !== 'icmp' && method !== 'tcp') throw new Error(`no way to trace: ${method}`);

for await (const { hop, answers } of traceroute(host, { method })) {
  const froms = new Set(answers.map((one) => one?.from ?? '*'));
  const times = answers.map((one) => (one === undefined ? '*' : `${one.rttMs.toFixed(3)} ms`));
  console.log(`${hop} ${[...froms].join(' ')} ${times.join(' ')}`);
}
