import { indexesByMoment, settledAt } from './tasks-in-question.js';
import { workIndexes, workTables } from './work-bookings.js';
import { merging, RowStatement, wholeRow, type RowShape } from '../incident-rows.js';

// The tables of the read model, but for what task-rows.ts says of the rows of tasks.

export interface CaseRow {
  readonly incident_id: string;
  readonly cycle: number;
  readonly category: string;
  readonly severity: string;
  readonly estate_id: string | null;
  readonly community_id: string | null;
  readonly street_id: string | null;
  readonly imported: boolean;
  /** What a task of it weighs by the catalogue that governs the incident. Hundredths. */
  readonly weight: number;
}

/** What a category weighs in one version of a catalogue, where that is not 1. */
export interface CategoryWeightRow {
  readonly catalogue_id: string;
  readonly catalogue_version: number;
  readonly category: string;
  /** Hundredths. */
  readonly weight: number;
}

export interface WhistleRow {
  readonly whistle_id: string;
  readonly incident_id: string;
  readonly kind: string;
  readonly reverse: boolean;
  readonly category: string;
  readonly estate_id: string | null;
  readonly blown_at: string;
  readonly blown_known_at: string;
}

export interface LossRow {
  readonly event_id: string;
  readonly ordinal: number;
  readonly incident_id: string;
  readonly task_id: string;
  readonly account: string;
  readonly unit_id: string | null;
  readonly from_at: string;
  readonly to_at: string;
  readonly booked_at: string;
  readonly booked_known_at: string;
}

/** 剔除: a deadline that was missed and is left out of the three rates. */
export interface ExclusionRow {
  readonly incident_id: string;
  readonly deadline_id: string;
  readonly decided_at: string;
  readonly decided_known_at: string;
}

const caseShape: RowShape<CaseRow> = {
  ...{ incident_id: 'text', cycle: 'integer', category: 'text', severity: 'text', estate_id: 'text' },
  ...{ community_id: 'text', street_id: 'text', imported: 'boolean', weight: 'integer' },
};
const categoryWeightShape: RowShape<CategoryWeightRow> = {
  ...{ catalogue_id: 'text', catalogue_version: 'integer', category: 'text', weight: 'integer' },
};
const whistleShape: RowShape<WhistleRow> = {
  ...{ whistle_id: 'text', incident_id: 'text', kind: 'text', reverse: 'boolean', category: 'text' },
  ...{ estate_id: 'text', blown_at: 'timestamptz', blown_known_at: 'timestamptz' },
};
const lossShape: RowShape<LossRow> = {
  ...{ event_id: 'text', ordinal: 'integer', incident_id: 'text', task_id: 'text', account: 'text' },
  ...{ unit_id: 'text', from_at: 'timestamptz', to_at: 'timestamptz', booked_at: 'timestamptz' },
  booked_known_at: 'timestamptz',
};

const exclusionShape: RowShape<ExclusionRow> = {
  ...{ incident_id: 'text', deadline_id: 'text', decided_at: 'timestamptz', decided_known_at: 'timestamptz' },
};

export const writeCases = merging('cases', {
  ...{ shape: caseShape, key: ['incident_id'], overwritten: wholeRow(caseShape) },
});
export const writeCategoryWeights = merging('category_weights', {
  ...{ shape: categoryWeightShape, key: ['catalogue_id', 'catalogue_version', 'category'] },
});
export const writeWhistles = merging('whistles', {
  ...{ shape: whistleShape, key: ['whistle_id'], overwritten: wholeRow(whistleShape) },
});
export const writeLosses = merging('lost_times', { shape: lossShape, key: ['event_id', 'ordinal'] });
/** The first decision counts: two units may each contest the same deadline. */
export const writeExclusions = merging('exclusions', {
  ...{ shape: exclusionShape, key: ['incident_id', 'deadline_id'] },
});
export const dropWhistles = new RowStatement<Pick<WhistleRow, 'whistle_id'>>(
  { whistle_id: 'text' },
  (rows) => `delete from whistles w using ${rows} where w.whistle_id = u.whistle_id`,
);
export const dropWhistlesOf = new RowStatement<Pick<WhistleRow, 'incident_id'>>(
  { incident_id: 'text' },
  (rows) => `delete from whistles w using ${rows} where w.incident_id = u.incident_id`,
);

export const caseColumns = Object.keys(caseShape).join(', ');

/** SQL of the indexes that only queries use; and what is open is put in order by one of them. */
export const taskIndexes = `
  ${indexesByMoment}
  -- Rows of a rebuild went through it, and left their room behind.
  cluster open_tasks using open_tasks_of_department;
  create index if not exists tasks_by_handling_due on tasks (handling_due) where handling_due is not null;
  create index if not exists tasks_by_check_in_due on tasks (check_in_due) where check_in_due is not null;
  create index if not exists tasks_by_acknowledge_due on tasks (acknowledge_due) where acknowledge_due is not null;
  create index if not exists tasks_by_contact_due on tasks (contact_due) where contact_due is not null;
  create index if not exists whistles_of_estate on whistles (estate_id, category, blown_at);
  create index if not exists lost_times_of_unit on lost_times (unit_id, booked_at);
  create index if not exists lost_times_by_booking on lost_times (booked_at);
  ${workIndexes}
`;

