/** Lines of the log that a message shows. */
const SHOWN = 12;

/** The virtual machine did not start, went away or took too long: one message, with the end of its console's log. */
export class VmError extends Error {
  readonly #log: string;

  constructor(message: string, log = '') {
    // After a panic come pages of registers.
    const end = /^.*Kernel panic.*$/m.exec(log);
    const telling = end === null ? log : log.slice(0, end.index + end[0].length);
    const lines = telling.trimEnd().split('\n').slice(-SHOWN).join('\n');
    super(lines === '' ? message : `${message}; its console said last:\n${lines}`);
    this.name = 'VmError';
    this.#log = log;
  }

  /** The end of what the machine's console said. */
  get log(): string {
    return this.#log;
  }
}
