import type { RecordedEvent } from '@shaoying/event-store';
import type { IncidentTimer, Place } from '@shaoying/incident-domain';
import type { MetricDimension } from '../metrics/metric-definitions.js';
import type { MetricWindow } from '../metrics/metrics.query.js';
import type { Moment } from '../sql-reader.js';
import {
  holderAt,
  isOver,
  isUndecided,
  sooner,
  tasksAtMoment,
  visibleAt,
  type OracleTask,
} from './task-oracle.js';

// The metrics of domain.md §4 a second time, straight from the event list, with loops a reader can check by eye. Shares
// no code with the read models: where both agree, neither has misread the definition in the same way by accident.

type Told = ReturnType<typeof visibleAt>[number];

/** A case or task whose window instant lies in the window. */
export interface OracleCase {
  readonly incidentId: string;
  readonly taskId: string | null;
  readonly dimensions: Readonly<Record<MetricDimension, string | null>>;
  readonly counts: boolean;
  readonly good: boolean;
  readonly reason: string | null;
  /** Ids of the events that decided. */
  readonly events: readonly string[];
}

const ms = (instant: string): number => Date.parse(instant);

/** The cases of one metric's window, as they were at a moment. @throws Error for a metric it does not know */
export function casesOf(
  name: string,
  log: readonly RecordedEvent[],
  window: MetricWindow,
  moment: Moment,
): OracleCase[] {
  const visible = visibleAt(log, moment);
  const inWindow = (instant: string): boolean =>
    ms(window.from) <= ms(instant) && ms(instant) < ms(window.to);
  switch (name) {
    case 'containment-estate':
      return closed(visible, inWindow, 'MINOR', ['ESTATE'], true);
    case 'containment-community':
      return closed(visible, inWindow, 'MAJOR', ['ESTATE', 'COMMUNITY'], false);
    case 'containment-street':
      return closed(visible, inWindow, 'GROUP', ['ESTATE', 'COMMUNITY', 'SUBDISTRICT'], false);
    case 'acknowledge-on-time':
    case 'check-in-on-time':
    case 'handling-on-time':
      return onTime(visible, tasksAtMoment(log, moment), inWindow, moment, timers[name]);
    default:
      throw new Error(`the oracle does not know the metric ${name}`);
  }
}

const timers = {
  'acknowledge-on-time': 'ACKNOWLEDGE',
  'check-in-on-time': 'CHECK_IN',
  'handling-on-time': 'HANDLING',
} as const satisfies Record<string, IncidentTimer>;

function dimensionsOf(
  visible: readonly Told[],
  incidentId: string,
): Omit<OracleCase['dimensions'], 'department'> {
  let category: string | null = null;
  let place: Place | null = null;
  for (const event of visible) {
    if (event.incidentId !== incidentId) continue;
    if (event.type === 'IncidentReported') category = event.data.category;
    if (event.type === 'IncidentReported' || event.type === 'IncidentLocated') place = event.data.place;
  }
  if (place === null) throw new Error(`${incidentId} was not reported`);
  return { estate: place.estateId, community: place.communityId, street: place.streetId, category };
}

function closed(
  visible: readonly Told[],
  inWindow: (instant: string) => boolean,
  severity: string,
  levels: readonly string[],
  inAnEstate: boolean,
): OracleCase[] {
  const cases: OracleCase[] = [];
  for (const event of visible) {
    if (event.type !== 'IncidentClosed' || !inWindow(event.occurredAt)) continue;
    const own = visible.filter((other) => other.incidentId === event.incidentId);
    // What was opened again is not closed, or is by a later closing.
    if (own.some((other) => other.type === 'IncidentReopened' && other.data.cycle > event.data.cycle))
      continue;
    const report = own.find((other) => other.type === 'IncidentReported');
    if (report?.type !== 'IncidentReported') throw new Error(`${event.incidentId} was not reported`);
    // As the case was when it was closed.
    const then = own.filter((other) => other.revision <= event.revision);
    const dimensions = { ...dimensionsOf(then, event.incidentId), department: null };
    let reason: string | null = null;
    if (report.data.severity !== severity) reason = 'OTHER_SEVERITY';
    else if (inAnEstate && dimensions.estate === null) reason = 'NOT_LOCATED_IN_AN_ESTATE';
    const good = levels.includes(event.data.resolutionLevel);
    cases.push({
      ...{ incidentId: event.incidentId, taskId: null, dimensions, counts: reason === null, reason },
      ...{ good: reason === null && good, events: [event.eventId] },
    });
  }
  return cases;
}

function onTime(
  visible: readonly Told[],
  tasks: readonly OracleTask[],
  inWindow: (instant: string) => boolean,
  { asOf }: Moment,
  timer: 'ACKNOWLEDGE' | 'CHECK_IN' | 'HANDLING',
): OracleCase[] {
  return tasks.flatMap((task): OracleCase[] => {
    const due = task.deadlines.findLast((deadline) => deadline.timer === timer)?.dueAt;
    if (due === undefined || !inWindow(due)) return [];
    const [metAt, metBy] = actOf(task, timer);
    const reason = whyNotJudged(task, timer, metAt, ms(due) < ms(asOf));
    return [
      {
        ...{ incidentId: task.incidentId, taskId: task.taskId, counts: reason === null, reason },
        dimensions: {
          ...dimensionsOf(visible, task.incidentId),
          department: holderAt(task, sooner(metAt, due)),
        },
        good: reason === null && metAt !== null && ms(metAt) <= ms(due),
        events: metBy === null ? [task.notifiedBy] : [task.notifiedBy, metBy],
      },
    ];
  });
}

function actOf(task: OracleTask, timer: string): [at: string | null, by: string | null] {
  if (timer === 'ACKNOWLEDGE') return [task.acknowledgedAt, task.acknowledgedBy];
  if (timer === 'CHECK_IN') return [task.checkedInAt, task.checkedInBy];
  return task.acceptedAt === null ? [task.completedAt, task.completedBy] : [task.acceptedAt, task.acceptedBy];
}

function whyNotJudged(task: OracleTask, timer: string, metAt: string | null, past: boolean): string | null {
  if (task.setAside === 'MERGED' || task.setAside === 'WITHDRAWN') return task.setAside;
  if (task.state === 'RETURNED') return 'RETURNED';
  if (task.state === 'RELEASED' && !task.counted) return 'RELEASED';
  if (metAt !== null) return null;
  if (task.setAside === 'SUSPENDED') return 'SUSPENDED';
  const asked = timer === 'HANDLING' && task.extending;
  if (timer !== 'ACKNOWLEDGE' && !isOver(task) && (isUndecided(task) || asked)) return 'UNDECIDED';
  return past ? null : 'NOT_DUE_YET';
}
