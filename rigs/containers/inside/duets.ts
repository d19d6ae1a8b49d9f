/** The duets: `duets.mjs <name of this container> <name of the other one> [medium …]`; on all media unless some are named. */
import { engine } from '../../contracts/contract.ts';
import { DUET_MEDIA, duetsOf, lead } from './duet.ts';
import { type Description, Line } from './line.ts';
import { report } from './report.ts';

const [near = '', far = '', ...media] = process.argv.slice(2);
const home = await Line.to(near);
const mine = (await home.ask({ ask: 'side' })) as Description;
home.close();
const seek = await Line.to(far);
const theirs = (await seek.ask({ ask: 'side' })) as Description;
for (const medium of DUET_MEDIA) {
  if (media.length > 0 && !media.includes(medium.name)) continue;
  for (const duet of duetsOf(medium)) {
    const names = [
      `two processes, the one with the ${engine()} engine leads`,
      medium.name,
      `${duet.promise}: ${duet.name}`,
    ];
    await report(names, async () => {
      // What one that failed said is not the next one's to hear.
      const line = await Line.to(far);
      try {
        await lead(line, duet, medium, mine, theirs);
      } finally {
        line.close();
      }
    });
  }
}
seek.close();
