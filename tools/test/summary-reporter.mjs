import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const dearestShown = 30;

// Ends a run with the reasons of every skipped test, the files that took most of the processor, and the line `N passed, N failed, N skipped`.
// A skip's reason stands in its describe block's name: `Redis backend (skipped: no redis-server on PATH)`.
export default class SummaryReporter {
  onRunStart() {
    // The folder of the run is gone when the run is complete.
    this.processorTime = process.env.TEST_PROCESSOR_TIME;
  }

  onTestResult() {
    try {
      this.notes = readFileSync(this.processorTime, 'utf8');
    } catch {
      // Not Linux.
    }
  }

  onRunComplete(_contexts, results) {
    const skipped = new Map();
    for (const file of results.testResults) {
      for (const test of file.testResults) {
        if (test.status !== 'pending' && test.status !== 'todo' && test.status !== 'skipped') continue;
        const why = test.fullName.match(/\(skipped: [^)]*\)/)?.[0] ?? '(no reason given)';
        skipped.set(why, (skipped.get(why) ?? 0) + 1);
      }
    }
    process.stdout.write(dearest(this.notes ?? ''));
    const lines = [...skipped].map(([why, count]) => `  ${count} test(s) ${why}`);
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const unskipped = results.numPendingTests + results.numTodoTests;
    process.stdout.write(
      `${lines.length > 0 ? `\nSkipped:\n${lines.join('\n')}\n` : ''}\n${results.numPassedTests} passed, ${failed} failed, ${unskipped} skipped\n`,
    );
  }
}

/** By file the processor time until the same worker began its next one. */
function dearest(notes) {
  const before = new Map();
  const taken = [];
  for (const line of notes.split('\n').filter((each) => each !== '')) {
    const [, pid, ticks, path] = /^(\d+) (\d+) (.*)$/.exec(line);
    const last = before.get(pid);
    if (last) taken.push({ path: last.path, s: (Number(ticks) - last.ticks) / 100 });
    before.set(pid, { path, ticks: Number(ticks) });
  }
  if (taken.length < dearestShown) return '';
  const all = taken.reduce((sum, { s }) => sum + s, 0);
  const shown = taken.sort((a, b) => b.s - a.s).slice(0, dearestShown);
  const lines = shown.map(
    ({ path, s }) => `  ${s.toFixed(1).padStart(6)} s  ${relative(process.cwd(), path)}`,
  );
  return `\nProcessor time, ${Math.round(all)} s in all; most of it:\n${lines.join('\n')}\n`;
}
