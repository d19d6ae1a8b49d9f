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

const others = [
  'can-isotp:1:0x1:0x80000002',
  'can-j1939:1/name=0x8000000000000001/pgn=0xfeca',
  'netlink:generic/groups=0x1',
  'tipc:service:1:2',
  'tipc:range:1:2:3/scope=-3',
  'tipc:socket:0x1001001:7',
  'vsock:2:1234',
  'bt-l2cap:00:11:22:AA:BB:CC:25',
  'bt-rfcomm:00:11:22:AA:BB:CC:1',
  'bt-hci:0/channel=1',
  'bt-sco:00:11:22:AA:BB:CC',
  'alg:skcipher:cbc(aes)',
  'qipcrtr:1:2',
  'xdp:2:0/flags=0x4',
  'hyperv:e0e16197-dd56-4a10-9195-5ee7a155a838:00000050-facb-11e6-bd58-64006a7986d3',
  'system:5:0',
  'llc:02:42:ac:11:00:02:4',
];

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
        addr.unknown(Uint8Array.of(0, 0, 1)), ...(${JSON.stringify(others)}).map((text) => addr.parse(text)),
      ].map((value) => {
        const protocol = ({ 'can-isotp': 6, 'can-j1939': 7, netlink: 16 })[value.family];
        const on = ({ hyperv: 'win32', system: 'darwin' })[value.family] ?? 'linux';
        const bytes = value.toSockaddr(on);
        const text = addr.format(addr.decode(bytes, 0, bytes.length, on, { protocol }));
        return text === String(addr.parse(text)) ? text : 'different';
      }).join(' ')`,
      context,
    ) as string;
    expect(texts).toBe(
      '127.0.0.1:80 [fe80::1%2]:80/flowinfo=0x7 unix:/caf\u00e9 unix:/%ff unix:@a%00b unix: ' +
        `packet:2/0x0800/address=02:00:00:00:00:01 can:3 sockaddr:000001 ${others.join(' ')}`,
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
