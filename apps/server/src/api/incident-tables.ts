import type { CsvColumns } from '@shaoying/http';
import type { IncidentView, QueueItem, TrafficLight } from '@shaoying/incident-read-models';
import type { LostSpan } from '../queries/queries.js';

/** Due time of each deadline, by its timer; of a stage by its name too. */
const dues = (deadlines: QueueItem['deadlines']): string =>
  deadlines
    .map(({ timer, stage, dueAt }) => `${timer}${stage === undefined ? '' : `/${stage}`}:${dueAt}`)
    .join(' ');

/** A queue as a table. */
export const queueColumns: CsvColumns<QueueItem> = {
  taskId: ({ taskId }) => taskId,
  incidentId: ({ incidentId }) => incidentId,
  whistleId: ({ whistleId }) => whistleId,
  departmentId: ({ departmentId }) => departmentId,
  role: ({ role }) => role,
  kind: ({ kind }) => kind,
  state: ({ state }) => state,
  category: ({ category }) => category,
  severity: ({ severity }) => severity,
  estateId: ({ estateId }) => estateId,
  communityId: ({ communityId }) => communityId,
  streetId: ({ streetId }) => streetId,
  notifiedAt: ({ notifiedAt }) => notifiedAt,
  acknowledgedAt: ({ acknowledgedAt }) => acknowledgedAt,
  checkedInAt: ({ checkedInAt }) => checkedInAt,
  overdue: ({ overdue }) => overdue,
  deadlines: ({ deadlines }) => dues(deadlines),
  workedMinutes: ({ workedMinutes }) => workedMinutes,
};

export type ShownIncident = IncidentView & {
  readonly overdue: boolean;
  readonly trafficLight: TrafficLight;
};

/** The list of incidents as a table: of whistles and tasks whose they are, and how they stand. */
export const incidentColumns: CsvColumns<ShownIncident> = {
  id: ({ id }) => id,
  state: ({ state }) => state,
  category: ({ category }) => category,
  severity: ({ severity }) => severity,
  channel: ({ channel }) => channel,
  description: ({ description }) => description,
  estateId: ({ estateId }) => estateId,
  communityId: ({ communityId }) => communityId,
  streetId: ({ streetId }) => streetId,
  gridId: ({ gridId }) => gridId,
  reportedAt: ({ reportedAt }) => reportedAt,
  filedAt: ({ filedAt }) => filedAt,
  closedAt: ({ closedAt }) => closedAt,
  cycle: ({ cycle }) => cycle,
  resolutionLevel: ({ resolutionLevel }) => resolutionLevel,
  overdue: ({ overdue }) => overdue,
  trafficLight: ({ trafficLight }) => trafficLight,
  whistles: ({ whistles }) => whistles.map(({ whistleId, state }) => `${whistleId}:${state}`).join(' '),
  tasks: ({ tasks }) =>
    tasks.map(({ departmentId, role, state }) => `${departmentId}:${role}:${state}`).join(' '),
  revision: ({ revision }) => revision,
};

/** The spans of lost time as a table: totals are their sums. */
export const lostTimeColumns: CsvColumns<LostSpan> = {
  account: ({ account }) => account,
  unitId: ({ unitId }) => unitId,
  taskId: ({ taskId }) => taskId,
  from: ({ from }) => from,
  to: ({ to }) => to,
  workingMinutes: ({ workingMinutes }) => workingMinutes,
};
