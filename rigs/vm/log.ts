/** What a firmware and a kernel say to terminals: carriage returns and escape sequences. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
const CONTROL = /\r|\x1b(\[[0-9;?=]*[A-Za-z]|c)/g;

/** Characters of the console that are kept. */
const KEPT = 64 << 10;

/** The end of what a console says, however much that is; whole lines go to a listener. */
export class Log {
  #text = '';
  #line = '';
  readonly #listener: ((line: string) => void) | undefined;

  constructor(listener?: (line: string) => void) {
    this.#listener = listener;
  }

  write(text: string): void {
    this.#text = (this.#text + text).slice(-KEPT);
    if (this.#listener === undefined) return;
    const lines = (this.#line + text).split('\n');
    this.#line = (lines.pop() ?? '').slice(-KEPT);
    for (const line of lines) this.#listener(line.replace(CONTROL, ''));
  }

  get text(): string {
    return this.#text.replace(CONTROL, '');
  }
}
