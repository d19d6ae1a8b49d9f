/** How many contracts must have been executed, by kernel, medium and promise: least.json, which may only grow. */
import { readFileSync } from 'node:fs';
import type { Promised } from './contract.ts';
import type { KernelKey } from './medium.ts';

export type Cells = Partial<Record<Promised, number>>;
export type Least = Partial<Record<KernelKey, Record<string, Cells>>>;

export const PATH: URL = new URL('least.json', import.meta.url);

export const LEAST: Least = JSON.parse(readFileSync(PATH, 'utf8'));
