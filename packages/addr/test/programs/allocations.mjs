// Bytes of JavaScript heap per address decoded. argv: the bundled package. Needs --expose-gc and a large semi-space, so that
// no collection falls into a measurement.
const { FieldView, InetView, inet, inet6, packet, packetCodec } = await import(process.argv[2]);

const four = inet('203.0.113.254', 65535).toSockaddr('linux');
const six = inet6('ff02:ffff:8000::fffe', 65535, { scopeId: 0xfffffffe, flowInfo: 0xffffffff }).toSockaddr(
  'linux',
);
const slab = new Uint8Array(128);
const view = new InetView('linux');
const other = new InetView('linux');
other.decode(six, 0, 28);

const link = packet({ ifindex: 3, protocol: 0x800, address: '02:00:00:00:00:01' }).toSockaddr('linux');
const fields = new FieldView(packetCodec, 'linux');

// A small integer, whatever it adds up to: a larger one would be on the heap.
let sum = 0;
// Without it the engine sees that nobody keeps the value, and makes none.
let kept = view.value();
const calls = {
  inet: (i) => {
    four[7] = i;
    sum = (sum + view.decode(four, 0, 16) + view.port) | 0;
  },
  inet6: (i) => {
    six[23] = i;
    sum =
      (sum + view.decode(six, 0, 28) + view.port + (view.equals(other) ? 1 : 0) + (view.stale ? 1 : 0)) | 0;
  },
  'both, in turns, at any offset': (i) => {
    const from = i & 1 ? six : four;
    for (let n = 0; n < from.length; n++) slab[(i & 63) + n] = from[n];
    sum = (sum + view.decode(slab, i & 63, from.length)) | 0;
  },
  'the text of an address that comes again': () => {
    view.decode(four, 0, 16);
    sum = (sum + view.address.length) | 0;
  },
  'fields of a packet address': (i) => {
    link[10] = i & 7;
    fields.decode(link, 0, link.length);
    sum = (sum + fields.get('ifindex') + fields.get('protocol') + fields.get('pkttype')) | 0;
  },
  // So that the measurement is seen to measure.
  'a value': (i) => {
    four[7] = i;
    sum = (sum + view.decode(four, 0, 16)) | 0;
    kept = view.value();
  },
};

const COUNT = 1_000_000;
const once = (call) => {
  // So many values would not fit into the semi-space.
  const count = call === calls['a value'] ? COUNT / 4 : COUNT;
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < count; i++) call(i);
  return (process.memoryUsage().heapUsed - before) / count;
};
// The least of three: code that the engine compiles meanwhile is on the heap too.
const measure = (call) => {
  for (let i = 0; i < COUNT; i++) call(i);
  return Math.min(once(call), once(call), once(call));
};

const result = Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, measure(call)]));
console.log(JSON.stringify({ ...result, sum: sum + Number(kept?.port) }));
