/** A vitest reporter that writes what npm test adds up: counts, and the reason of every skip. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export default class Tally {
  onTestRunEnd(modules, errors) {
    const counts = { passed: 0, failed: errors.length, skipped: 0 };
    const skips = new Map();
    for (const module of modules) {
      counts.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state, note } = test.result();
        counts[state === 'pending' ? 'failed' : state] += 1;
        if (state !== 'skipped') continue;
        const reason = `${module.project.name}: ${note ?? 'without a reason'}`;
        skips.set(reason, (skips.get(reason) ?? 0) + 1);
      }
    }
    const file = process.env.SOCKEYE_TALLY;
    if (file === undefined) return;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ ...counts, skips: [...skips] }));
  }
}
