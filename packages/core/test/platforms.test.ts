import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';

const SYS = new URL('../src/sys/', import.meta.url);

/** Which folders of `src/sys` an operating system's functions are in. */
const ROOMS = {
  linux: ['linux', 'unix'],
  darwin: ['darwin', 'unix'],
  windows: ['windows'],
};

const source = (folder: string): string[] =>
  readdirSync(new URL(`${folder}/`, SYS))
    .filter((name) => name.endsWith('.rs'))
    .map((name) => readFileSync(new URL(`${folder}/${name}`, SYS), 'utf8'));

/** Splits at commas outside of brackets. */
function parts(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let part = '';
  for (const [at, sign] of [...text].entries()) {
    if ('(<['.includes(sign)) depth += 1;
    // Not that of an arrow.
    if (')]'.includes(sign) || (sign === '>' && text[at - 1] !== '-')) depth -= 1;
    if (sign === ',' && depth === 0) {
      found.push(part);
      part = '';
    } else part += sign;
  }
  return [...found, part].map((each) => each.trim()).filter((each) => each !== '');
}

/** Public functions outside of `impl` and of tests, by name: the types of their arguments and of what they return. */
function functions(text: string): [string, string][] {
  const all = [...text.matchAll(/(#\[cfg\(test\)\]\n)?^pub fn (\w+)(.*?) \{/gms)];
  return all
    .filter(([, test]) => test === undefined)
    .map(([, , name = '', rest = '']) => {
      const [, generic = '', given = '', result = ''] =
        /^(<.*?>)?\((.*)\)( -> .*)?$/s.exec(rest.replace(/\s+/g, ' ')) ?? [];
      const types = parts(given).map((one) => one.slice(one.indexOf(':') + 1).trim());
      return [name, `${generic}(${types.join(', ')})${result}`];
    });
}

const listOf = (folders: string[]): Map<string, string> =>
  new Map(folders.flatMap(source).flatMap(functions).sort());

describe('the operating systems have one list of functions', () => {
  const linux = listOf(ROOMS.linux);

  it('which the choice of the system names, whole', () => {
    const choice = readFileSync(new URL('mod.rs', SYS), 'utf8').replace(/#\[cfg\(test\)\]\npub use .*/g, '');
    const named = [...choice.matchAll(/^pub use os::(?:\{([^}]*)\}|(\w+));/gms)]
      .flatMap(([, many, one]) => (many ?? one ?? '').split(','))
      .map((name) => name.trim())
      .filter((name) => /^[a-z]/.test(name));
    expect(named.length).toBeGreaterThan(60);
    expect(named.sort()).toEqual([...linux.keys()]);
  });

  for (const system of ['darwin', 'windows'] as const) {
    it(`with the same types: ${system}`, () => {
      expect(Object.fromEntries(listOf(ROOMS[system]))).toEqual(Object.fromEntries(linux));
    });
  }

  it('and what is told of ENOTSUP is true: who says so does nothing else', () => {
    const all = [...new Set(Object.values(ROOMS).flat())]
      .flatMap(source)
      .flatMap((text) => [
        ...text.matchAll(/((?:^\/\/\/.*\n)+)(?:^#\[.*\n)*^pub fn (\w+)[^{]* \{\n([\s\S]*?)^\}/gm),
      ])
      .map(([, words = '', name, body = '']) => ({
        name,
        told: words.startsWith('/// ENOTSUP'),
        refuses: /^\s*Err\((ENOTSUP|Abroad::Entering\(ENOTSUP\)|NOT_MADE)\)\s*$/.test(body),
      }));
    expect(all.length).toBeGreaterThan(150);
    expect(all.filter(({ refuses }) => refuses).length).toBeGreaterThan(20);
    expect(all.filter(({ told, refuses }) => told !== refuses)).toEqual([]);
  });
});

describe('error numbers have their names', () => {
  const names = async (errnos: Record<string, number>): Promise<string[]> => {
    vi.resetModules();
    vi.doMock('../ts/constants.ts', () => ({ errnos }));
    try {
      const { errnoName } = await import('../ts/errors.ts');
      return Object.values(errnos).map((number) => errnoName(number));
    } finally {
      vi.doUnmock('../ts/constants.ts');
      vi.resetModules();
    }
  };

  it('where two names stand for one number, as on Linux', async () => {
    const linux = { EWOULDBLOCK: 11, EAGAIN: 11, EOPNOTSUPP: 95, ENOTSUP: 95 };
    expect(await names(linux)).toEqual(['EAGAIN', 'EAGAIN', 'EOPNOTSUPP', 'EOPNOTSUPP']);
  });

  it('where each has its own, as on macOS and Windows', async () => {
    expect(await names({ ENOTSUP: 45, EOPNOTSUPP: 102 })).toEqual(['ENOTSUP', 'EOPNOTSUPP']);
  });
});
