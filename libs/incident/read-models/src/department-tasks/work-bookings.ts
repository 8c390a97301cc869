import { merging, type RowShape } from '../incident-rows.js';
import { momentSql } from '../sql-reader.js';
import { tasksAmong, within } from './tasks-at.js';

// 工时: what units booked as worked on tasks, each booking as the event said it. Nothing of it is ever changed.

export interface WorkRow {
  readonly event_id: string;
  readonly incident_id: string;
  readonly task_id: string;
  readonly unit_id: string;
  /** Below 0: taken back. */
  readonly minutes: number;
  readonly booked_at: string;
  readonly booked_known_at: string;
}

const workShape: RowShape<WorkRow> = {
  ...{ event_id: 'text', incident_id: 'text', task_id: 'text', unit_id: 'text', minutes: 'integer' },
  ...{ booked_at: 'timestamptz', booked_known_at: 'timestamptz' },
};

export const writeWork = merging('work_bookings', { shape: workShape, key: ['event_id'] });

export const workTables = `
    create table work_bookings (
      event_id        text primary key,
      incident_id     text not null,
      task_id         text not null,
      unit_id         text not null,
      minutes         integer not null,
      booked_at       timestamptz not null,
      booked_known_at timestamptz not null
    );
`;

export const workIndexes = `
  create index if not exists work_bookings_of_unit on work_bookings (unit_id, booked_at);
  create index if not exists work_bookings_of_task on work_bookings (task_id);
`;

/** Minutes are whole, and so are their sums: a double holds them to 2 to the 53. */
const minutesOf = `sum(minutes)::float8`;

/** What was booked by the units $3 from $4 to the moment $1, $2. */
const booked = `unit_id = any($3::text[]) and booked_at >= $4::timestamptz and ${within('booked')}`;

/** Where the tasks lie that one of the units $3 booked work on since $4. */
const workedOn = tasksAmong(
  'worked_on',
  `(select * from department_tasks.tasks where task_id in (select task_id from department_tasks.work_bookings
      where unit_id = any($3::text[]) and booked_at >= $4::timestamptz))`,
);

/** Minutes by unit. */
export const unitWorkSql = `${momentSql}
  select unit_id as key, ${minutesOf} as minutes
  from department_tasks.work_bookings cross join moment where ${booked} group by 1`;

/** Minutes by the street that the tasks lie in. */
export const streetWorkSql = `${momentSql}, ${workedOn}
  select worked_on.street_id as key, ${minutesOf} as minutes
  from department_tasks.work_bookings work cross join moment
    join worked_on on (worked_on.task_id, worked_on.incident_id) = (work.task_id, work.incident_id)
  where ${booked} group by 1`;

/** Minutes that were booked on the task of a row by anybody by the moment. */
export const workOnTask = (task: string): string =>
  `(select coalesce(${minutesOf}, 0) from department_tasks.work_bookings cross join moment
    where task_id = ${task}.task_id and ${within('booked')})`;
