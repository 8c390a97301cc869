import {
  dueInMs,
  isReplayable,
  parseSpeed,
  REPLAY_DAYS_MAX,
  replayedUnit,
  UnitReplay,
  windowOfDay,
  type ReplayedEvent,
  type ReplaySpeed,
  type ReplayWindow,
} from '@shaoying/audit';
import { IncidentBoardQuery } from '@shaoying/incident-read-models';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, CommandFailed, UsageError } from '../cli.errors.js';
import type { Terminal } from '../terminal.js';
import { withDirectory, type Workplace } from '../workplace.js';

export interface ReplayDayOptions {
  /** Id of a department, street, community, estate, district or city. */
  readonly unitId: string;
  readonly window: ReplayWindow;
  readonly speed: ReplaySpeed;
  /** One JSON object a line. */
  readonly json: boolean;
}

export interface ReplayDayTexts {
  readonly day?: string;
  readonly from?: string;
  readonly to?: string;
  readonly department?: string;
  readonly street?: string;
  readonly unit?: string;
  readonly speed: string;
  readonly json: boolean;
}

/** @throws UsageError for what cannot be replayed */
export function replayDayOptions(texts: ReplayDayTexts): ReplayDayOptions {
  const units = [texts.department, texts.street, texts.unit].filter((id) => id !== undefined);
  if (units.length !== 1) throw new UsageError('name one of --department, --street and --unit');
  const speed = parseSpeed(texts.speed);
  if (speed === undefined) throw new UsageError('--speed must be 1x to 86400x, or max');
  return { unitId: units[0]!, window: windowOf(texts), speed, json: texts.json };
}

function windowOf({ day, from, to }: ReplayDayTexts): ReplayWindow {
  if (day !== undefined && (from !== undefined || to !== undefined))
    throw new UsageError('give --day, or --from and --to');
  if (day !== undefined) {
    const window = windowOfDay(day);
    if (window === undefined) throw new UsageError('--day must be a date such as 2026-03-02');
    return window;
  }
  const [begin, end] = [from, to].map((text) => new Date(text ?? ''));
  const span = { from: instantOf(begin), to: instantOf(end) };
  if (!isReplayable(span))
    throw new UsageError(`--from must lie before --to, ${REPLAY_DAYS_MAX} days at the most`);
  return span;
}

function instantOf(date: Date | undefined): string {
  if (date === undefined || Number.isNaN(date.getTime()))
    throw new UsageError('give --day, or --from and --to as instants such as 2026-03-02T08:00:00+08:00');
  return date.toISOString();
}

/** `replay --day`: what a department or a place lived through, line by line, as fast as asked; ends at the end. */
export async function replayDay(
  options: ReplayDayOptions,
  terminal: Terminal,
  signal: AbortSignal,
  workplace: Workplace,
): Promise<void> {
  const { speed, json, window } = options;
  const events = await eventsOf(options, workplace);
  if (!json) terminal.note(`${options.unitId}: ${events.length} events from ${window.from} to ${window.to}`);
  const startedMs = performance.now();
  let day = '';
  for (const event of events) {
    const waitMs = dueInMs(events[0]!, event, speed) - (performance.now() - startedMs);
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw new CommandFailed('stopped before the end of the replay');
    if (json) terminal.out(JSON.stringify(event));
    else {
      const [date = '', time = ''] = localTime(event.occurredAt);
      if (date !== day) terminal.out(`── ${date} ──`);
      day = date;
      for (const line of linesOf(event, time)) terminal.out(line);
    }
  }
}

async function eventsOf(
  { unitId, window }: ReplayDayOptions,
  workplace: Workplace,
): Promise<ReplayedEvent[]> {
  return withDirectory(workplace, async (directory) => {
    const unit = replayedUnit(unitId, directory);
    if (unit === undefined) throw new CommandFailed(`there is no unit ${unitId}`);
    const nameOf = (id: string | null): string => (id === null ? '—' : (directory.orgUnit(id)?.name ?? id));
    const board = new IncidentBoardQuery(workplace.stores.readModels);
    try {
      const replay = new UnitReplay(workplace.stores.log, board, nameOf);
      return await replay.events({ unit, window, knownAt: null, sees: () => true });
    } catch (error) {
      // PostgreSQL's "there is no such table": nobody has filled the read models yet.
      if (codeOf(error) === '42P01')
        throw new CommandFailed(
          'there is no incident board yet: start a server, or projections rebuild incident-board',
        );
      if (codeOf(error) !== 'REPLAY_TOO_LARGE') throw error;
      throw new CommandFailed(`${(error as Error).message} in it: choose a shorter span`);
    }
  });
}

const shanghai = new Intl.DateTimeFormat('sv-SE', {
  ...{ timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle: 'medium' },
});

const localTime = (instant: string): string[] => shanghai.format(new Date(instant)).split(' ');

function linesOf({ incidentId, actor, line, occurredAt, recordedAt }: ReplayedEvent, time: string): string[] {
  const later = Date.parse(recordedAt) - Date.parse(occurredAt) > 60_000;
  const known = later ? `  (recorded ${localTime(recordedAt).join(' ')})` : '';
  return [
    `${time}  ${incidentId ?? '—'}  ${actor.orgUnitId ?? actor.role}${known}`,
    `          ${line.zh}`,
    `          ${line.en}`,
  ];
}
