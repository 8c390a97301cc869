// Ends a run with the reasons of every skipped test and the line `N passed, N failed, N skipped`.
// A skip's reason stands in its describe block's name: `Redis backend (skipped: no redis-server on PATH)`.
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    const skipped = new Map();
    for (const file of results.testResults) {
      for (const test of file.testResults) {
        if (test.status !== 'pending' && test.status !== 'todo' && test.status !== 'skipped') continue;
        const why = test.fullName.match(/\(skipped: [^)]*\)/)?.[0] ?? '(no reason given)';
        skipped.set(why, (skipped.get(why) ?? 0) + 1);
      }
    }
    const lines = [...skipped].map(([why, count]) => `  ${count} test(s) ${why}`);
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const unskipped = results.numPendingTests + results.numTodoTests;
    process.stdout.write(
      `${lines.length > 0 ? `\nSkipped:\n${lines.join('\n')}\n` : ''}\n${results.numPassedTests} passed, ${failed} failed, ${unskipped} skipped\n`,
    );
  }
}
