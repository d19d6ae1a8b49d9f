/**
 * Makes a net of two hosts with a process in one, prints its namespaces as JSON, and then, as its argument says: `end`
 * ends it, `throw` throws, `exit` exits without a word, `hold` stays until a signal. To be run with tsx.
 */
import { Net } from '../../netns/index.ts';

const net = await Net.create();
const a = net.host('a');
const b = net.host('b');
net.link(a, b);
a.spawn(['sleep', '600'], { stdio: 'ignore' }).unref();
console.log(JSON.stringify(net.namespaces));
switch (process.argv[2]) {
  case 'end':
    net.end();
    break;
  case 'throw':
    throw new Error('thrown by the spec');
  case 'exit':
    process.exit(3);
    break;
  default:
    setInterval(() => {}, 1000);
}
