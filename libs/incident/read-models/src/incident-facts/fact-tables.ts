import { merging, wholeRow, type RowShape } from '../incident-rows.js';

/** What kinds of facts there are, each with what its columns say. */
export const FACT_KINDS = [
  /** 立案, with the time the whole was due by. */
  'FILED',
  /** Lies elsewhere than was thought (`says`: BY_POINT, BY_HAND), or its area went to other units (AREA_TRANSFER). */
  'LOCATED',
  /** The time the whole is due by was moved. */
  'DUE_MOVED',
  /**
   * Whoever handles it without a whistle is to call the reporter until `due_at`, in this cycle; `says` which deadline. The
   * time was moved; and the reporter was reached while it ran.
   */
  'CONTACT_TIMED',
  'CONTACT_MOVED',
  'CONTACTED',
  /** `says`: MERGED, WITHDRAWN, VOIDED, REJECTED, SUSPENDED (with how much of the total time was used up, and the lead's department); ON when it goes on. */
  'STANDING',
  /** `says` REVERSE of what a department has whistled for itself. */
  'WHISTLED',
  /** Given to a higher level, by whoever had it or because it was overdue. */
  'ESCALATED',
  'WHISTLE_CANCELLED',
  /** A task was given to a department. */
  'SUMMONED',
  'RETURN_ASKED',
  'RETURN_ACCEPTED',
  /** Arbitration; the department is the responsible one. */
  'DECIDED',
  'TRANSFERRED',
  /** A task was completed. */
  'DONE',
  /** The handling of the whole was completed. */
  'COMPLETED',
  /** `says`: PASS, from which on feedback is awaited until `due_at`; or FAIL. */
  'CHECKED',
  /** A task failed a check. */
  'SENT_BACK',
  /** `says` whether it is solved, `rating` whether the resident is satisfied. */
  'RATED',
  'RATING_CORRECTED',
  /** 剔除 of the feedback. */
  'RATING_EXCLUDED',
  /** `says` at which level it was resolved. */
  'CLOSED',
  /** `cycle` is the one whose closing it ended. */
  'REOPENED',
] as const;
export type FactKind = (typeof FACT_KINDS)[number];

/** What the case is like as a fact comes: the dimensions of a number are those of the event, not today's. */
export interface CaseContext {
  readonly category: string;
  readonly severity: string;
  readonly anonymous: boolean;
  readonly estate_id: string | null;
  readonly community_id: string | null;
  readonly street_id: string | null;
}

/** One thing that was so from `fact_at` on, as far as the log knew from `fact_known_at` on. Never changed. */
export interface FactRow extends CaseContext {
  readonly incident_id: string;
  /** Of the event; with `ordinal` where one event says several things. */
  readonly revision: number;
  readonly ordinal: number;
  readonly kind: FactKind;
  readonly cycle: number;
  readonly fact_at: string;
  readonly fact_known_at: string;
  readonly event_id: string;
  readonly task_id: string | null;
  readonly whistle_id: string | null;
  /** Of a task's fact its department, of a whistle's and what follows from it the lead of the last one, in reverse too. */
  readonly department_id: string | null;
  /** Who leads the incident as the fact comes: what a department whistles for in reverse, changes nothing about that. */
  readonly head_id: string | null;
  readonly says: string | null;
  readonly rating: string | null;
  readonly due_at: string | null;
  /** Of the total time, whole percent, as a suspension took effect; null where none was timed. */
  readonly used_percent: number | null;
  /** The same exactly, of so much that is allowed. Milliseconds; null where that is not on record. */
  readonly used_ms: number | null;
  readonly allowed_ms: number | null;
}

/** The case as it is after the last event, for the facts to come. */
export interface CaseRow extends CaseContext {
  readonly incident_id: string;
  readonly cycle: number;
  readonly total_deadline_id: string | null;
  readonly contact_deadline_id: string | null;
  readonly lead_task_id: string | null;
  readonly lead_department_id: string | null;
  /** The same without whistles in reverse. */
  readonly head_task_id: string | null;
  readonly head_department_id: string | null;
  /** Closed, or given up: nothing more is expected of it. */
  readonly is_over: boolean;
}

const contextShape: RowShape<CaseContext> = {
  ...{ category: 'text', severity: 'text', anonymous: 'boolean', estate_id: 'text', community_id: 'text' },
  street_id: 'text',
};
const factShape: RowShape<FactRow> = {
  ...{ incident_id: 'text', revision: 'integer', ordinal: 'integer', kind: 'text', cycle: 'integer' },
  ...{ fact_at: 'timestamptz', fact_known_at: 'timestamptz', event_id: 'text', task_id: 'text' },
  ...{ whistle_id: 'text', department_id: 'text', says: 'text', rating: 'text', due_at: 'timestamptz' },
  ...{ used_percent: 'integer', used_ms: 'bigint', allowed_ms: 'bigint', head_id: 'text' },
  ...contextShape,
};
const caseShape: RowShape<CaseRow> = {
  ...{ incident_id: 'text', cycle: 'integer', total_deadline_id: 'text', contact_deadline_id: 'text' },
  ...{ lead_task_id: 'text', lead_department_id: 'text', head_task_id: 'text', head_department_id: 'text' },
  ...{ is_over: 'boolean', ...contextShape },
};

export const caseColumns = Object.keys(caseShape).join(', ');

export const writeFacts = merging('facts', {
  ...{ shape: factShape, key: ['incident_id', 'revision', 'ordinal'] },
});
export const writeCases = merging('cases', {
  ...{ shape: caseShape, key: ['incident_id'], overwritten: wholeRow(caseShape) },
});

/**
 * One table for all facts, and nothing in it is ever changed: a number at a moment is computed from the facts that were
 * so and known by then, so that it comes out the same for ever. A table for each kind was the other way; it had the same
 * columns twelve times, and every question needs three or four kinds of one incident.
 */
export const factTables = `
    create table cases (
      incident_id        text primary key,
      cycle              integer not null,
      total_deadline_id  text,
      contact_deadline_id text,
      lead_task_id       text,
      lead_department_id text,
      head_task_id       text,
      head_department_id text,
      is_over            boolean not null,
      category           text not null,
      severity           text not null,
      anonymous          boolean not null,
      estate_id          text,
      community_id       text,
      street_id          text
    );
    create table facts (
      incident_id   text not null,
      revision      integer not null,
      ordinal       integer not null,
      kind          text not null,
      cycle         integer not null,
      fact_at       timestamptz not null,
      fact_known_at timestamptz not null,
      event_id      text not null,
      task_id       text,
      whistle_id    text,
      department_id text,
      says          text,
      rating        text,
      due_at        timestamptz,
      used_percent  integer,
      used_ms       bigint,
      allowed_ms    bigint,
      head_id       text,
      category      text not null,
      severity      text not null,
      anonymous     boolean not null,
      estate_id     text,
      community_id  text,
      street_id     text,
      primary key (incident_id, revision, ordinal)
    );
    create index on facts (task_id) where kind = 'SUMMONED';
  `;
