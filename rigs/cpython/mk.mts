import { makeHost } from './bundle.ts';

const h = await makeHost();
console.log(h.folder);
