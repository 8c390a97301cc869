import { IncidentHistory, type HistoryEntry, type Replay, type ReplayPoint } from '@shaoying/audit';
import { Temporal } from 'temporal-polyfill';
import { codeOf, CommandFailed, UsageError } from '../cli.errors.js';
import { show, type Terminal } from '../terminal.js';
import { withDirectory, type Workplace } from '../workplace.js';

export interface ReplayOptions {
  readonly incidentId: string;
  /** An instant or a revision; null: as it stands. */
  readonly at: string | null;
  readonly json: boolean;
}

/** Lines of an event's changes; more is for `--json`. */
const changesToldMax = 12;

/** `replay`: the history of one incident up to a point, in plain lines, and what came next. */
export async function replayIncident(
  { incidentId, at, json }: ReplayOptions,
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  const point = pointOf(at);
  await withDirectory(workplace, async (directory) => {
    const nameOf = (id: string | null): string => (id === null ? '—' : (directory.orgUnit(id)?.name ?? id));
    const history = new IncidentHistory(workplace.stores.log, nameOf);
    try {
      const events = await history.events(incidentId);
      const replay = await history.replay(incidentId, point ?? { revision: events.at(-1)?.revision ?? 0 });
      show(terminal, json, replay, () => linesOf(replay, events));
    } catch (error) {
      if (codeOf(error) !== 'STREAM_NOT_FOUND') throw error;
      throw new CommandFailed(`there is no incident ${incidentId}`);
    }
  });
}

/** `12` is a revision; `2026-02-13T08:00:00Z` or with any offset is an instant. @throws UsageError */
export function pointOf(at: string | null): ReplayPoint | null {
  if (at === null) return null;
  if (/^\d{1,9}$/.test(at)) return { revision: Number(at) };
  try {
    const { epochMilliseconds } = Temporal.Instant.from(at);
    return { asOf: new Date(epochMilliseconds).toISOString(), knownAt: null };
  } catch {
    throw new UsageError('--at must be a revision such as 3 or an instant such as 2026-02-13T16:00:00+08:00');
  }
}

function linesOf(replay: Replay, events: readonly HistoryEntry[]): string[] {
  const included = new Set(replay.revisions);
  const lines = events.filter(({ revision }) => included.has(revision)).flatMap(entryLines);
  const { state, next } = replay;
  if (state === null) lines.push('（当时尚未上报 · not reported yet）');
  else {
    lines.push('', `状态 state: ${state.state}   类别 category: ${state.category}   ${state.severity}`);
    for (const { departmentId, role, state: taskState } of state.tasks) {
      lines.push(`  ${role}  ${departmentId}  ${taskState}`);
    }
  }
  if (next !== null) {
    lines.push('', '接下来 next:', ...entryLines(next.event));
    // Before the report there is nothing that could have changed.
    const changes = state === null ? [] : next.changes;
    for (const { path, from, to } of changes.slice(0, changesToldMax)) {
      lines.push(`      ${path}: ${JSON.stringify(from)} → ${JSON.stringify(to)}`);
    }
    const more = changes.length - changesToldMax;
    if (more > 0) lines.push(`      … ${more} more (--json shows all)`);
  }
  return lines;
}

function entryLines({ revision, occurredAt, recordedAt, actor, line }: HistoryEntry): string[] {
  const unit = actor.orgUnitId === null ? '' : ` @ ${actor.orgUnitId}`;
  const later = recordedAt === occurredAt ? '' : `  (recorded ${recordedAt})`;
  return [
    `${String(revision).padStart(3)}  ${occurredAt}  ${actor.role}${unit}${later}`,
    `     ${line.zh}`,
    `     ${line.en}`,
  ];
}
