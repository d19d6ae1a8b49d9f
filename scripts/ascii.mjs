/**
 * Of a text with one character beyond Latin-1 V8 keeps two bytes for each, and an import copies, scans and collects all of
 * them: ASCII alone made importing compat-python two milliseconds quicker, of sixteen. After the bundler, which writes strings as it
 * reads them. In a string, a template and a regular expression an escape is the character; comments are left out of what this is for.
 *
 * @returns {{ name: string, generateBundle(options: unknown, bundle: Record<string, { type: string, fileName: string, code?: string }>): void }}
 *   a plugin for tsdown
 */
export function ascii() {
  return {
    name: 'ascii',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.code === undefined || !/\.c?js$/.test(file.fileName)) continue;
        file.code = file.code.replace(
          /[\u0080-\uffff]/g,
          (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
        );
      }
    },
  };
}
