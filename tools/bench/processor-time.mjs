// Whose processor time it was. Linux only: elsewhere the shares are unknown and the tables say so.
import { readFileSync, readdirSync } from 'node:fs';

/** Linux counts processor time in hundredths of a second for user space, whatever its kernel ticks at. */
const TICKS_PER_SECOND = 100;

function fieldsOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

const secondsOf = (fields) => (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;

/** Seconds of processor time used so far by one process, user and system together; null where it cannot be known. */
export function processSeconds(pid) {
  const fields = fieldsOf(pid);
  return fields ? secondsOf(fields) : null;
}

/** Those that a server started to play its other roles: its children that run a program of its own. */
export function processesBeside(pid) {
  return childrenOf(pid).filter((child) => commandOf(child).includes('background.process.js'));
}

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function childrenOf(pid) {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.map(Number).filter((child) => Number(fieldsOf(child)?.[1]) === pid);
  } catch {
    return [];
  }
}

/** Seconds by process of a PostgreSQL server, `Map<pid, seconds>`: the postmaster and its children. */
export function postgresSeconds(postmasterPid) {
  const seconds = new Map();
  let pids = [];
  try {
    pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return seconds;
  }
  for (const pid of pids) {
    const fields = fieldsOf(pid);
    if (fields && (Number(pid) === postmasterPid || Number(fields[1]) === postmasterPid)) {
      seconds.set(Number(pid), secondsOf(fields));
    }
  }
  return seconds;
}

/** What each process used between two answers of {@link postgresSeconds}. */
export function used(before, after) {
  return new Map([...after].map(([pid, seconds]) => [pid, seconds - (before.get(pid) ?? 0)]));
}
