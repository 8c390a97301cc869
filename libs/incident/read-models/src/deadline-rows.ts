import type { Deadline, DeadlineMove } from '@shaoying/incident-domain';
import { merging, RowStatement, wholeRow, type RowShape } from './incident-rows.js';

/*
 * The deadlines that something is or may again be owed by, for whichever read model asks for them. Which clocks run is
 * said by `incident.clocks.ts`; here it is said again in rows, so that it can be asked of many incidents at once.
 *
 * A row goes as soon as nothing can make its deadline matter again. What may come back keeps its row: it is held (a task
 * that is done may be sent back) or its incident is elsewhere (`lifecycle`). The acts of every day are written without
 * reading a row. What is rare (a return, a suspension, an order) reads the rows of its incident first and writes them whole.
 */

/** Why nothing is owed by a deadline although its incident is where its clock runs. `met`: for good. */
export const HELD = { done: 1, undecided: 2, extending: 4, met: 32 } as const;
/** Of a task's deadlines, beside what holds them: its whistle was cancelled, what is left of it was done before. */
export const CANCELLED = 8;
/** Of a whistle's deadlines: it was blown in a cycle that is over, and completed in it. */
export const FORMER = 16;

/** Of a deadline that came with an imported case, where nothing comes of it. */
export const IMPORTED = 64;

/** Of its due instant no warning is on record; 0: breached, no step of the ladder taken; then the highest that was. */
export const NOT_WARNED = -2;
export const NOT_BREACHED = -1;

export interface DeadlineRow {
  readonly incident_id: string;
  readonly deadline_id: string;
  /** Task, whistle or order; null: the incident itself. */
  readonly owner_id: string | null;
  readonly timer: string;
  /** When it is to be warned of; null where there is no warning before it is due. */
  readonly warn_at: string | null;
  readonly due_at: string;
  /** Array of instants: the n-th is when the first step of the ladder from n on is taken. Null without a ladder. */
  readonly steps: string | null;
  readonly taken: number;
  /** Of the incident. While its clocks stand still: SUSPENDED or MERGED, and behind a space where it goes back to. */
  readonly lifecycle: string;
  readonly held: number;
  /** Whether it reaches into a year that is not published. */
  readonly provisional: boolean;
  /** JSON of {@link About}, of a task's deadlines. */
  readonly about: string | null;
}

export type StoredRow = Omit<DeadlineRow, 'warn_at' | 'due_at'> & {
  readonly warn_at: Date | null;
  readonly due_at: Date;
};

export interface About {
  readonly stage: string | null;
  readonly whistleId: string | null;
  readonly departmentId: string | null;
}

const shape: RowShape<DeadlineRow> = {
  ...{ incident_id: 'text', deadline_id: 'text', owner_id: 'text', timer: 'text' },
  ...{ warn_at: 'timestamptz', due_at: 'timestamptz' },
  ...{ steps: 'timestamptz[]', taken: 'integer', lifecycle: 'text', held: 'integer' },
  ...{ provisional: 'boolean', about: 'text' },
};

const inWords = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(', ');

/** Where an emergency whistle is to be ratified, and where an order is to be answered; as in `incident.clocks.ts`. */
const ratifiedAt = ['FILED', 'HANDLING', 'CHECKING', 'FEEDBACK', 'CLOSED'];
const answeredAt = ['REPORTED', 'VERIFYING', ...ratifiedAt];

/** True while something is owed by the deadline of a row. */
const owed = `held & ${HELD.done | HELD.undecided | HELD.extending | HELD.met | IMPORTED} = 0 and case timer
    when 'VERIFY' then lifecycle = 'REPORTED'
    when 'DISPATCH' then lifecycle = 'FILED'
    when 'INCIDENT_TOTAL' then lifecycle in ('FILED', 'HANDLING')
    when 'CONTACT' then lifecycle = 'HANDLING' or lifecycle = 'FILED' and owner_id is null
    when 'CHECK' then lifecycle = 'CHECKING'
    when 'CALLBACK' then lifecycle = 'FEEDBACK'
    when 'FEEDBACK_WINDOW' then lifecycle = 'FEEDBACK'
    when 'SUSPENSION_REVIEW' then starts_with(lifecycle, 'SUSPENDED')
    when 'RATIFICATION' then lifecycle in (${inWords(ratifiedAt)})
    when 'SUPERVISION_RESPONSE' then lifecycle in (${inWords(answeredAt)})
    else lifecycle = 'HANDLING' end`;

/** When there is next something to be asked of the decider: the warning, the breach, then each later step of the ladder. */
export const alarmAt = `case when ${owed} then
    case taken when ${NOT_WARNED} then warn_at when ${NOT_BREACHED} then due_at else steps[taken + 1] end end`;

/** Since when what is owed is overdue. The end of a window is nobody's delay: something happens by itself then. */
export const unmetDue = `case when ${owed} and timer not in ('RETURN_WINDOW', 'FEEDBACK_WINDOW') then due_at end`;

