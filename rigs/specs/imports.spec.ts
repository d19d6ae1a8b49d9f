import { describe, expect, it } from 'vitest';
import { absent, releases, run } from './nodes.ts';

describe.each(releases)('Node.js $major', ({ major, path }) => {
  it.for([
    '@sockeye/core',
    '@sockeye/compat-python',
  ])('%s loads what finds the binary, and no other module of Node.js’s', async (name, context) => {
    if (path === undefined) return context.skip(absent(major));
    const { status, stdout, stderr } = await run(path, 'loads.mjs', [name]);
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual(['NativeModule module']);
  });
});
