import type { Deadline, DeadlineMove, IncidentEventOf } from '@shaoying/incident-domain';
import type { ProjectionTransaction } from '@shaoying/projections';
import { merging, RowStatement, wholeRow, type RowShape } from '../incident-rows.js';

/**
 * A task from one change of its terms to the next: of its department, its role, its deadlines, of what is undecided about
 * it, or of its incident standing still. A question about a moment is answered by the row that held then.
 */
export interface TaskRow {
  readonly task_id: string;
  /** Revision of the event that changed the terms, or began the task. */
  readonly version: number;
  readonly incident_id: string;
  /** Of the incident, in which it was given to a department. */
  readonly cycle: number;
  readonly whistle_id: string;
  readonly department_id: string;
  readonly role: string;
  readonly kind: string;
  readonly category: string;
  readonly severity: string;
  readonly estate_id: string | null;
  readonly community_id: string | null;
  readonly street_id: string | null;
  readonly imported: boolean;
  /** Of its category, by the catalogue that governs the incident. Hundredths. */
  readonly weight: number;
  /** Since when, and until when, these terms hold. */
  readonly since_at: string;
  readonly since_known_at: string;
  /** The event that changed the terms, or began the task. */
  readonly since_event_id: string;
  readonly until_at: string | null;
  readonly until_known_at: string | null;
  readonly notified_at: string;
  readonly notified_known_at: string;
  readonly notified_event_id: string;
  readonly acknowledge_due: string | null;
  readonly acknowledged_at: string | null;
  readonly acknowledged_known_at: string | null;
  readonly acknowledged_event_id: string | null;
  readonly contact_due: string | null;
  readonly contacted_at: string | null;
  readonly contacted_known_at: string | null;
  readonly contacted_event_id: string | null;
  readonly check_in_due: string | null;
  readonly checked_in_at: string | null;
  readonly checked_in_known_at: string | null;
  readonly checked_in_event_id: string | null;
  /** Of the whole of handling, and of its next stage. */
  readonly handling_due: string | null;
  readonly stage_due: string | null;
  readonly rework_due: string | null;
  /** First word on the work since it was begun, or sent back. */
  readonly working_at: string | null;
  readonly working_known_at: string | null;
  readonly working_event_id: string | null;
  readonly completed_at: string | null;
  readonly completed_known_at: string | null;
  readonly completed_event_id: string | null;
  /** The first completion that a check has passed, where it was sent back after that: by it handling is judged. */
  readonly accepted_at: string | null;
  readonly accepted_known_at: string | null;
  readonly accepted_event_id: string | null;
  readonly ended_as: string | null;
  readonly ended_at: string | null;
  readonly ended_known_at: string | null;
  readonly ended_event_id: string | null;
  /** Whether the end counts against the department. */
  readonly counted: boolean;
  /** RETURN_REQUESTED, IN_ARBITRATION; or ACKNOWLEDGED, where it was decided and never signed for. */
  readonly stands: string | null;
  /** An extension is asked for. */
  readonly extending: boolean;
  /** Its incident is SUSPENDED, MERGED, or WITHDRAWN; one that is voided counts as withdrawn. */
  readonly set_aside: string | null;
  /** JSON of {@link Causes}; null where nothing stands, is asked for or is set aside. */
  readonly causes: string | null;
  /** JSON of {@link TaskDeadline}s. */
  readonly deadlines: string;
  /** JSON of {@link FormerHolder}s, first ones first; null where the task was never transferred. */
  readonly former: string | null;
  /**
   * JSON of {@link EventPlace}s, first ones first: where it lay as of an event of its own. Null where that is the place that is known,
   * whenever the event was.
   */
  readonly event_places: string | null;
}

/** The units of a place whose area has gone to others since, or that was found only after the task's cycle. */
export interface EventPlace {
  /** Null of the first: from the beginning. */
  readonly since: string | null;
  readonly estateId: string | null;
  readonly communityId: string | null;
  readonly streetId: string | null;
}

/** A department that had the task before it was transferred to its successor: what was due by then stays its own. */
export interface FormerHolder {
  readonly departmentId: string;
  readonly since: string;
  readonly until: string;
  /** The transfer to the next. */
  readonly eventId: string;
  readonly knownAt: string;
}

/** An event that something is so by. */
export interface Cause {
  readonly eventId: string;
  readonly at: string;
  readonly knownAt: string;
}

/** The events by which `stands`, `extending` and `set_aside` are what they are. */
export type Causes = Readonly<Partial<Record<'stands' | 'extending' | 'set_aside', Cause>>>;

