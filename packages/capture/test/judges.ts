import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const judges =
  process.env.SOCKEYE_JUDGES ?? fileURLToPath(new URL('../../../../shared/judges', import.meta.url));

/** The folder of the captures to judge by. */
export const capturesFolder: string = join(judges, 'captures');
export const haveCaptures: boolean = existsSync(capturesFolder);
/** Why a test that needs them is skipped. */
export const NO_CAPTURES = 'the captures are not there; SOCKEYE_JUDGES names their folder';

/** The capture files, by name. */
export const captureFiles = (): string[] => readdirSync(capturesFolder).sort();

/** A capture file's bytes. */
export const readCapture = (file: string): Uint8Array => readFileSync(join(capturesFolder, file));
