/** Sums the JSON reports of several test runs into one line. A file that fails on import counts as one failed test. */
import { readFileSync } from 'node:fs';

let [passed, failed, skipped] = [0, 0, 0];
for (const file of process.argv.slice(2)) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const unread = report.testResults.filter((one) => one.status === 'failed' && one.assertionResults.length === 0);
  passed += report.numPassedTests;
  failed += report.numFailedTests + unread.length;
  skipped += report.numPendingTests + report.numTodoTests;
}
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
const isComplete = skipped === 0 || process.env.CI === undefined;
process.exitCode = failed > 0 || passed === 0 || !isComplete ? 1 : 0;
