/** The handlers of threading.ts, for threads: tsx does not reach into those of Node.js 20 by itself. */
// By a name that no tool follows: dependency-cruiser cannot.
const api = 'tsx/esm/api';
const { register } = await import(api);

register();
export const { Lines, Datagrams, Own } = await import('./threading.ts');