export interface TaskDeadline {
  readonly deadlineId: string;
  readonly timer: string;
  readonly dueAt: string;
  readonly warnAt: string;
  readonly provisional: boolean;
  /** Of staged handling. */
  readonly stage?: string;
  /** A stage that is done: nothing is owed by then any more, but the last one still says when the whole is due. */
  readonly done?: true;
}

/** Deadlines are in a table of their own. */
const taskShape: RowShape<Omit<TaskRow, 'deadlines'>> = {
  ...{ task_id: 'text', version: 'integer', incident_id: 'text', whistle_id: 'text', department_id: 'text' },
  ...{ role: 'text', kind: 'text', category: 'text', severity: 'text', estate_id: 'text' },
  ...{
    community_id: 'text',
    street_id: 'text',
    imported: 'boolean',
    weight: 'integer',
    since_at: 'timestamptz',
  },
  ...{
    since_known_at: 'timestamptz',
    since_event_id: 'text',
    until_at: 'timestamptz',
    until_known_at: 'timestamptz',
  },
  ...{ notified_at: 'timestamptz', notified_known_at: 'timestamptz', notified_event_id: 'text' },
  ...{ acknowledge_due: 'timestamptz', acknowledged_at: 'timestamptz', acknowledged_known_at: 'timestamptz' },
  ...{ acknowledged_event_id: 'text', contact_due: 'timestamptz', contacted_at: 'timestamptz' },
  ...{ contacted_known_at: 'timestamptz', contacted_event_id: 'text', check_in_due: 'timestamptz' },
  ...{
    checked_in_at: 'timestamptz',
    checked_in_known_at: 'timestamptz',
    checked_in_event_id: 'text',
    handling_due: 'timestamptz',
  },
  ...{ stage_due: 'timestamptz', rework_due: 'timestamptz', working_at: 'timestamptz' },
  ...{ working_known_at: 'timestamptz', working_event_id: 'text', completed_at: 'timestamptz' },
  ...{ completed_known_at: 'timestamptz', completed_event_id: 'text', accepted_at: 'timestamptz' },
  ...{ accepted_known_at: 'timestamptz', accepted_event_id: 'text', ended_as: 'text' },
  ...{ ended_at: 'timestamptz', ended_known_at: 'timestamptz', ended_event_id: 'text' },
  ...{ counted: 'boolean', stands: 'text', extending: 'boolean', set_aside: 'text', causes: 'json' },
  ...{ former: 'json', event_places: 'json', cycle: 'integer' },
};

/** Answers of the department. They may be told late, so they belong to whatever terms held when they were given. */
export interface TaskAnswer {
  readonly task_id: string;
  readonly acknowledged_at: string | null;
  readonly acknowledged_known_at: string | null;
  readonly acknowledged_event_id: string | null;
  readonly checked_in_at: string | null;
  readonly checked_in_known_at: string | null;
  readonly checked_in_event_id: string | null;
}

/** What is told as it happens, under the terms that hold. Null leaves it as it is. */
export interface TaskProgress {
  readonly task_id: string;
  readonly contacted_at: string | null;
  readonly contacted_known_at: string | null;
  readonly contacted_event_id: string | null;
  readonly working_at: string | null;
  readonly working_known_at: string | null;
  readonly working_event_id: string | null;
  readonly completed_at: string | null;
  readonly completed_known_at: string | null;
  readonly completed_event_id: string | null;
  readonly ended_as: string | null;
  readonly ended_at: string | null;
  readonly ended_known_at: string | null;
  readonly ended_event_id: string | null;
  readonly counted: boolean;
}

const answerShape: RowShape<TaskAnswer> = {
  ...{ task_id: 'text', acknowledged_at: 'timestamptz', acknowledged_known_at: 'timestamptz' },
  ...{ acknowledged_event_id: 'text', checked_in_at: 'timestamptz', checked_in_known_at: 'timestamptz' },
  checked_in_event_id: 'text',
};
const progressShape: RowShape<TaskProgress> = {
  ...{ task_id: 'text', contacted_at: 'timestamptz', contacted_known_at: 'timestamptz' },
  contacted_event_id: 'text',
  ...{ working_at: 'timestamptz', working_known_at: 'timestamptz', working_event_id: 'text' },
  ...{ completed_at: 'timestamptz', completed_known_at: 'timestamptz', completed_event_id: 'text' },
  ...{ ended_as: 'text', ended_at: 'timestamptz', ended_known_at: 'timestamptz' },
  ...{ ended_event_id: 'text', counted: 'boolean' },
};

