import { createServer } from 'node:http';
import { answer } from '../../../kit/http.mjs';

createServer(answer).listen(`\0${process.argv[2]}`, () => console.log('listening'));
process.stdin.resume().on('end', () => process.exit()); // the client has ended
