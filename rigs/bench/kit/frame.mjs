/** An Ethernet frame with a TCP segment over IPv4, time stamps and 1000 bytes, for the cases about headers. */
const headers =
  '020000000002 020000000001 0800 ' +
  '4500 041c 1c46 4000 40 06 0000 c0a80068 c0a80001 ' +
  'c351 0050 deadbeef 00000001 8018 7210 9f5a 0000 0101080a 0102030405060708';

export const frame = Buffer.concat([
  Buffer.from(headers.replaceAll(' ', ''), 'hex'),
  Buffer.alloc(1000, 'x'),
]);
