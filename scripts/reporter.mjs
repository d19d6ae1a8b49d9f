/**
 * A vitest reporter that writes what npm test adds up: counts, every skip with its reason, and which tests passed, so that
 * a test which is skipped on the host and passes in the rig's machine is not counted as skipped.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export default class Tally {
  onTestRunEnd(modules, errors) {
    const tally = { passed: [], failed: errors.length, skipped: [] };
    for (const module of modules) {
      tally.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state, note = 'without a reason' } = test.result();
        const name = `${module.relativeModuleId} > ${test.fullName}`;
        if (state === 'passed') tally.passed.push(name);
        else if (state === 'skipped') tally.skipped.push({ name, reason: `${module.project.name}: ${note}` });
        else tally.failed += 1;
      }
    }
    const file = process.env.SOCKEYE_TALLY;
    if (file === undefined) return;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(tally));
  }
}
