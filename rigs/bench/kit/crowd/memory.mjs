/** What connections cost a process that has one end of each: MB of resident memory above an empty process. */
import { setTimeout } from 'node:timers/promises';
import { values } from '../turns.mjs';
import { CONNECTIONS, connect, server } from './crowd.mjs';

/** @param {string} name of the server */
export function memory(name) {
  values(async () => {
    const empty = server('empty');
    const without = await empty.ask('resident');
    await empty.end();
    const measured = server(name);
    const sockets = connect(await measured.ask('port'), CONNECTIONS);
    while ((await measured.ask('accepted')) < CONNECTIONS) await setTimeout(10);
    const bytes = (await measured.ask('resident')) - without;
    for (const socket of sockets) socket.reset();
    await measured.end();
    return ((bytes / CONNECTIONS) * 10_000) / 1e6;
  });
}
