/** Waits for a signal with something to undo, beside what else listens for it: `none`, `signal-exit` or `own`. */
import { atEnd } from '../../provision/index.ts';

const beside = process.argv[2];
// The bundler brings signal-exit(npm), which is there before us or after.
if (beside === 'signal-exit') await import('rolldown');
if (beside === 'own') process.on('SIGTERM', () => setTimeout(() => process.exit(7), 50));
atEnd(() => console.log('undone'));
if (beside === 'signal-exit, after') await import('rolldown');
setInterval(() => {}, 1000);
console.log('ready', process.listenerCount('SIGTERM'));
