// Notes at the start of each spec file what processor time its worker, and the processes it has started and seen end, have
// taken so far (Linux only): the reporter tells the files that take most. What is killed unseen, and the PostgreSQL
// of a server, is not in it. A line `server` is written for each server that is started (running-server.ts).
const { appendFileSync, readFileSync } = require('node:fs');

const file = process.env.TEST_PROCESSOR_TIME;
if (file) {
  try {
    // After the name in parentheses, which may hold spaces: utime, stime, cutime and cstime, in hundredths of a second.
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    appendFileSync(file, `${process.pid} ${ticks} ${expect.getState().testPath}\n`);
  } catch {
    // Not Linux.
  }
}