/** SQL of the tables, and of the indexes by which a batch finds rows. */
export const taskTables = `
    create table cases (
      incident_id  text primary key,
      cycle        integer not null,
      category     text not null,
      severity     text not null,
      estate_id    text,
      community_id text,
      street_id    text,
      imported     boolean not null,
      weight       integer not null
    );
    -- A published version is never changed: what a version leaves at 1 is not in it.
    create table category_weights (
      catalogue_id      text not null,
      catalogue_version integer not null,
      category          text not null,
      weight            integer not null,
      primary key (catalogue_id, catalogue_version, category)
    );
    -- What is open lies apart from what is over: it is asked for at every moment, and among all others one of it was on each page.
    -- First what workload asks of a row, and of that what every row has: whatever lies before a column is stepped over to read it.
    create table tasks (
      since_at              timestamptz not null,
      since_known_at        timestamptz not null,
      notified_at           timestamptz not null,
      department_id         text not null,
      role                  text not null,
      weight                integer not null,
      counted               boolean not null,
      extending             boolean not null,
      street_id             text,
      acknowledge_due       timestamptz,
      acknowledged_at       timestamptz,
      acknowledged_known_at timestamptz,
      contact_due           timestamptz,
      contacted_at          timestamptz,
      contacted_known_at    timestamptz,
      check_in_due          timestamptz,
      checked_in_at         timestamptz,
      checked_in_known_at   timestamptz,
      handling_due          timestamptz,
      stage_due             timestamptz,
      rework_due            timestamptz,
      working_at            timestamptz,
      working_known_at      timestamptz,
      accepted_at           timestamptz,
      stands                text,
      set_aside             text,
      former                json,
      until_at              timestamptz,
      until_known_at        timestamptz,
      completed_at          timestamptz,
      completed_known_at    timestamptz,
      ended_as              text,
      ended_at              timestamptz,
      ended_known_at        timestamptz,
      settled_at            timestamptz generated always as (${settledAt}) stored,
      task_id               text not null,
      version               integer not null,
      incident_id           text not null,
      whistle_id            text not null,
      kind                  text not null,
      category              text not null,
      severity              text not null,
      estate_id             text,
      community_id          text,
      imported              boolean not null,
      cycle                 integer not null,
      since_event_id        text not null,
      notified_known_at     timestamptz not null,
      notified_event_id     text not null,
      acknowledged_event_id text,
      contacted_event_id    text,
      checked_in_event_id   text,
      working_event_id      text,
      completed_event_id    text,
      accepted_known_at     timestamptz,
      accepted_event_id     text,
      ended_event_id        text,
      causes                json,
      event_places          json,
      is_over               boolean not null,
      primary key (task_id, version, is_over),
      check (is_over = (completed_at is not null or ended_at is not null or until_at is not null))
    ) partition by list (is_over);
    -- Half of every page is kept for what comes later: a check-in that stays on its page is in no index and logs what it
    -- changed. Measured with check-ins in the order of the whistles, two events each: 100 bytes of log an event instead
    -- of 540 with fillfactor 80, and PostgreSQL 6 µs instead of 14. Rows leave it as they are over, and their room is to be used again.
    create table open_tasks partition of tasks for values in (false)
      with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
    create table over_tasks partition of tasks for values in (true);
    create index on tasks (incident_id);
    -- More than half of a task, and hardly ever asked for.
    create table task_deadlines (
      task_id   text not null,
      version   integer not null,
      deadlines json not null,
      primary key (task_id, version)
    );
    -- For "repeat whistles": what was blown and not taken back.
    create table whistles (
      whistle_id     text primary key,
      incident_id    text not null,
      kind           text not null,
      reverse        boolean not null,
      category       text not null,
      estate_id      text,
      blown_at       timestamptz not null,
      blown_known_at timestamptz not null
    );
    create index on whistles (incident_id);
    create table lost_times (
      event_id        text not null,
      ordinal         integer not null,
      incident_id     text not null,
      task_id         text not null,
      account         text not null,
      unit_id         text,
      from_at         timestamptz not null,
      to_at           timestamptz not null,
      booked_at       timestamptz not null,
      booked_known_at timestamptz not null,
      primary key (event_id, ordinal)
    );
    ${workTables}
    create table exclusions (
      incident_id      text not null,
      deadline_id      text not null,
      decided_at       timestamptz not null,
      decided_known_at timestamptz not null,
      primary key (incident_id, deadline_id)
    );
  `;
