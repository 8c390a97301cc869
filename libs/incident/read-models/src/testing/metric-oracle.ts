import type { RecordedEvent } from '@shaoying/event-store';
import { decodeIncidentEvent, incidentIdOf, type RecordedIncidentEvent } from '@shaoying/incident-contracts';
import type { IncidentTimer } from '@shaoying/incident-domain';
import type { MetricDimension } from '../metrics/metric-definitions.js';
import type { MetricWindow } from '../metrics/metrics.query.js';
import type { Moment } from '../sql-reader.js';

// The metrics of domain.md §4 a second time, straight from the event list, with loops a reader can check by eye. Shares
// no code with the read models: where both agree, neither has misread the definition in the same way by accident.

type Told = RecordedIncidentEvent & { readonly incidentId: string };

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
  const told: Told[] = log.map((event) => ({
    ...decodeIncidentEvent(event),
    incidentId: incidentIdOf(event.streamId) ?? '',
  }));
  const visible = told.filter(
    (event) => ms(event.occurredAt) <= ms(moment.asOf) && ms(event.recordedAt) <= ms(moment.knownAt),
  );
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
      return onTime(visible, inWindow, moment, 'ACKNOWLEDGE', 'TaskAcknowledged');
    case 'check-in-on-time':
      return onTime(visible, inWindow, moment, 'CHECK_IN', 'DepartmentCheckedIn');
    case 'handling-on-time':
      return onTime(visible, inWindow, moment, 'HANDLING', 'TaskCompleted');
    default:
      throw new Error(`the oracle does not know the metric ${name}`);
  }
}

function dimensionsOf(
  visible: readonly Told[],
  incidentId: string,
): Omit<OracleCase['dimensions'], 'department'> {
  for (const event of visible) {
    if (event.incidentId !== incidentId || event.type !== 'IncidentReported') continue;
    const { estateId, communityId, streetId } = event.data.place;
    return { estate: estateId, community: communityId, street: streetId, category: event.data.category };
  }
  throw new Error(`${incidentId} was not reported`);
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
    const report = visible.find(
      (other) => other.type === 'IncidentReported' && other.incidentId === event.incidentId,
    );
    if (report?.type !== 'IncidentReported') throw new Error(`${event.incidentId} was not reported`);
    const dimensions = { ...dimensionsOf(visible, event.incidentId), department: null };
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
  inWindow: (instant: string) => boolean,
  moment: Moment,
  timer: IncidentTimer,
  act: 'TaskAcknowledged' | 'DepartmentCheckedIn' | 'TaskCompleted',
): OracleCase[] {
  const cases: OracleCase[] = [];
  for (const event of visible) {
    if (event.type !== 'WhistleBlown') continue;
    for (const task of event.data.tasks) {
      const due = task.deadlines.find((deadline) => deadline.timer === timer)?.dueAt;
      if (due === undefined || !inWindow(due)) continue;
      const met = standingAct(visible, task.taskId, act);
      const counts = met !== null || ms(due) < ms(moment.asOf);
      cases.push({
        ...{ incidentId: event.incidentId, taskId: task.taskId, counts },
        dimensions: { ...dimensionsOf(visible, event.incidentId), department: task.departmentId },
        good: met !== null && ms(met.occurredAt) <= ms(due),
        reason: counts ? null : 'NOT_DUE_YET',
        events: met === null ? [event.eventId] : [event.eventId, met.eventId],
      });
    }
  }
  return cases;
}

/** The last such act of the task that nothing has sent back since. */
function standingAct(visible: readonly Told[], taskId: string, act: Told['type']): Told | null {
  let standing: Told | null = null;
  for (const event of visible) {
    if (event.type === act && 'taskId' in event.data && event.data.taskId === taskId) standing = event;
    const sendsBack = event.type === 'CheckFailed' || event.type === 'FeedbackRecorded';
    if (act === 'TaskCompleted' && sendsBack && event.data.taskIds.includes(taskId)) standing = null;
  }
  return standing;
}
