import { incidentEventTypes } from '@shaoying/incident-contracts';
import type { Lifecycle, Place, SealedReporter } from '@shaoying/incident-domain';
import type { Projection, ProjectionTransaction } from '@shaoying/projections';
import { DeadlineBatch } from '../deadline-batch.js';
import { deadlineMerge, deadlinesTable, unmetDue } from '../deadline-rows.js';
import {
  Drafts,
  incidentEntries,
  merging,
  RowStatement,
  type IncidentEntry,
  type RowShape,
} from '../incident-rows.js';
import { summonedBy } from '../summoned.js';
import { evolveView } from './evolve-view.js';
import { storySql, viewOf, type StoryRow } from './incident-story.js';
import type { IncidentView } from './incident-view.js';
import { foldText, wordsOf } from './search-words.js';
import { ordered } from './view-changes.js';
import { dependsOnView, shownOf, stateAfter } from './view-events.js';

interface IncidentRow {
  readonly incident_id: string;
  readonly reported_at: string;
  readonly state: string;
  /** Whether its grid is known. */
  readonly located: boolean;
}
type StateChange = Pick<IncidentRow, 'incident_id' | 'state'>;

interface ReportRow {
  readonly incident_id: string;
  readonly receipt_hash: string;
  readonly reported_at: string;
  readonly street_id: string | null;
  readonly community_id: string | null;
  readonly estate_id: string | null;
  readonly category: string;
  readonly severity: string;
  /** What it says, as it is searched: see `search-words.ts`. */
  readonly folded: string;
  readonly words: string;
  readonly report: string;
}

/** Where it lies by a correction. */
interface PlaceRow {
  readonly incident_id: string;
  readonly estate_id: string | null;
  readonly community_id: string | null;
  readonly street_id: string | null;
  readonly located: boolean;
}

