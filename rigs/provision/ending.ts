/** What has to be undone when this process ends, however it does. */
const undoings = new Set<() => void>();
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
let listening = false;

function undoAll(): void {
  for (const undo of undoings) undo();
  undoings.clear();
}

function onSignal(signal: NodeJS.Signals): void {
  undoAll();
  // Others may want the signal too; when nobody does, it does what it would have done.
  process.off(signal, onSignal);
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

/**
 * Registers what must happen, synchronously, when this process ends or a signal ends it before the returned function was called.
 */
export function atEnd(undo: () => void): () => void {
  undoings.add(undo);
  if (!listening) {
    listening = true;
    process.on('exit', undoAll);
    for (const signal of SIGNALS) process.on(signal, onSignal);
  }
  return () => {
    undoings.delete(undo);
    if (undoings.size > 0) return;
    listening = false;
    process.off('exit', undoAll);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
}