export const noAnswer = (task_id: string): TaskAnswer => ({
  ...{ task_id, acknowledged_at: null, acknowledged_known_at: null, acknowledged_event_id: null },
  ...{ checked_in_at: null, checked_in_known_at: null, checked_in_event_id: null },
});
export const noProgress = (task_id: string): TaskProgress => ({
  ...{ task_id, contacted_at: null, contacted_known_at: null, contacted_event_id: null },
  ...{ working_at: null, working_known_at: null, working_event_id: null },
  ...{ completed_at: null, completed_known_at: null, completed_event_id: null, ended_as: null },
  ...{ ended_at: null, ended_known_at: null, ended_event_id: null, counted: false },
});

const later = (...columns: string[]): string =>
  columns.map((column) => `${column} = coalesce(u.${column}, t.${column})`).join(', ');
const instantsOf = (act: string): string[] => ['at', 'known_at'].map((part) => `${act}_${part}`);

/** Where a row of a task lies: apart from the others while it is open. */
const isOver = (row: string): string =>
  ['completed_at', 'ended_at', 'until_at'].map((instant) => `${row}.${instant} is not null`).join(' or ');

const writeRows = merging<Omit<TaskRow, 'deadlines'>, 'is_over'>('tasks', {
  ...{ shape: taskShape, key: ['task_id', 'version'], overwritten: [...wholeRow(taskShape), 'is_over'] },
  ...{ source: (rows) => `(select *, ${isOver('u')} as is_over from ${rows})`, derived: ['is_over'] },
});
const deadlineShape: RowShape<Pick<TaskRow, 'task_id' | 'version' | 'deadlines'>> = {
  ...{ task_id: 'text', version: 'integer', deadlines: 'json' },
};
const writeDeadlines = merging('task_deadlines', {
  ...{ shape: deadlineShape, key: ['task_id', 'version'], overwritten: ['deadlines'] },
});

/** @param known deadlines of rows as they were read */
export async function writeTasks(
  tx: ProjectionTransaction,
  rows: readonly TaskRow[],
  known: ReadonlyMap<string, string>,
): Promise<void> {
  await writeRows.run(tx, rows);
  await writeDeadlines.run(
    tx,
    rows.filter((row) => known.get(rowKey(row)) !== row.deadlines),
  );
}

export const rowKey = ({ task_id, version }: Pick<TaskRow, 'task_id' | 'version'>): string =>
  `${task_id}/${version}`;

export const writeAnswers = new RowStatement<TaskAnswer>(
  answerShape,
  (rows) =>
    `update tasks t set ${later(...instantsOf('acknowledged'), 'acknowledged_event_id')},
       ${later(...instantsOf('checked_in'), 'checked_in_event_id')}
     from ${rows} where t.task_id = u.task_id`,
);
/** The first word on the work counts; of everything else there is one. */
export const writeProgress = new RowStatement<TaskProgress>(
  progressShape,
  (rows) =>
    `update tasks t set ${later(...instantsOf('contacted'), 'contacted_event_id')},
       ${later(...instantsOf('completed'), 'completed_event_id')},
       working_at = coalesce(t.working_at, u.working_at),
       working_known_at = coalesce(t.working_known_at, u.working_known_at),
       working_event_id = coalesce(t.working_event_id, u.working_event_id),
       ${later('ended_as', ...instantsOf('ended'), 'ended_event_id')}, counted = t.counted or u.counted,
       is_over = t.is_over or u.completed_at is not null or u.ended_at is not null
     from ${rows} where t.task_id = u.task_id and t.until_at is null`,
);

const documents: readonly string[] = ['deadlines', 'former', 'event_places', 'causes'];
const instants = Object.entries(taskShape).flatMap(([name, type]) => (type === 'timestamptz' ? [name] : []));

/** Every row of the tasks of the given incidents, older ones first. */
export async function tasksOfIncidents(
  tx: ProjectionTransaction,
  incidentIds: readonly string[],
): Promise<TaskRow[]> {
  if (incidentIds.length === 0) return [];
  const rows = await tx.query<Record<string, unknown>>(
    `select t.*, d.deadlines from tasks t join task_deadlines d on d.task_id = t.task_id and d.version = t.version
     where t.incident_id = any($1::text[]) order by t.version`,
    [incidentIds],
  );
  return rows.map((row) => {
    const columns = [...Object.keys(taskShape), 'deadlines'].map((name) => [name, row[name]] as const);
    const read = columns.map(([name, value]) => {
      if (value === null) return [name, null];
      if (instants.includes(name)) return [name, (value as Date).toISOString()];
      return [name, documents.includes(name) ? JSON.stringify(value) : value];
    });
    return Object.fromEntries(read) as unknown as TaskRow;
  });
}

