/** What has to be undone when this process ends, however it does. */
const undoings = new Set<() => void>();
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
let listening = false;

function undoAll(): void {
  for (const undo of undoings) undo();
  undoings.clear();
}

/**
 * Listeners of signal-exit(npm), which bundlers bring along. They end the process when they are alone, and were asked before
 * us: whoever leaves after that has to ask them once more. It counts them at these two places, as of its versions 4 and 3.
 */
function polite(): number {
  const own: unknown[] = [
    Reflect.get(globalThis, Symbol.for('signal-exit emitter')),
    Reflect.get(process, '__signal_exit_emitter__'),
  ];
  return own.reduce<number>(
    (sum, emitter) => sum + ((emitter as { count?: number } | undefined)?.count ?? 0),
    0,
  );
}

function onSignal(signal: NodeJS.Signals): void {
  undoAll();
  // Others may want the signal too; when nobody does, it does what it would have done.
  process.off(signal, onSignal);
  if (process.listenerCount(signal) <= polite()) process.kill(process.pid, signal);
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
