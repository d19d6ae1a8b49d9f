/** npm start: sets up what is missing, then takes the tour. */
import { root, run, setUp } from './setup.mjs';

setUp();
run(process.execPath, ['--import', 'tsx', `${root}examples/tour.ts`, ...process.argv.slice(2)]);
