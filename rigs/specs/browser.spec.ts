import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { describe, expect, it } from 'vitest';
import { atEnd, cacheFolder, MissingPackages, provision, root, withWorkFolder } from '../provision/index.ts';
import { forms, report } from './addresses.ts';

/** A page that shows what `report` says there, and what of Node.js there is. */
async function page(): Promise<string> {
  const sources = join(root, 'packages/addr/src');
  const build = await rolldown({
    input: 'page',
    resolve: {
      alias: {
        '@sockeye/addr/packet': join(sources, 'packet.ts'),
        '@sockeye/addr/prefix-table': join(sources, 'prefix-table.ts'),
        '@sockeye/addr/prefix': join(sources, 'prefix.ts'),
        '@sockeye/addr': join(sources, 'index.ts'),
      },
    },
    plugins: [
      {
        name: 'page',
        resolveId: (id) => (id === 'page' ? '\0page' : null),
        load: (id) =>
          id === '\0page'
            ? `import { report } from ${JSON.stringify(join(root, 'rigs/specs/addresses.ts'))};
               const nodes = ['Buffer', 'process', 'require', 'global'].filter((name) => name in globalThis);
               document.body.textContent = encodeURIComponent(JSON.stringify([navigator.userAgent, nodes, report()]));`
            : null,
      },
    ],
  });
  try {
    const { output } = await build.generate({ format: 'iife', minify: true });
    return `<!doctype html><meta charset="utf-8"><body><script>${output[0].code.replaceAll('</', '<\\/')}</script>`;
  } finally {
    await build.close();
  }
}

/** What Chromium's document is once the page has loaded. `home` is where it keeps its profile. */
function dump(file: string, home: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const args = [
      '--headless',
      // Root's browser has no sandbox; it opens no page but this.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      `--user-data-dir=${home}`,
      '--dump-dom',
      `file://${file}`,
    ];
    // A group of its own: a browser is many processes, and all of them are to end.
    const browser = spawn('chromium', args, {
      env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const end = (): void => {
      try {
        if (browser.pid !== undefined) process.kill(-browser.pid, 'SIGKILL');
      } catch {
        // All have ended.
      }
    };
    const forget = atEnd(end);
    const late = setTimeout(end, 40_000);
    let stdout = '';
    let stderr = '';
    browser.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    browser.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    browser.on('error', reject);
    browser.on('close', (status, signal) => {
      clearTimeout(late);
      end();
      forget();
      if (status === 0) resolve(stdout);
      else
        reject(
          new Error(`chromium: ${signal ?? status}: ${stderr.trim().split('\n').slice(-5).join(' / ')}`),
        );
    });
  });
}

describe('@sockeye/addr in Chromium', () => {
  it('does what it does in Node.js', { timeout: 180_000 }, async (context) => {
    try {
      await provision(['chromium'], 'the browser');
    } catch (error) {
      if (error instanceof MissingPackages && process.env.CI !== 'true') return context.skip(error.message);
      throw error;
    }
    const html = await page();
    const dom = await withWorkFolder(cacheFolder('browser'), (folder) => {
      const file = join(folder, 'page.html');
      writeFileSync(file, html);
      return dump(file, folder);
    });
    const [, body = ''] = /<body>(?:<script>[\s\S]*<\/script>)?([^<]*)<\/body>/.exec(dom) ?? [];
    const [agent, nodes, there] = JSON.parse(decodeURIComponent(body)) as [string, string[], string];
    expect(agent).toMatch(/HeadlessChrome\/\d+/);
    expect(nodes).toEqual([]);
    const here = JSON.parse(report());
    expect(JSON.parse(there)).toEqual(here);
    // Every family is among them, and each on its own platform is more than an error.
    const families: [string, Record<string, string>][] = Object.entries(here.families);
    expect(families.map(([text]) => text)).toEqual(forms);
    expect(new Set(families.map(([, said]) => said.family)).size).toBe(23);
    for (const [text, { family = '', format, ...said }] of families) {
      expect(format).toBe(text);
      const whole = Object.values(said).filter((it) => it.endsWith(` ${text}`));
      expect(whole.length, family).toBeGreaterThan(0);
    }
  });
});
