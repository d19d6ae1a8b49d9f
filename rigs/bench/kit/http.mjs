/** HTTP over sockets of any kind. */
import { Agent, get } from 'node:http';
import { turns } from './turns.mjs';

/** What the servers answer. */
const ANSWER = Buffer.alloc(128, 'x');

/** @type {import('node:http').RequestListener} */
export function answer(_request, response) {
  response.writeHead(200, { 'content-length': ANSWER.length });
  response.end(ANSWER);
}

/** Asks one after the other. @param {import('node:http').AgentOptions & object} options how to connect */
export function ask(options) {
  const agent = Object.assign(new Agent({ keepAlive: true, maxSockets: 1 }), options);
  const request = () =>
    new Promise((resolve, reject) => {
      get({ ...options, agent, path: '/' }, (response) => {
        let length = 0;
        response.on('data', (data) => {
          length += data.length;
        });
        response.on('end', () => (length === ANSWER.length ? resolve() : reject(new Error('a part only'))));
      }).on('error', reject);
    });
  turns(async (n) => {
    for (let i = 0; i < n; i++) await request();
  });
}
