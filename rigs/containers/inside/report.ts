/** Tells what runs outside how a test ended, a line each. */
interface Told {
  names: string[];
  state: 'passed' | 'failed';
  /** Why it failed. */
  note: string;
}

/** Runs a test, and says how it ended. */
export async function report(names: string[], test: () => Promise<void>): Promise<void> {
  const told: Told = { names, state: 'passed', note: '' };
  try {
    await test();
  } catch (error) {
    told.state = 'failed';
    told.note = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  console.log(JSON.stringify(told));
}