/** @param derived generated column of the read model, with its type */
export const deadlinesTable = (derived: string): string => `
    create table deadlines (
      incident_id text not null,
      deadline_id text not null,
      owner_id    text,
      timer       text not null,
      warn_at     timestamptz,
      due_at      timestamptz not null,
      steps       timestamptz[],
      taken       integer not null,
      lifecycle   text not null,
      held        integer not null,
      provisional boolean not null,
      about       text,
      ${derived},
      primary key (incident_id, deadline_id)
    );`;

export type Clear = Pick<DeadlineRow, 'incident_id'> & { readonly whole: boolean };
export type Owned = Pick<DeadlineRow, 'incident_id' | 'owner_id'>;
export type Drop = Owned & { readonly timers: string };
export type Known = Pick<DeadlineRow, 'incident_id' | 'deadline_id'>;
export type Taken = Known & Pick<DeadlineRow, 'taken'>;
export type Move = Pick<DeadlineRow, 'incident_id' | 'lifecycle'>;

export const clearIncidents = new RowStatement<Clear>(
  { incident_id: 'text', whole: 'boolean' },
  (rows) =>
    `delete from deadlines d using ${rows} where d.incident_id = u.incident_id
       and (u.whole or d.timer not in ('RATIFICATION', 'SUPERVISION_RESPONSE'))`,
);
export const dropOwners = new RowStatement<Owned>(
  { incident_id: 'text', owner_id: 'text' },
  (rows) =>
    `delete from deadlines d using ${rows} where d.incident_id = u.incident_id and d.owner_id = u.owner_id`,
);
export const dropTimers = new RowStatement<Drop>(
  { incident_id: 'text', owner_id: 'text', timers: 'text' },
  // One look at the incident's rows for all the timers that one owner's act ends: a check-in ends three.
  (rows) =>
    `delete from deadlines d using ${rows}
     where d.incident_id = u.incident_id and d.owner_id is not distinct from u.owner_id
       and d.timer = any(string_to_array(u.timers, ' '))`,
);
export const dropKnown = new RowStatement<Known>(
  { incident_id: 'text', deadline_id: 'text' },
  (rows) =>
    `delete from deadlines d using ${rows} where d.incident_id = u.incident_id and d.deadline_id = u.deadline_id`,
);
export const takeSteps = new RowStatement<Taken>(
  { incident_id: 'text', deadline_id: 'text', taken: 'integer' },
  (rows) =>
    `update deadlines d set taken = u.taken from ${rows}
     where d.incident_id = u.incident_id and d.deadline_id = u.deadline_id and d.taken < u.taken`,
);
export const moveIncidents = new RowStatement<Move>(
  { incident_id: 'text', lifecycle: 'text' },
  (rows) =>
    `update deadlines d set lifecycle = u.lifecycle from ${rows}
     where d.incident_id = u.incident_id and d.lifecycle <> u.lifecycle`,
);
export const endTasks = new RowStatement<Owned>(
  { incident_id: 'text', owner_id: 'text' },
  (rows) =>
    // What was asked for meanwhile is asked for no more.
    `update deadlines d set held = d.held & ~${HELD.extending} | ${HELD.done} from ${rows}
     where d.incident_id = u.incident_id and d.owner_id = u.owner_id and d.held & ${HELD.done} = 0`,
);

/** What is merged into the table, for a read model that adds columns of its own. */
export const deadlineMerge = {
  ...{ shape, key: ['incident_id', 'deadline_id'], overwritten: wholeRow(shape) },
};
export const writeRows = merging('deadlines', deadlineMerge);

export const aboutOf = ({ about }: DeadlineRow): About =>
  about === null ? { stage: null, whistleId: null, departmentId: null } : (JSON.parse(about) as About);

const warnsFirst = ({ warnAt, dueAt }: DeadlineMove): boolean => Date.parse(warnAt) < Date.parse(dueAt);

export const firstOf = (deadline: DeadlineMove): number => (warnsFirst(deadline) ? NOT_WARNED : NOT_BREACHED);

export const instantsOf = (
  deadline: DeadlineMove,
): Pick<DeadlineRow, 'warn_at' | 'due_at' | 'steps' | 'provisional'> => ({
  ...{ warn_at: warnsFirst(deadline) ? deadline.warnAt : null, due_at: deadline.dueAt },
  ...{ steps: stepInstants(deadline.steps), provisional: deadline.provisional },
});

/** See {@link DeadlineRow.steps}: whichever step was taken last, what is next stands right behind it. */
function stepInstants(steps: Deadline['steps']): string | null {
  const last = steps.at(-1);
  if (last === undefined) return null;
  const instants = Array.from({ length: last.step }, (_, index) => {
    const next = steps.find(({ step }) => step > index) ?? last;
    return `"${next.at}"`;
  });
  return `{${instants.join(',')}}`;
}
