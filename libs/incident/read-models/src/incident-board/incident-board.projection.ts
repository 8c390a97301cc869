import { incidentEventTypes } from '@shaoying/incident-contracts';
import type { Deadline, IncidentTimer } from '@shaoying/incident-domain';
import type { Projection, ProjectionTransaction } from '@shaoying/projections';
import {
  Drafts,
  incidentEntries,
  merging,
  RowStatement,
  wholeRow,
  type IncidentEntry,
  type RowShape,
} from '../incident-rows.js';
import { storySql, viewOf, type StoryRow } from './incident-story.js';
import { evolveView, ordered, type IncidentView } from './incident-view.js';
import { shownOf, stateAfter } from './view-events.js';

interface IncidentRow {
  readonly incident_id: string;
  readonly reported_at: string;
  readonly state: string;
  readonly category: string;
  readonly severity: string;
  readonly estate_id: string | null;
  readonly report: string;
}
type StateChange = Pick<IncidentRow, 'incident_id' | 'state'>;

interface ReportRow {
  readonly receipt_hash: string;
  readonly incident_id: string;
  readonly reported_at: string;
  readonly street_id: string | null;
  readonly community_id: string | null;
}

interface EventRow {
  readonly incident_id: string;
  readonly revision: number;
  readonly event: string;
}

interface InvolvementRow {
  readonly department_id: string;
  readonly incident_id: string;
}

/** The deadlines of one owner, a task or the incident itself, and which of them nothing can be late for any more. */
interface ClockRow {
  readonly incident_id: string;
  readonly owner_id: string;
  readonly acknowledge_due: string | null;
  readonly check_in_due: string | null;
  readonly handling_due: string | null;
  readonly acknowledged: boolean;
  readonly checked_in: boolean;
  readonly handled: boolean;
}
/** Null leaves it as it is. */
interface ClockChange {
  readonly incident_id: string;
  readonly owner_id: string;
  readonly acknowledged: boolean | null;
  readonly checked_in: boolean | null;
  readonly handled: boolean | null;
}

const incidentShape: RowShape<IncidentRow> = {
  ...{ incident_id: 'text', reported_at: 'timestamptz', state: 'text', category: 'text', severity: 'text' },
  ...{ estate_id: 'text', report: 'json' },
};
const reportShape: RowShape<ReportRow> = {
  ...{ receipt_hash: 'text', incident_id: 'text', reported_at: 'timestamptz', street_id: 'text' },
  community_id: 'text',
};
const eventShape: RowShape<EventRow> = { incident_id: 'text', revision: 'integer', event: 'json' };
const changeShape: RowShape<ClockChange> = {
  ...{
    incident_id: 'text',
    owner_id: 'text',
    acknowledged: 'boolean',
    checked_in: 'boolean',
    handled: 'boolean',
  },
};
const clockShape: RowShape<ClockRow> = {
  ...changeShape,
  ...{ acknowledge_due: 'timestamptz', check_in_due: 'timestamptz', handling_due: 'timestamptz' },
};

const insertIncidents = merging('incidents', {
  ...{ shape: incidentShape, key: ['incident_id'], overwritten: ['state'] },
});
const changeStates = new RowStatement<StateChange>(
  { incident_id: 'text', state: 'text' },
  (rows) => `update incidents i set state = u.state from ${rows} where i.incident_id = u.incident_id`,
);
const insertReports = merging('reports', { shape: reportShape, key: ['receipt_hash'] });
const insertEvents = merging('events', { shape: eventShape, key: ['incident_id', 'revision'] });
const insertInvolvements = merging<InvolvementRow>('involvements', {
  ...{
    shape: { department_id: 'text', incident_id: 'text' },
    key: ['department_id', 'reported_at', 'incident_id'],
  },
  derived: ['reported_at'],
  source: (rows) =>
    `(select distinct u.department_id, u.incident_id, i.reported_at
      from ${rows} join incidents i on i.incident_id = u.incident_id)`,
});
const insertClocks = merging('clocks', {
  ...{ shape: clockShape, key: ['incident_id', 'owner_id'], overwritten: wholeRow(clockShape) },
});
const changeClocks = new RowStatement<ClockChange>(
  changeShape,
  (rows) =>
    `update clocks c set acknowledged = coalesce(u.acknowledged, c.acknowledged),
       checked_in = coalesce(u.checked_in, c.checked_in), handled = coalesce(u.handled, c.handled)
     from ${rows} where c.incident_id = u.incident_id and c.owner_id = u.owner_id`,
);

