/** The probe as a program: `node --import tsx rigs/probe/run.ts [--json] [facility …]`. */
import { probe } from './index.ts';

const args = process.argv.slice(2);
const names = args.filter((argument) => argument !== '--json');
try {
  const findings = await probe(names);
  if (args.includes('--json')) console.log(JSON.stringify(findings));
  else {
    for (const { facility, there, how, why, mend } of findings)
      console.log(
        `${there ? 'yes' : 'no '} ${facility}: ${there ? how : [why, mend].filter(Boolean).join('; ')}`,
      );
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
