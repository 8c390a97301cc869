import { readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const dearestShown = 30;

// Ends a run with the reasons of every skipped test, the files that took most of the processor, and the line `N passed, N failed, N skipped`.
// A skip's reason stands in its describe block's name: `Redis backend (skipped: no redis-server on PATH)`.
export default class SummaryReporter {
  onRunStart() {
    // The folder of the run is gone when the run is complete.
    this.processorTime = process.env.TEST_PROCESSOR_TIME;
    this.postgresPid = process.env.TEST_POSTGRES_PID;
  }

  onTestResult() {
    try {
      this.notes = readFileSync(this.processorTime, 'utf8').split('\n');
      this.postgresS = secondsWithChildren(this.postgresPid);
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
    process.stdout.write(dearest(this.notes ?? [], this.postgresS ?? 0));
    const lines = [...skipped].map(([why, count]) => `  ${count} test(s) ${why}`);
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const unskipped = results.numPendingTests + results.numTodoTests;
    process.stdout.write(
      `${lines.length > 0 ? `\nSkipped:\n${lines.join('\n')}\n` : ''}\n${results.numPassedTests} passed, ${failed} failed, ${unskipped} skipped\n`,
    );
  }
}

/** After the name in parentheses, which may hold spaces; times are in hundredths of a second. */
const statOf = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
const sumOf = (fields) => fields.reduce((sum, field) => sum + Number(field), 0) / 100;

/** Of a process, of those it has started and seen end, and of those it has now. */
function secondsWithChildren(pid) {
  let seconds = sumOf(statOf(pid).slice(11, 15));
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const fields = statOf(name);
      if (fields[1] === pid) seconds += sumOf(fields.slice(11, 13));
    } catch {
      // Has just ended: its parent has it already.
    }
  }
  return seconds;
}

/** By file the processor time until the same worker began its next one. */
function dearest(notes, postgresS) {
  const before = new Map();
  const taken = [];
  const servers = notes.filter((line) => line === 'server').length;
  for (const line of notes) {
    const [, pid, ticks, path] = /^(\d+) (\d+) (.*)$/.exec(line) ?? [];
    if (pid === undefined) continue;
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
  const others = `${Math.round(postgresS)} s more the PostgreSQL that all share; ${servers} servers were started`;
  return `\nProcessor time, ${Math.round(all)} s in all; ${others}; most of it:\n${lines.join('\n')}\n`;
}