/**
 * Every incident as it stands: what listings filter by in tables that a change touches as little as possible, and what
 * the view is folded from, event by event, only ever added to.
 *
 * Kept as a folded document before: each change then read, parsed, wrote and logged the whole of it, and every index with
 * it (docs/benchmarks.md). Folding a view of five events costs 32 µs where parsing the document cost 12; PostgreSQL reads
 * a page of them in two thirds of the time, so that a page costs as much as before.
 */
export const incidentBoard: Projection = {
  name: 'incident-board',
  version: 4,
  schema: `
    create table incidents (
      incident_id  text primary key,
      reported_at  timestamptz not null,
      state        text not null,
      category     text not null,
      severity     text not null,
      estate_id    text,
      report       json not null    -- what the view shows of IncidentReported
    );
    create index on incidents (state, reported_at, incident_id);
    -- Apart from the incidents: four indexes that no change of an incident has to keep.
    create table reports (
      receipt_hash text primary key,
      incident_id  text not null,
      reported_at  timestamptz not null,
      street_id    text,
      community_id text
    );
    create index on reports (reported_at, incident_id);
    create index on reports (street_id, reported_at, incident_id);
    create index on reports (community_id, reported_at, incident_id);
    -- What the view shows of every later event.
    create table events (
      incident_id  text not null,
      revision     integer not null,
      event        json not null,
      primary key (incident_id, revision)
    );
    create table involvements (
      department_id text not null,
      reported_at   timestamptz not null,
      incident_id   text not null,
      primary key (department_id, reported_at, incident_id)
    );
    create table clocks (
      incident_id     text not null,
      owner_id        text not null,   -- a task, or the incident itself
      acknowledge_due timestamptz,
      check_in_due    timestamptz,
      handling_due    timestamptz,
      acknowledged    boolean not null,
      checked_in      boolean not null,
      handled         boolean not null,
      -- The soonest deadline that nothing has met.
      unmet_due       timestamptz generated always as (
        case when not handled then least(
          case when not acknowledged then acknowledge_due end, case when not checked_in then check_in_due end, handling_due
        ) end) stored,
      primary key (incident_id, owner_id)
    );
    create index on clocks (unmet_due) where unmet_due is not null;
  `,
  eventTypes: incidentEventTypes,
  async apply(events, tx) {
    const batch = new BoardBatch();
    for (const entry of await withDueOrders(tx, incidentEntries(events))) batch.fold(entry);
    await insertIncidents.run(tx, batch.incidents.rows);
    await insertReports.run(tx, batch.reports);
    await changeStates.run(tx, batch.incidents.changes);
    await insertEvents.run(tx, batch.events);
    await insertInvolvements.run(tx, batch.involvements);
    await insertClocks.run(tx, batch.clocks.rows);
    await changeClocks.run(tx, batch.clocks.changes);
  },
};

/** The soonest of the deadlines of a timer. */
function dueOf(deadlines: readonly Deadline[], timer: IncidentTimer): string | null {
  const due = deadlines.filter((deadline) => deadline.timer === timer).map(({ dueAt }) => dueAt);
  return due.sort((a, b) => Date.parse(a) - Date.parse(b))[0] ?? null;
}

class BoardBatch {
  readonly incidents = new Drafts<IncidentRow, StateChange>();
  readonly reports: ReportRow[] = [];
  readonly events: EventRow[] = [];
  readonly involvements: InvolvementRow[] = [];
  readonly clocks = new Drafts<ClockRow, ClockChange>();

  fold(entry: IncidentEntry): void {
    const { incidentId: incident_id, revision } = entry;
    if (entry.type === 'IncidentReported') {
      this.report(entry);
      return;
    }
    this.events.push({ incident_id, revision, event: JSON.stringify(shownOf(entry)) });
    const state = stateAfter(entry);
    if (state !== null) this.incidents.change(incident_id, { state }, { incident_id, state });
    this.wind(entry);
  }

