// Python's manual, the example of recvmsg_into, line for line: one message into three buffers.
import * as socket from '@sockeye/compat-python';

const [s1, s2] = socket.socketpair();
const b1 = Buffer.from('----');
const b2 = Buffer.from('0123456789');
const b3 = Buffer.from('--------------');
console.log(s1.send(Buffer.from('Mary had a little lamb')));
console.log(s2.recvmsg_into([b1, b2.subarray(2, 9), b3]));
console.log([b1, b2, b3].map(String));
s1.close();
s2.close();