/** Whose data an incident holds, so that a person can be forgotten by the reference alone. */
interface SubjectRow {
  readonly subject_id: string;
  readonly incident_id: string;
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

const incidentShape: RowShape<IncidentRow> = {
  ...{ incident_id: 'text', reported_at: 'timestamptz', state: 'text', located: 'boolean' },
};
const reportShape: RowShape<ReportRow> = {
  ...{ incident_id: 'text', receipt_hash: 'text', reported_at: 'timestamptz', street_id: 'text' },
  ...{ community_id: 'text', estate_id: 'text', category: 'text', severity: 'text', folded: 'text' },
  ...{ words: 'integer[]', report: 'json' },
};
const placeShape: RowShape<PlaceRow> = {
  ...{ incident_id: 'text', estate_id: 'text', community_id: 'text', street_id: 'text', located: 'boolean' },
};
const eventShape: RowShape<EventRow> = { incident_id: 'text', revision: 'integer', event: 'json' };

const insertIncidents = merging('incidents', {
  ...{ shape: incidentShape, key: ['incident_id'], overwritten: ['state'] },
});
const changeStates = new RowStatement<StateChange>(
  { incident_id: 'text', state: 'text' },
  (rows) => `update incidents i set state = u.state from ${rows} where i.incident_id = u.incident_id`,
);
const insertReports = merging('reports', { shape: reportShape, key: ['incident_id'] });
const moveIncidents = new RowStatement<PlaceRow>(
  placeShape,
  (rows) => `update incidents i set located = u.located from ${rows} where i.incident_id = u.incident_id`,
);
const moveReports = new RowStatement<PlaceRow>(
  placeShape,
  (rows) =>
    `update reports r set street_id = u.street_id, community_id = u.community_id, estate_id = u.estate_id
     from ${rows} where r.incident_id = u.incident_id`,
);
const insertSubjects = merging<SubjectRow>('subjects', {
  ...{ shape: { subject_id: 'text', incident_id: 'text' }, key: ['subject_id'] },
});
const insertEvents = merging('events', { shape: eventShape, key: ['incident_id', 'revision'] });
const insertInvolvements = merging<InvolvementRow, 'reported_at'>('involvements', {
  ...{
    shape: { department_id: 'text', incident_id: 'text' },
    key: ['department_id', 'reported_at', 'incident_id'],
  },
  derived: ['reported_at'],
  source: (rows) =>
    `(select distinct u.department_id, u.incident_id, i.reported_at
      from ${rows} join incidents i on i.incident_id = u.incident_id)`,
});

/** With when the incident was reported, so that what is overdue is found in the order of a page. */
const writeDeadlines = merging('deadlines', {
  ...deadlineMerge,
  derived: ['reported_at'],
  source: (rows) =>
    `(select u.*, i.reported_at from ${rows} left join incidents i on i.incident_id = u.incident_id)`,
});

/** States in which nobody waits any more to learn where an incident is. */
export const PLACE_NOT_AWAITED: readonly Lifecycle[] = [
  'CLOSED',
  'REJECTED',
  'MERGED',
  'WITHDRAWN',
  'VOIDED',
];

/** Incidents that wait for somebody to say where they are. */
export const unlocated = (incident: string): string =>
  `not ${incident}located and ${incident}state not in (${PLACE_NOT_AWAITED.map((state) => `'${state}'`).join(', ')})`;

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
  version: 15,
  schema: `
    create table incidents (
      incident_id  text primary key,
      reported_at  timestamptz not null,
      state        text not null,
      located      boolean not null
    );
    -- Apart from the incidents: nine indexes that hardly any change of an incident has to keep, the one of words dearest of
    -- all, and the widest column of all, which every new state would write again. In one table: words in a street are then found
    -- without a join of two.
    create table reports (
      incident_id  text primary key,
      receipt_hash text not null unique,
      reported_at  timestamptz not null,
      street_id    text,
      community_id text,
      estate_id    text,
      category     text not null,
      severity     text not null,
      folded       text not null,
      words        integer[] not null,
      report       json not null    -- what the view shows of IncidentReported
    );
    create table subjects (
      subject_id  text primary key,
      incident_id text not null
    );
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
    ${deadlinesTable(`reported_at timestamptz, unmet_due timestamptz generated always as (${unmetDue}) stored`)}
  `,
  // Of overdue deadlines in the order of a page: by due time, all that is overdue would have to be looked up and sorted for each.
  // What the index of words has not sorted in yet is read by every search: no more than half a megabyte.
  indexes: `
    create index if not exists incidents_by_state on incidents (state, reported_at, incident_id);
    create index if not exists incidents_unlocated on incidents (reported_at, incident_id) where ${unlocated('')};
    create index if not exists reports_by_time on reports (reported_at, incident_id);
    create index if not exists reports_of_street on reports (street_id, reported_at, incident_id);
    create index if not exists reports_of_community on reports (community_id, reported_at, incident_id);
    create index if not exists reports_of_estate on reports (estate_id, reported_at, incident_id);
    create index if not exists reports_of_category on reports (category, reported_at, incident_id);
    create index if not exists reports_of_severity on reports (severity, reported_at, incident_id);
    create index if not exists reports_by_word on reports using gin (words) with (gin_pending_list_limit = 512);
    create index if not exists deadlines_unmet on deadlines (reported_at, incident_id, unmet_due) where unmet_due is not null;
  `,
  eventTypes: incidentEventTypes,
  async apply(events, tx) {
    const entries = incidentEntries(events);
    const deadlines = await DeadlineBatch.of(tx, entries, 'OWED');
    const batch = new BoardBatch();
    for (const { entry, state } of await standings(tx, entries)) {
      batch.fold(entry, state);
      deadlines.fold(entry);
    }
    await insertIncidents.run(tx, batch.incidents.rows);
    await insertReports.run(tx, batch.reports.rows);
    await changeStates.run(tx, batch.incidents.changes);
    await moveIncidents.run(tx, batch.places);
    await moveReports.run(tx, batch.places);
    await insertSubjects.run(tx, [...batch.subjects.values()]);
    await insertEvents.run(tx, batch.events);
    await insertInvolvements.run(tx, batch.involvements);
    await deadlines.write(tx, writeDeadlines);
  },
};

class BoardBatch {
  readonly incidents = new Drafts<IncidentRow, StateChange>();
  readonly reports = new Drafts<ReportRow, Pick<ReportRow, 'incident_id'>>();
  readonly events: EventRow[] = [];
  readonly involvements: InvolvementRow[] = [];
  readonly subjects = new Map<string, SubjectRow>();
  private readonly corrected = new Map<string, PlaceRow>();

  /** The last correction of each incident. */
  get places(): PlaceRow[] {
    return [...this.corrected.values()];
  }