  private report(entry: Extract<IncidentEntry, { type: 'IncidentReported' }>): void {
    const { incidentId: incident_id, occurredAt: reported_at } = entry;
    const { category, severity, place, receiptHash } = entry.data;
    const { estateId, streetId, communityId } = place;
    this.incidents.begin(incident_id, {
      ...{ incident_id, reported_at, state: 'REPORTED', category, severity, estate_id: estateId },
      report: JSON.stringify(shownOf(entry)),
    });
    this.reports.push({
      ...{
        receipt_hash: receiptHash,
        incident_id,
        reported_at,
        street_id: streetId,
        community_id: communityId,
      },
    });
  }

  /** Starts, stops and restarts the clocks that an event is about. */
  private wind(entry: IncidentEntry): void {
    const { incidentId } = entry;
    switch (entry.type) {
      case 'IncidentFiled':
        this.start(incidentId, incidentId, entry.data.deadlines);
        break;
      case 'WhistleBlown':
        for (const { taskId, departmentId, deadlines } of entry.data.tasks) {
          this.involvements.push({ department_id: departmentId, incident_id: incidentId });
          this.start(incidentId, taskId, deadlines);
        }
        break;
      case 'TaskAcknowledged':
        this.set(incidentId, entry.data.taskId, { acknowledged: true });
        break;
      case 'DepartmentCheckedIn':
        this.set(incidentId, entry.data.taskId, { checked_in: true });
        break;
      case 'TaskCompleted':
        this.set(incidentId, entry.data.taskId, { handled: true });
        break;
      case 'HandlingCompleted':
      case 'CheckPassed':
      case 'IncidentClosed':
        this.set(incidentId, incidentId, { handled: true });
        break;
      case 'CheckFailed':
      case 'FeedbackRecorded':
        if (stateAfter(entry) === 'HANDLING')
          for (const ownerId of [incidentId, ...entry.data.taskIds])
            this.set(incidentId, ownerId, { handled: false });
        break;
      default:
        break;
    }
  }

  private start(incident_id: string, owner_id: string, deadlines: readonly Deadline[]): void {
    if (deadlines.length === 0) return;
    this.clocks.begin(`${incident_id}/${owner_id}`, {
      ...{ incident_id, owner_id, acknowledge_due: dueOf(deadlines, 'ACKNOWLEDGE') },
      check_in_due: dueOf(deadlines, 'CHECK_IN'),
      handling_due: dueOf(deadlines, owner_id === incident_id ? 'INCIDENT_TOTAL' : 'HANDLING'),
      ...{ acknowledged: false, checked_in: false, handled: false },
    });
  }

  private set(incident_id: string, owner_id: string, change: Partial<ClockRow>): void {
    const unchanged = { incident_id, owner_id, acknowledged: null, checked_in: null, handled: null };
    this.clocks.change(`${incident_id}/${owner_id}`, change, unchanged);
  }
}

/**
 * Orders of version 1 do not say when the missed deadline was due, the incident does. They are completed before they are
 * written, so that the tables are the same whichever release wrote the log.
 */
async function withDueOrders(
  tx: ProjectionTransaction,
  entries: readonly IncidentEntry[],
): Promise<readonly IncidentEntry[]> {
  const lacking = entries.filter((entry) => entry.type === 'SupervisionIssued' && entry.data.dueAt === null);
  if (lacking.length === 0) return entries;
  const incidentIds = [...new Set(lacking.map(({ incidentId }) => incidentId))];
  const stories = await tx.query<StoryRow>(
    `select ${storySql('')} from incidents i where i.incident_id = any($1::text[])`,
    [incidentIds],
  );
  const views = new Map<string, IncidentView | null>(incidentIds.map((id) => [id, null]));
  for (const row of stories) views.set(row.incident_id, viewOf(row));
  return entries.map((entry) => {
    const view = views.get(entry.incidentId);
    if (view === undefined) return entry;
    const completed =
      entry.type === 'SupervisionIssued' && view !== null
        ? { ...entry, data: ordered(view, entry.data) }
        : entry;
    views.set(entry.incidentId, evolveView(view, completed));
    return completed;
  });
}
