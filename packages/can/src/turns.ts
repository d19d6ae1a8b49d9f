/**
 * Runs something when what came while the event loop was busy is read, and so is what the other end, in this very process, has said
 * to that. Timers run before either.
 */
export function afterReading(run: () => void): void {
  setImmediate(() => setImmediate(run));
}
