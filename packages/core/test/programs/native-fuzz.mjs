/**
 * Calls every native function with whatever there is, and ends: `native-fuzz.mjs <seed> <calls>`. Prints how many calls it made.
 * Nothing is expected but that the process lives, that what is returned is a number, a string or an object, and that descriptors
 * are back to where they were. Under Valgrind it shows reads and writes out of bounds too.
 */
import { openSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const native = createRequire(import.meta.url)('@sockeye/core-linux-x64-gnu');
const [, , seed = '1', calls = '20000'] = process.argv;

/** A small generator of pseudo-random numbers: the seed repeats the run. */
let state = Number(seed) >>> 0;
function random(below) {
  state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
  const mixed = Math.imul(state ^ (state >>> 13), 0x297a2d39) >>> 0;
  return ((mixed ^ (mixed >>> 16)) >>> 0) % below;
}
const pick = (list) => list[random(list.length)];

/** What may not be called here, and why. */
const LEFT_OUT = new Map([
  ['leaveHook', 'Node.js would wait for the hook at the end, for ever'],
  ['setup', 'the engine would tell another function'],
  ['sethostname', 'the machine would have another name'],
]);

/** Where each call that can block has its timeout: it may not wait for long. */
const TIMEOUT_AT = {
  connectSync: 3,
  acceptSync: 3,
  recvSync: 6,
  recvfromSync: 6,
  sendSync: 6,
  sendtoSync: 6,
  recvmsgSync: 5,
  sendmsgSync: 4,
  recvmmsgSync: 5,
  sendmmsgSync: 6,
  sendfileSync: 5,
  epollWaitSync: 3,
  pollManySync: 1,
  spliceFromSync: 5,
  spliceIntoSync: 5,
  pollSync: 3,
};

/** How many arguments stand before the array for the ticket. */
const LOOKUP_ARGUMENTS = {
  getaddrinfo: 6,
  getnameinfo: 2,
  gethostbyname: 2,
  gethostbyaddr: 2,
  getservbyname: 2,
  getservbyport: 2,
  getprotobyname: 1,
  getprotobynumber: 1,
};

const AF_UNIX = 1;
const SOL_SOCKET = 1;
const SO_PASSCRED = 16;
const out = new Int32Array(4);
const place = new Int32Array(2);

/** Index and generation of mappings that are there, and of some that are not; and the bytes of each ring. */
const mappings = [];
const RING = 65_536;
const [AF_PACKET, SOCK_RAW, SOL_PACKET, PACKET_RX_RING, PACKET_VERSION] = [17, 3, 263, 5, 10];
/** A packet socket's ring, mapped, where this process may have one: two blocks of two frames. */
function map() {
  if (mappings.length >= 8) return;
  if (native.socket(AF_PACKET, SOCK_RAW, 0, out) !== 0) return;
  const [slot, generation] = out;
  native.setsockoptInt(slot, generation, SOL_PACKET, PACKET_VERSION, 1);
  const request = new Uint8Array(Uint32Array.of(RING / 2, 2, RING / 4, 4).buffer);
  native.setsockoptBytes(slot, generation, SOL_PACKET, PACKET_RX_RING, request);
  if (native.mmap(slot, generation, RING, place) === 0) mappings.push([place[0], place[1]]);
  handles.push([slot, generation]);
}

/** Slots and generations of sockets that are open, and of some that are not. */
const handles = [];
function refill() {
  while (handles.length < 12) {
    const type = pick([1, 2, 5]);
    if (native.socketpair(AF_UNIX, type, 0, out) !== 0) return;
    const [slot, generation, otherSlot, otherGeneration] = out;
    handles.push([slot, generation], [otherSlot, otherGeneration]);
    // Something to receive, with control data: the sender's credentials.
    native.setsockoptInt(slot, generation, SOL_SOCKET, SO_PASSCRED, 1);
    for (let message = 0; message < 3; message++)
      native.send(otherSlot, otherGeneration, Buffer.alloc(200, 'x'));
  }
}

function closeAll() {
  for (const [slot, generation] of handles.splice(0)) native.close(slot, generation);
}

function detached() {
  const bytes = new Uint8Array(64);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

/** A view whose memory was shrunk below it, where the engine has such. */
function shrunk() {
  const memory = new ArrayBuffer(256, { maxByteLength: 4096 });
  const view = new Uint8Array(memory, 128);
  memory.resize?.(pick([0, 16, 128, 200]));
  return view;
}

/** The memory of a batch, with a header that may be anything. */
function batch() {
  const memory = new Uint8Array(pick([0, 8, 16, 64, 4096, 65536]));
  const header = new DataView(memory.buffer);
  for (let at = 0; at + 4 <= Math.min(memory.length, 600); at += 4) {
    header.setUint32(at, pick([0, 1, 2, 8, 64, 128, 0xffffffff, random(0xffffffff)]), true);
  }
  if (memory.length >= 4096 && random(2) === 0) {
    [8, 64, 40, 128].forEach((value, index) => {
      header.setUint32(index * 4, value, true);
    });
  }
  return memory;
}

/** Control data that is nearly right. */
function control() {
  const bytes = new Uint8Array(pick([0, 8, 16, 24, 40, 64]));
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 8 <= bytes.length; at += 8)
    view.setInt32(at, pick([16, 20, 24, 1, 2, 0, -1, 3]), true);
  return bytes;
}

/** An array whose elements run code: they close what is in use, take memory away, call in again, or throw. */
function trap() {
  const victim = new Uint8Array(4096);
  const list = [victim, new Uint8Array(8)];
  const act = pick([
    () => structuredClone(victim, { transfer: [victim.buffer] }),
    closeAll,
    () => native.recv(0, 1, victim),
    () => {
      throw new Error('mine');
    },
    () => {
      list.length = 0;
    },
  ]);
  Object.defineProperty(list, 1, {
    configurable: true,
    get: () => {
      act();
      return new Uint8Array(8);
    },
  });
  return list;
}

const integer = () =>
  pick([0, 1, 2, 3, 7, 8, 16, 64, 128, 255, 4096, -1, -2, 2 ** 31, 2 ** 32 - 1, 2 ** 53, random(2 ** 32)]);
const bytes = () =>
  pick([
    () => new Uint8Array(pick([0, 1, 8, 64, 132, 152, 200, 4096])),
    () => Buffer.from('some bytes'),
    () => new Uint8Array(new SharedArrayBuffer(64)),
    detached,
    shrunk,
    batch,
    control,
    () => new Uint8Array(300).subarray(13, 200),
  ])();
const odd = () =>
  pick([
    Number.NaN,
    -0,
    0.5,
    Number.POSITIVE_INFINITY,
    'text',
    'a\0b',
    '\ud800',
    'lo',
    '',
    null,
    undefined,
    true,
    1n,
    Symbol.iterator,
    () => 1,
    {},
    [],
    [1, 2],
    new Float64Array(4),
    new Int32Array(8),
    new Int32Array(0),
    new DataView(new ArrayBuffer(8)),
    new ArrayBuffer(8),
    new Proxy(new Uint8Array(8), {}),
    new Proxy([], {
      get: () => {
        throw new Error('mine');
      },
    }),
    {
      get length() {
        throw new Error('mine');
      },
    },
  ]);
const anything = () =>
  pick([
    integer,
    integer,
    bytes,
    bytes,
    odd,
    trap,
    () => new Int32Array(pick([0, 1, 2, 4, 8])),
    () => [bytes(), bytes()],
    () => Array.from({ length: pick([0, 1, 9, 40]) }, bytes),
  ])();

/** The memory of a batch as `ts/batch.ts` makes it. */
function goodBatch() {
  const [messages, size, room] = [pick([1, 3, 8]), pick([0, 10, 300]), pick([0, 40, 64])];
  const memory = new Uint8Array(16 + messages * (28 + 128 + 3 * room + size));
  new Uint32Array(memory.buffer, 0, 4).set([messages, size, room, 128]);
  return memory;
}
/** A view of a mapping itself. */
function lent() {
  const found = mappings.length > 0 ? native.mappingBuffer(...pick(mappings)) : undefined;
  return found instanceof ArrayBuffer && found.byteLength > 0 ? new Uint8Array(found, random(RING)) : bytes();
}
const envelope = () => new Uint8Array(152 + 3 * pick([0, 8, 40, 64]));
const buffer = () => new Uint8Array(pick([1, 64, 300, 4096]));
const flags = () => pick([0, 0, 0, 2, 0x20, 0x40]);
/** Offset, stride and count of words in a mapping, and whose end is near its own. */
const words = () => [
  pick([0, 4, 8, RING - 4, RING - 8, RING, 2, 2 ** 32 - 4, 2 ** 53]),
  pick([4, 0, 8, RING / 4, 2, RING, 2 ** 32 - 4]),
  pick([1, 0, 2, 4, 16, 2 ** 30]),
];

const REST = 0xffffffff;

/** Arguments behind slot and generation that get as far as the kernel; one of them is spoilt now and then. */
const GOOD = {
  recv: () => [buffer(), 0, REST, flags()],
  recvfrom: () => [buffer(), 0, REST, flags(), new Uint8Array(132)],
  recvmsg: () => [pick([buffer, () => [buffer(), buffer()]])(), envelope(), flags()],
  recvmsgSync: () => [buffer(), envelope(), flags(), 0, false],
  recvmmsg: () => [goodBatch(), pick([1, 3, 8, 1000]), flags()],
  recvmmsgSync: () => [goodBatch(), pick([1, 3, 8, 1000]), flags(), 0, false],
  send: () => [buffer(), 0, REST, 0],
  sendmsg: () => [pick([buffer, () => [buffer(), buffer()]])(), 0, undefined, 0, undefined, 0],
  sendmmsg: () => [goodBatch(), 0, pick([1, 3, 8, 1000]), 0],
  getsockname: () => [new Uint8Array(132)],
  getsockoptInt: () => [SOL_SOCKET, pick([3, 12, 26])],
  setsockoptProgram: () => [SOL_SOCKET, pick([26, 51]), new Uint8Array(pick([0, 7, 8, 64]))],
  getsockoptBytes: () => [SOL_SOCKET, pick([3, 17, 16]), new Uint8Array(pick([0, 4, 12, 64]))],
  mappingMatch: () => [...words(), pick([0, 1, 0xffffffff]), pick([0, 1])],
  mappingStore: () => [...words(), pick([0, 1, 0xffffffff])],
  mappingRead: () => [pick([0, 1, 100, RING - 64, RING - 1, RING, 2 ** 40]), pick([buffer, lent])()],
  mappingWrite: () => [pick([0, 1, 100, RING - 64, RING - 1, RING, 2 ** 40]), pick([buffer, lent])()],
  mappingBuffer: () => [],
  ioctl: () => [pick([0x541b, 0x5411, 0x8921, 0x8906, 0x8905]), new Uint8Array(pick([0, 4, 16, 40]))],
};

const names = Object.keys(native).filter((name) => typeof native[name] === 'function' && !LEFT_OUT.has(name));
// Those that move bytes come as often as all others together.
for (let count = names.length; count > 0; count--) names.push(pick(Object.keys(GOOD)));
const namespace = openSync('/proc/self/ns/net', 'r');
const descriptors = () => readdirSync('/proc/self/fd').length;
const before = descriptors();
/** Names that are looked up on other threads, with files and sockets of their own. */
const pending = [];
let made = 0;
let answers = 0;
for (let call = 0; call < Number(calls); call++) {
  refill();
  if (random(20) === 0) map();
  const name = pick(names);
  const values = Array.from({ length: random(11) }, anything);
  if (random(10) < 8) {
    const [slot, generation] = pick(handles) ?? [0, 0];
    values[0] = slot;
    values[1] = generation;
    if (name in GOOD && random(4) > 0) {
      values.splice(2, values.length, ...GOOD[name]());
      if (random(3) === 0) values[2 + random(values.length - 2)] = anything();
    }
  }
  if (name.startsWith('mapping') && random(4) > 0) values.splice(0, 2, ...(pick(mappings) ?? [0, 0]));
  if (name === 'munmap') {
    if (random(2) === 0 && mappings.length > 0)
      values.splice(0, 2, ...mappings.splice(random(mappings.length), 1)[0]);
    // Nor those that are used here.
    else if (mappings.some(([index]) => index === values[0])) values[0] = 2 ** 32 - 1;
  }
  if (name === 'mmap' && random(2) === 0) values.splice(2, 2, pick([4096, RING, 0, 2 ** 53]), place);
  // No number that others in this process have: neither 0 to 2 nor those of the runtime.
  if (name === 'fromFd' || name === 'dupFd') values[0] = pick([-1, 2 ** 31, 100_000, 'x']);
  if (name.startsWith('splice') || name.startsWith('sendfile')) values[2] = pick([-1, 100_000, 'x', 2 ** 31]);
  if (name === 'getaddrinfo' || name === 'getaddrinfoSync') values[0] = pick(['127.0.0.1', null, '\0', 7]);
  // No name that is looked up elsewhere: whoever is asked may be slow.
  if (name.startsWith('gethostbyname'))
    values[0] = pick(['localhost', '127.1', 'x'.repeat(300), '\0', '\ud800', 7]);
  if (name.startsWith('gethostbyaddr')) {
    values.splice(0, 2, pick([new Uint8Array([127, 0, 0, 1]), bytes(), odd()]), pick([1, 99, -1, 'x']));
    if (random(3) === 0) values.splice(0, 2, new Uint8Array([127, 0, 0, 1]), 2);
  }
  if (name.startsWith('getnameinfo')) values.splice(0, 2, pick([bytes, odd])(), pick([1, 3, -1, 'x']));
  if (name in LOOKUP_ARGUMENTS && random(2) === 0) {
    values[LOOKUP_ARGUMENTS[name]] = new Int32Array(pick([0, 1, 1, 4]));
  }
  // The namespace is this process's own, or none.
  if (name === 'socketIn' || name === 'socketpairIn') {
    values.splice(
      0,
      5,
      pick([namespace, namespace, -1, 'x', out]),
      pick([1, 2, 77, 'x']),
      pick([1, 2, 99]),
      0,
      new Int32Array(pick([0, 1, 2, 4])),
    );
  }
  const at = TIMEOUT_AT[name];
  if (at !== undefined) {
    while (values.length <= at + 1) values.push(undefined);
    values[at] = pick([0, 1, 2, 'x', Number.NaN, undefined]);
  } else if (/Sync$/.test(name) && !/^get|^if/.test(name)) throw new Error(`when does ${name} time out?`);
  made += 1;
  try {
    const result = native[name](...values);
    if (result instanceof Promise) pending.push(result);
    else if (!['number', 'string', 'object'].includes(typeof result))
      throw new Error(`${name} gave ${typeof result}`);
    if (typeof result === 'number' && result >= 0) answers += 1;
    // What was made is closed again.
    if (
      typeof result === 'number' &&
      result >= 0 &&
      [
        'socket',
        'socketIn',
        'socketpair',
        'socketpairIn',
        'dup',
        'pipe',
        'accept',
        'acceptSync',
        'fromFd',
      ].includes(name)
    ) {
      for (const value of values) {
        if (value instanceof Int32Array) {
          for (let index = 0; index + 1 < value.length; index += 2)
            native.close(value[index], value[index + 1]);
        }
      }
    }
    if (name === 'mmap' && result === 0) mappings.push([values[3][0], values[3][1]]);
    if (name === 'epollCreate' && result >= 0) {
      const [slot, generation] = values[0];
      if (random(2) === 0) handles.push([slot, generation]);
      else native.close(slot, generation);
    }
    if (name === 'handOver' && result >= 0) {
      if (native.takeOver(values[0], result, out) !== 0) throw new Error('a ticket was refused');
      if (random(2) === 0) handles.push([out[0], out[1]]);
      else native.close(out[0], out[1]);
    }
    if (name === 'detach' && result >= 0) native.fromFd(result, out) === 0 && native.close(out[0], out[1]);
  } catch (error) {
    if (error.message !== 'mine') throw error;
  }
  if (handles.length > 0 && random(20) === 0) closeAll();
}
closeAll();
for (const [index, generation] of mappings) native.munmap(index, generation);
await Promise.allSettled(pending);
const mapped = () =>
  readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line.includes('socket:[')).length;
// The runtime gives the memory of buffers back a turn of its loop later, or a few.
for (const end = Date.now() + 5000; mapped() > 0 && Date.now() < end; )
  await new Promise((resolve) => setTimeout(resolve, 10));
const left = descriptors() - before + mapped();
console.log(JSON.stringify({ made, answers, left }));