type Dues = Pick<
  TaskRow,
  | 'acknowledge_due'
  | 'contact_due'
  | 'check_in_due'
  | 'handling_due'
  | 'stage_due'
  | 'rework_due'
  | 'deadlines'
>;

/** Timers of a task that its department owes. */
const owed: readonly string[] = ['ACKNOWLEDGE', 'CONTACT', 'CHECK_IN', 'HANDLING', 'REWORK'];

/** The due times among a task's deadlines. What others owe with a task, and windows, are not its department's to keep. */
export function duesOf(deadlines: readonly TaskDeadline[]): Dues {
  const dueOf = (timer: string, among = deadlines): string[] =>
    among.filter((deadline) => deadline.timer === timer).map(({ dueAt }) => dueAt);
  const toDo = deadlines.filter(({ done }) => done === undefined);
  return {
    ...{ acknowledge_due: dueOf('ACKNOWLEDGE')[0] ?? null, contact_due: dueOf('CONTACT')[0] ?? null },
    ...{ check_in_due: dueOf('CHECK_IN')[0] ?? null, handling_due: dueOf('HANDLING').at(-1) ?? null },
    stage_due: dueOf('HANDLING', toDo).toSorted((a, b) => Date.parse(a) - Date.parse(b))[0] ?? null,
    rework_due: dueOf('REWORK').at(-1) ?? null,
    deadlines: JSON.stringify(deadlines),
  };
}

export const listed = (deadlines: readonly Deadline[]): TaskDeadline[] =>
  deadlines
    .filter(({ timer }) => owed.includes(timer))
    .map(({ deadlineId, timer, dueAt, warnAt, provisional, stage }) => ({
      ...{ deadlineId, timer, dueAt, warnAt, provisional, ...(stage !== null && { stage }) },
    }));

export const deadlinesOf = ({ deadlines }: TaskRow): TaskDeadline[] =>
  JSON.parse(deadlines) as TaskDeadline[];

/** Former holders of a row and its present one. @param transfer from its instant on another department has it */
export function handedOn(row: TaskRow, { eventId, at: until, knownAt }: Cause): string {
  const earlier = row.former === null ? [] : (JSON.parse(row.former) as FormerHolder[]);
  const since = earlier.at(-1)?.until ?? row.notified_at;
  const handed: FormerHolder = { departmentId: row.department_id, since, until, eventId, knownAt };
  return JSON.stringify([...earlier, handed]);
}

/**
 * Where it lay as of its events, after the incident was located (docs/adr/0033-every-formula-stays.md): what is found or corrected in the
 * task's own cycle was so all the time; an area that went to other units is theirs from then on; and a later cycle changes nothing.
 */
export function placesLocated(
  row: TaskRow,
  cycle: number,
  { data: { place, method }, occurredAt: since }: IncidentEventOf<'IncidentLocated'>,
): string | null {
  const former = row.event_places ?? JSON.stringify([firstPlace(row)]);
  if (row.cycle !== cycle) return former;
  if (method !== 'AREA_TRANSFER') return null;
  const { estateId, communityId, streetId } = place;
  const next: EventPlace = { since, estateId, communityId, streetId };
  return JSON.stringify([...(JSON.parse(former) as EventPlace[]), next]);
}

const firstPlace = ({ estate_id, community_id, street_id }: TaskRow): EventPlace => ({
  ...{ since: null, estateId: estate_id, communityId: community_id, streetId: street_id },
});

/** What the changed terms are so by: what is as it was keeps its cause. */
export function causesOf(row: TaskRow, changed: TaskRow, cause: Cause): string | null {
  const earlier = row.causes === null ? {} : (JSON.parse(row.causes) as Causes);
  const causes = (['stands', 'extending', 'set_aside'] as const).flatMap((name) => {
    if (changed[name] === null || changed[name] === false) return [];
    const told = changed[name] === row[name] ? earlier[name] : cause;
    return told === undefined ? [] : [[name, told] as const];
  });
  return causes.length === 0 ? null : JSON.stringify(Object.fromEntries(causes));
}

export function moved(row: TaskRow, moves: readonly DeadlineMove[]): Dues | null {
  const deadlines = deadlinesOf(row);
  if (!deadlines.some(({ deadlineId }) => moves.some((move) => move.deadlineId === deadlineId))) return null;
  return duesOf(
    deadlines.map((deadline) => {
      const move = moves.find(({ deadlineId }) => deadlineId === deadline.deadlineId);
      if (move === undefined) return deadline;
      const { dueAt, warnAt, provisional } = move;
      return { ...deadline, dueAt, warnAt, provisional };
    }),
  );
}