  /** @param state that the event leads to; null where it leaves it as it was */
  fold(entry: IncidentEntry, state: Lifecycle | null): void {
    const { incidentId: incident_id, revision } = entry;
    if (entry.type === 'IncidentReported') {
      this.report(entry);
      return;
    }
    if (entry.type === 'PersonalDataSealed') this.sealed(incident_id, entry.data.sealed);
    this.events.push({ incident_id, revision, event: JSON.stringify(shownOf(entry)) });
    if (state !== null) this.incidents.change(incident_id, { state }, { incident_id, state });
    if (entry.type === 'IncidentLocated')
      this.corrected.set(incident_id, placed(incident_id, entry.data.place));
    for (const { departmentId } of summonedBy(entry))
      this.involvements.push({ department_id: departmentId, incident_id });
  }

  private sealed(incident_id: string, sealed: Pick<SealedReporter, 'subjectId'> | null): void {
    if (sealed === null) return;
    const { subjectId: subject_id } = sealed;
    // The first one stays, as it does where it was written by an earlier batch.
    if (!this.subjects.has(subject_id)) this.subjects.set(subject_id, { subject_id, incident_id });
  }

  private report(entry: Extract<IncidentEntry, { type: 'IncidentReported' }>): void {
    const { incidentId: incident_id, occurredAt: reported_at } = entry;
    const { category, severity, place, receiptHash: receipt_hash, description } = entry.data;
    const { located, ...units } = placed(incident_id, place);
    this.incidents.begin(incident_id, {
      ...{ incident_id, reported_at, state: 'REPORTED', located },
    });
    this.sealed(incident_id, entry.data.reporter);
    const folded = foldText(description);
    const words = `{${wordsOf(folded).join(',')}}`;
    const report = JSON.stringify(shownOf(entry));
    this.reports.begin(incident_id, {
      ...{ ...units, receipt_hash, reported_at, category, severity, folded, words, report },
    });
  }
}

const placed = (incident_id: string, { gridId, estateId, communityId, streetId }: Place): PlaceRow => ({
  ...{ incident_id, estate_id: estateId, community_id: communityId, street_id: streetId },
  located: gridId !== null,
});

/** An event, completed where it has to be, and the state it leads to. */
interface Standing {
  readonly entry: IncidentEntry;
  readonly state: Lifecycle | null;
}

const lacksDue = (entry: IncidentEntry): boolean =>
  entry.type === 'SupervisionIssued' && entry.data.dueAt === null && entry.data.deadlineId !== null;

/**
 * Some rare events do not say by themselves where they lead, the incident does. And orders of version 1 do not say when
 * the missed deadline was due: they are completed before they are written, so that the tables are the same whichever
 * release wrote the log.
 */
async function standings(tx: ProjectionTransaction, entries: readonly IncidentEntry[]): Promise<Standing[]> {
  const asking = entries.filter((entry) => lacksDue(entry) || dependsOnView(entry));
  const views = await viewsBefore(tx, entries, [...new Set(asking.map(({ incidentId }) => incidentId))]);
  return entries.map((entry) => {
    const view = views.get(entry.incidentId);
    if (view === undefined) return { entry, state: stateAfter(entry) };
    const completed =
      entry.type === 'SupervisionIssued' && view !== null
        ? { ...entry, data: ordered(view, entry.data) }
        : entry;
    const next = evolveView(view, completed);
    views.set(entry.incidentId, next);
    const state = dependsOnView(entry) ? (next?.state ?? null) : stateAfter(entry);
    return { entry: completed, state };
  });
}

/** As the incidents were before the batch. */
async function viewsBefore(
  tx: ProjectionTransaction,
  entries: readonly IncidentEntry[],
  incidentIds: readonly string[],
): Promise<Map<string, IncidentView | null>> {
  const views = new Map<string, IncidentView | null>(incidentIds.map((id) => [id, null]));
  if (incidentIds.length === 0) return views;
  const first = new Map<string, number>();
  for (const { incidentId, revision } of entries) if (!first.has(incidentId)) first.set(incidentId, revision);
  const stories = await tx.query<StoryRow>(
    `select ${storySql('')} from reports r where r.incident_id = any($1::text[])`,
    [incidentIds],
  );
  // A log that is delivered again is ahead in the table.
  for (const row of stories) views.set(row.incident_id, viewOf(row, first.get(row.incident_id)));
  return views;
}
