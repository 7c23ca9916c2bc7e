/** Names every skipped group at the end of a run: what was not tested, and what it would need. */
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** The group that a skipped test stands for: its suite if it has one. */
const groupOf = (test: TestCase): string => (test.parent.type === 'suite' ? test.parent.fullName : test.name);

const reporter: new () => Reporter = class implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = new Set(modules.flatMap((module) => [...module.children.allTests('skipped')].map(groupOf)));
    for (const group of skipped) console.log(`skipped: ${group}`);
  }
};
export default reporter;
