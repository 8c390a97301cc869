import type { RecordedEvent } from '@shaoying/event-store';
import { incidentProjections } from './index.js';
import { readModelSpec, SimulatedCity, writtenColumns, type ReadModelSpec } from './testing/index.js';

const incidents = ['inc-1', 'inc-2', 'inc-3'];

/** What three incidents can meet, one step of all of them a batch. */
function batches(): RecordedEvent[][] {
  const city = new SimulatedCity();
  const steps: ((id: string) => unknown)[] = [
    (id) => city.report(id),
    (id) => city.whistle(id, ['dept-1', 'dept-2']),
    (id) => city.acknowledge(id, 'dept-1'),
    () => city.pass(250).ringAlarms(),
    (id) => city.checkIn(id, 'dept-1').checkIn(id, 'dept-2'),
    (id) => city.complete(id, 'dept-1').complete(id, 'dept-2').check(id, 'FAIL'),
    (id) => city.complete(id, 'dept-1').complete(id, 'dept-2').check(id, 'PASS'),
    (id) => city.feedback(id, 'SOLVED').close(id),
    (id) => city.reopen(id).whistle(id, ['dept-1', 'dept-2']),
    (id) => city.requestReturn(id, 'dept-1').locate(id, { estateId: 'estate-2' }),
    (id) => city.decideReturn(id, 'dept-1', 'dept-3').suspend(id),
    (id) => city.resume(id).transfer(id, 'dept-3', 'dept-4').cancelWhistle(id),
  ];
  return steps.map((step) => {
    const before = city.events.length;
    for (const id of incidents) step(id);
    return city.events.slice(before);
  });
}

const oldTasks = (isOver: boolean): string =>
  `select task.* from n, jsonb_populate_record((select t from tasks t limit 1), jsonb_build_object('task_id', 'old-' || n, 'incident_id', 'old-' || n,
     'is_over', ${isOver}, 'until_at', ${isOver ? 'now()' : 'null'}, 'completed_at', null, 'ended_at', null)) task`;

/** Rows of other incidents, for every table there is. */
const oldOf: Record<string, string> = {
  incidents: `select 'old-' || n, now(), 'CLOSED', true from n`,
  reports: `select 'old-' || n, 'old-' || n, now(), 'street-1', 'community-1', 'estate-1', 'c', 's', 'w', array[n], '{}' from n`,
  events: `select 'old-' || n, 1, '{}' from n`,
  involvements: `select 'dept-1', now(), 'old-' || n from n`,
  open_tasks: oldTasks(false),
  over_tasks: oldTasks(true),
  task_deadlines: `select 'old-' || n, 1, '[]' from n`,
  cases: `select c.* from n, jsonb_populate_record((select t from cases t limit 1), jsonb_build_object('incident_id', 'old-' || n)) c`,
  category_weights: `select 'catalogue', 1 + n, 'c', 200 from n`,
  whistles: `select 'old-' || n, 'old-' || n, 'k', false, 'c', 'e', now(), now() from n`,
  lost_times: `select 'old-' || n, 0, 'old-' || n, 'old-' || n, 'DISPATCH', null, now(), now(), now(), now() from n`,
  work_bookings: `select 'old-' || n, 'old-' || n, 'old-' || n, 'dept-1', 30, now(), now() from n`,
  facts: `select f.* from n, jsonb_populate_record((select t from facts t where kind = 'SUMMONED' limit 1), jsonb_build_object('task_id', 'old-' || n, 'incident_id', 'old-' || n)) f`,
  exclusions: `select 'old-' || n, 'old-' || n, now(), now() from n`,
  closures: `select 'old-' || n, 1, 'c', 's', 'e', 'c', 's', now(), now(), 'id', 'ESTATE' from n`,
  deadlines: `(incident_id, deadline_id, timer, due_at, taken, lifecycle, held, provisional)
    select 'old-' || n, 'old-' || n, 'INCIDENT_TOTAL', now(), -1, 'FILED', 0, false from n`,
  subjects: `select 'old-' || n, 'old-' || n from n`,
  items: `select 'dept-1', 1000000 + n, '{}' from n`,
};
const oldRows = 20_000;

/** The key of any table of cases of incidents that are over. */
const overKey = [
  ...['filed_event', 'closed_event', 'blown_event', 'task_id', 'notified_event_id', 'suspended_event'],
]
  .map((column) => `'${column}', 'old'`)
  .join(', ');
const overOf = (table: string): string =>
  `select c.* from n, jsonb_populate_record(null::${table}, jsonb_build_object('incident_id', 'old-' || n, 'cycle', 1, ${overKey})) c`;
const rowsOf = (table: string): string | undefined =>
  oldOf[table] ?? (table.startsWith('over_') ? overOf(table) : undefined);

/** Entries of indexes and rows in sequence that were read in the tables of the read model since it was last asked. */
async function readSince(spec: ReadModelSpec, before: number): Promise<number> {
  // Counts of a session are told to the others when it is idle; now, that is.
  await spec.thenRows('select pg_stat_force_next_flush()');
  const [row] = await spec.thenRows<{ read: string }>(
    `select (select coalesce(sum(idx_tup_read), 0) from pg_stat_user_indexes)
       + (select coalesce(sum(seq_tup_read), 0) from pg_stat_user_tables) as read`,
  );
  return Number(row?.read) - before;
}

// Statements are planned once, most of them on tables that are still empty: the plan must stay right as they grow.
describe.each(incidentProjections.map((projection) => [projection.name, projection] as const))(
  'a batch of %s',
  (_name, projection) => {
    const spec = readModelSpec(projection);

    it('reads what it writes, not what there is, though its plans are older than most rows', async () => {
      // How busy the machine is must not decide whether PostgreSQL looks at the tables in between.
      for (const table of Object.keys(await spec.tables()))
        await spec.thenRows(`alter table ${table} set (autovacuum_enabled = off)`);
      // Often enough for PostgreSQL to make the plans it keeps (from the sixth time on).
      for (let time = 0; time < 8; time += 1) for (const batch of batches()) await spec.givenEvents(batch);
      for (const table of Object.keys(await spec.tables())) {
        const many = `with n as (select generate_series(1, ${oldRows}) as n)`;
        const rows = rowsOf(table);
        const columns = await writtenColumns(spec, table);
        const written = table.endsWith('_tasks') ? `(${columns}) select ${columns} from (${rows}) old` : rows;
        await spec.thenRows(`${many} insert into ${table} ${written}`);
      }
      const before = await readSince(spec, 0);
      for (const batch of batches()) await spec.givenEvents(batch);
      const read = await readSince(spec, before);
      expect(read).toBeGreaterThan(0);
      // Some hundreds, and thousands where entries of dead rows could not be cleared away yet, as while others hold old snapshots
      // on a busy machine; one table read by one statement of one batch is 20,000.
      expect(read).toBeLessThan(oldRows);
    });
  },
);
