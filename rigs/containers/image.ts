/** Images made of files of this machine: nothing is pulled. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Engine } from './engine.ts';

/** Paths inside an image, and the files or folders of this machine that are there. */
export type Files = Readonly<Record<string, string>>;

/** The shared libraries of a program and the program that loads them, each at its own path. */
export function libraries(program: string): Files {
  const { stdout, status } = spawnSync('ldd', [program], { encoding: 'utf8' });
  // A static program has none.
  if (status !== 0) return {};
  const paths = stdout.split('\n').flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  return Object.fromEntries(paths.map((path) => [path, path]));
}

/** The folder of npm, which is Node.js's own beside it or the one in the PATH. */
export function npm(): string {
  const path = process.env.PATH?.split(':').map((folder) => join(folder, 'npm')) ?? [];
  for (const program of [join(dirname(process.execPath), 'npm'), ...path]) {
    try {
      return dirname(dirname(realpathSync(program)));
    } catch {
      // Not there.
    }
  }
  throw new Error('there is no npm in the PATH');
}

/**
 * Makes an image and gives its id. Links in the files are followed.
 *
 * @throws EngineError when the engine refuses it
 */
export async function makeImage(engine: Engine, name: string, files: Files): Promise<string> {
  const tree = mkdtempSync(join(engine.folder, 'image-'));
  try {
    for (const [inside, path] of Object.entries(files)) {
      mkdirSync(join(tree, dirname(inside)), { recursive: true });
      symlinkSync(realpathSync(path), join(tree, inside));
    }
    const tar = spawn('tar', ['-chf', '-', '-C', tree, '.'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let complaint = '';
    tar.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    const ended = new Promise<void>((resolve, reject) => {
      tar.on('error', reject);
      tar.on('close', (status) =>
        status === 0 ? resolve() : reject(new Error(`tar ended with ${status}: ${complaint.trim()}`)),
      );
    });
    const [{ status }] = await Promise.all([
      engine.json<{ status: string }>('POST', `/images/create?fromSrc=-&repo=${name}&tag=rig`, tar.stdout),
      ended,
    ]);
    return status;
  } finally {
    rmSync(tree, { recursive: true });
  }
}
