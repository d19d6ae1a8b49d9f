import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext, Script } from 'node:vm';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../src/', import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));

/** The package's sources as scripts, run in a context that has the language and nothing else. */
function load(): { context: object; importModule: (specifier: string) => Record<string, unknown> } {
  const context = createContext(Object.create(null) as object, {
    codeGeneration: { strings: false, wasm: false },
  });
  // What V8 itself adds to a context, beyond the language.
  runInContext(
    'for (const name of ["console", "WebAssembly", "SharedArrayBuffer"]) delete globalThis[name];',
    context,
  );
  const loaded = new Map<string, Record<string, unknown>>();
  const importModule = (specifier: string): Record<string, unknown> => {
    const file = specifier.replace(/^\.\//, '');
    if (!files.includes(file)) throw new Error(`the package imports ${specifier}`);
    const known = loaded.get(file);
    if (known) return known;
    const exports: Record<string, unknown> = {};
    loaded.set(file, exports);
    const { outputText } = ts.transpileModule(readFileSync(folder + file, 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2023,
        verbatimModuleSyntax: false,
      },
    });
    const wrapper = new Script(`(function (exports, require) {${outputText}\n})`, { filename: file });
    (wrapper.runInContext(context) as (...args: unknown[]) => void)(exports, importModule);
    return exports;
  };
  return { context, importModule };
}

describe('a bare engine', () => {
  it('has no globals but the language’s, so that this test can fail', () => {
    const { context } = load();
    for (const name of [
      'Buffer',
      'process',
      'TextEncoder',
      'TextDecoder',
      'URL',
      'require',
      'console',
      'structuredClone',
      'setTimeout',
    ]) {
      expect(runInContext(`typeof ${name}`, context), name).toBe('undefined');
    }
    expect(() => load().importModule('node:net')).toThrow('the package imports node:net');
  });

  it('runs every module and goes round with every family', () => {
    const { context, importModule } = load();
    for (const file of files) importModule(`./${file}`);
    const index = importModule('./index.ts');
    Object.assign(context, { addr: index });
    const texts = runInContext(
      `[
        addr.inet('127.0.0.1', 80), addr.inet6('fe80::1%2', 80, { flowInfo: 7 }), addr.unix('/caf\\u00e9'),
        addr.unix(Uint8Array.of(47, 255)), addr.unixAbstract('a\\0b'), addr.unixUnnamed(),
        addr.packet({ ifindex: 2, protocol: 0x800, address: '02:00:00:00:00:01' }), addr.can(3),
        addr.unknown(Uint8Array.of(16, 0, 1)),
      ].map((value) => {
        const bytes = value.toSockaddr('linux');
        const text = addr.format(addr.decode(bytes, 0, bytes.length, 'linux'));
        return text === String(addr.parse(text)) ? text : 'different';
      }).join(' ')`,
      context,
    ) as string;
    expect(texts).toBe(
      '127.0.0.1:80 [fe80::1%2]:80/flowinfo=0x7 unix:/caf\u00e9 unix:/%ff unix:@a%00b unix: ' +
        'packet:2:0x0800/address=02:00:00:00:00:01 can:3 sockaddr:100001',
    );
    const message = runInContext(
      `try { addr.parse('unix:%zz') } catch (error) { error.code + ' ' + error.offset + ' ' + (error instanceof TypeError) }`,
      context,
    );
    expect(message).toBe('ERR_INVALID_ARG_VALUE 5 true');
  });
});

describe('the sources', () => {
  it('import one another only, and with their extension', () => {
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      const { importedFiles } = ts.preProcessFile(readFileSync(folder + file, 'utf8'), true, true);
      for (const { fileName } of importedFiles) {
        expect(
          fileName.startsWith('./') && files.includes(fileName.slice(2)),
          `${file} imports ${fileName}`,
        ).toBe(true);
      }
    }
  });

  it('index.ts only re-exports', () => {
    const source = ts.createSourceFile(
      'index.ts',
      readFileSync(`${folder}index.ts`, 'utf8'),
      ts.ScriptTarget.ES2023,
    );
    expect(source.statements.length).toBeGreaterThan(5);
    expect(source.statements.every((s) => ts.isExportDeclaration(s) && s.moduleSpecifier)).toBe(true);
  });
});
