import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { MissingPackages, provision, root } from '../provision/index.ts';

/**
 * Valgrind sees each read and write of the native part outside of what belongs to it, and each jump that depends on memory which was
 * never written. JavaScript is interpreted there, since generated code looks like a program that rewrites itself.
 */
it('the native functions touch no memory that is not theirs, whatever they are called with', async (context) => {
  try {
    await provision(['valgrind'], 'looking for wrong memory accesses');
  } catch (error) {
    if (!(error instanceof MissingPackages)) throw error;
    context.skip(error.message);
  }
  const valgrind = ['-q', '--error-exitcode=99', '--soname-synonyms=somalloc=nouserintercepts'];
  const program = 'packages/core/test/programs/native-fuzz.mjs';
  const seed = String(Math.floor(Math.random() * 1e9));
  const args = [...valgrind, process.execPath, '--jitless', program, seed, '600'];
  const { status, stdout, stderr } = spawnSync('valgrind', args, {
    cwd: root,
    encoding: 'utf8',
    timeout: 150_000,
  });
  const found = stderr.split('\n').filter((line) => line.startsWith('=='));
  expect([status, found], `seed ${seed}\n${stderr}`).toEqual([0, []]);
  expect(JSON.parse(stdout)).toMatchObject({ made: 600, left: 0 });
}, 180_000);
