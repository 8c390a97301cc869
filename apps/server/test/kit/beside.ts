import type { ServerProcess } from './running-server.js';

/** A server in two processes, also where one with a single core would play all roles in one. */
export const inTwoProcesses = { PROCESSES: '2' };

/** What the second of them plays. */
export const background = 'projector,timers,notifier';

/** Numbers of the processes that have played the other roles, in order; from their own lines in the log. */
export const pidsBeside = (server: ServerProcess): number[] =>
  server
    .log()
    .filter(({ role, message }) => role === background && message === 'started')
    .map(({ pid }) => Number(pid));

export function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
