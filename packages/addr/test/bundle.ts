import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const source = fileURLToPath(new URL('../src/', import.meta.url));

/** What an application gets that says `code`, in which `#` stands for this package's sources. */
export async function bundle(code: string, minify: boolean): Promise<string> {
  const entry = '\0entry.js';
  const build = await rolldown({
    input: 'entry',
    logLevel: 'silent',
    // As "sideEffects": false in package.json says.
    treeshake: { moduleSideEffects: false },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? entry : null),
        load: (id) => (id === entry ? code.replaceAll('#', source) : null),
      },
    ],
  });
  try {
    const { output } = await build.generate({ format: 'es', minify });
    return output[0].code;
  } finally {
    await build.close();
  }
}
