import { OpenDeadlinesQuery } from '@shaoying/incident-read-models';
import {
  DeadlineScheduler,
  openAlarmClock,
  schedulerReports,
  type DeadlineSchedulerOptions,
  type SchedulerReport,
} from '@shaoying/timers';
import { UsageError } from '../cli.errors.js';
import { secondsOf } from '../durations.js';
import { show, table, type Terminal } from '../terminal.js';
import type { Workplace } from '../workplace.js';

/**
 * `timers status`: what is due, how the alarm clock is, and what the running servers measure. What one has found since its
 * start counts for all; each of them arms everything that is near, so of what is armed the most that one has counts.
 */
export async function timersStatus(json: boolean, terminal: Terminal, workplace: Workplace): Promise<void> {
  await withScheduler(workplace, async (scheduler, query) => {
    const now = workplace.clock.now().toISOString();
    const { open, due, oldestDueAt } = await query.counts(now);
    const { late, clock } = await scheduler.status();
    const schedulers = await schedulerReports(workplace.stores.pool);
    const live = schedulers.filter((report) => report.live);
    const status = {
      ...{
        open,
        due,
        late,
        oldestDueAt: due > 0 ? oldestDueAt : null,
        nextDueAt: due > 0 ? null : oldestDueAt,
      },
      armed: Math.max(0, ...live.map(({ armed }) => armed)),
      lostAndFound: live.reduce((sum, { lostAndFound }) => sum + lostAndFound, 0),
      maxLatenessMs: Math.max(0, ...live.map(({ maxLatenessMs }) => maxLatenessMs)),
      ...{ clock, schedulers },
    };
    show(terminal, json, status, () => [
      ...table([
        ['open deadlines', String(open)],
        ['armed', String(status.armed)],
        ['due and open', String(due)],
        ['due for over 30 s', String(late)],
        ['lost by the clock and found', String(status.lostAndFound)],
        ['latest ever, ms', String(status.maxLatenessMs)],
        [due > 0 ? 'oldest due at' : 'next due at', oldestDueAt ?? '—'],
        ['alarm clock', clock === null ? 'does not answer; the server sweeps instead' : ''],
      ]),
      ...Object.entries(clock ?? {}).map(([name, value]) => `  ${name}: ${String(value)}`),
      live.length === 0 ? 'no scheduler is running: nothing fires' : `schedulers running: ${live.length}`,
      ...schedulers.map(lineOf),
    ]);
  });
}

function lineOf({ name, live, armed, lostAndFound, reportedAt }: SchedulerReport): string {
  const said = `armed ${armed}, lost and found ${lostAndFound}`;
  return live ? `  ${name}: ${said}` : `  ${name}: gone, last heard of at ${reportedAt}; ${said}`;
}

export interface RearmOptions {
  /** How far ahead, as `90s`, `15m`, `12h`, `7d`; 1 minute at least. */
  readonly within: string;
  readonly json: boolean;
}

/** `timers rearm`: arms the deadlines of the next minutes again, for an alarm clock that lost its memory. */
export async function rearmTimers(
  { within, json }: RearmOptions,
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  const horizonMs = secondsOf(within, '--within') * 1_000;
  if (horizonMs < 60_000) throw new UsageError('--within must be a minute at least');
  await withScheduler(
    workplace,
    async (scheduler) => {
      const armed = await scheduler.rearm();
      show(terminal, json, { armed }, () => [`armed ${armed} deadlines of the next ${within}`]);
    },
    { horizonMs },
  );
}

/** A scheduler that is never started: it arms and tells, and fires nothing; firing is the server's. */
async function withScheduler(
  { stores, clock, logger }: Workplace,
  work: (scheduler: DeadlineScheduler, query: OpenDeadlinesQuery) => Promise<void>,
  options: Pick<DeadlineSchedulerOptions, 'horizonMs'> = {},
): Promise<void> {
  const query = new OpenDeadlinesQuery(stores.readModels, () => () => undefined);
  const scheduler = new DeadlineScheduler({
    openDeadlines: query,
    clock: await openAlarmClock({ url: stores.timersUrl, clock: () => clock.now(), log: logger }),
    now: () => clock.now(),
    fire: () => Promise.reject(new Error('the command line fires no deadlines')),
    log: logger,
    ...options,
  });
  try {
    await work(scheduler, query);
  } finally {
    await scheduler.stop();
  }
}
