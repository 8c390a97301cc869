import {
  factsUntil,
  factsUntilValue,
  momentSql,
  momentValues,
  PreparedReader,
  type Moment,
  type SqlPool,
} from '../sql-reader.js';
import { deadlinesOfTask, isoUtc, tasksAs, within } from './tasks-at.js';
import { openAfter } from './tasks-in-question.js';
import {
  explanationOf,
  explanationSql,
  type ExplanationPlace,
  type ExplanationRow,
  type WorkloadExplanation,
  type WorkloadOf,
} from './workload-explanation.js';
import { earlierWorkload } from './workload-earlier.js';
import type { OpenTaskState, WorkloadFigureName } from './workload-figures.js';
import { streetWorkSql, unitWorkSql, workOnTask } from './work-bookings.js';
import { workloadFigure, type WorkloadVersions } from './workload-formulas.js';
import { workloadSql } from './workload-sql.js';
import {
  figuresOf,
  streetLossSql,
  type LostTimeSum,
  type StreetWorkload,
  type Workload,
  type WorkloadRow,
} from './workload.js';

export interface QueueItem {
  readonly taskId: string;
  readonly incidentId: string;
  readonly whistleId: string;
  readonly departmentId: string;
  readonly role: string;
  readonly kind: string;
  readonly state: OpenTaskState;
  readonly category: string;
  readonly severity: string;
  readonly estateId: string | null;
  readonly communityId: string | null;
  readonly streetId: string | null;
  readonly notifiedAt: string;
  readonly acknowledgedAt: string | null;
  readonly checkedInAt: string | null;
  readonly overdue: boolean;
  /** Booked on it by now, by whoever has it and whoever had it. */
  readonly workedMinutes: number;
  readonly deadlines: readonly {
    deadlineId: string;
    timer: string;
    dueAt: string;
    warnAt: string;
    provisional: boolean;
    /** Of staged handling; stages that are done are not listed. */
    stage?: string;
  }[];
}

export interface QueuePage {
  readonly items: readonly QueueItem[];
  readonly next: { readonly notifiedAt: string; readonly taskId: string } | null;
}

/** A task that its department has to answer for, whether or not its incident goes on at the moment. */
export interface TaskInHand {
  readonly taskId: string;
  readonly incidentId: string;
  readonly whistleId: string;
  readonly departmentId: string;
  readonly role: string;
  readonly kind: string;
  /** Why it stands still: its incident is suspended, or merged into another. Null where it does not. */
  readonly setAside: 'SUSPENDED' | 'MERGED' | null;
  readonly notifiedAt: string;
}

export interface TasksInHandPage {
  readonly items: readonly TaskInHand[];
  readonly next: QueuePage['next'];
}

/** A whistle on the same estate about the same category (domain.md §4, repeat whistles). */
export interface EarlierWhistle {
  readonly whistleId: string;
  readonly incidentId: string;
  readonly kind: string;
  readonly reverse: boolean;
  readonly blownAt: string;
}

const workloadStatements = {
  holder: { name: 'workload by department', text: workloadSql('holder') },
  street_id: { name: 'workload by street', text: workloadSql('street_id') },
};

/** Earlier whistles that are listed; there may be more. */
const whistlesMax = 50;

/** Reads queues and workloads of departments. */
export class DepartmentTasksQuery {
  private readonly prepared: PreparedReader;

  constructor(private readonly sql: SqlPool) {
    this.prepared = new PreparedReader(sql);
  }

  /**
   * Open tasks of a department, oldest first.
   * @param streetIds of whoever sees no more than these streets' and what is in none; null sees all
   */
  async queue(
    departmentId: string,
    moment: Moment,
    page: { limit: number; after: { notifiedAt: string; taskId: string } | null },
    streetIds: readonly string[] | null = null,
  ): Promise<QueuePage> {
    const values: unknown[] = [...momentValues(moment), departmentId, streetIds];
    const after = page.after === null ? '' : `and (notified_at, task_id) > ($5::timestamptz, $6)`;
    if (page.after !== null) values.push(page.after.notifiedAt, page.after.taskId);
    const { rows } = await this.sql.query<{ item: QueueItem }>(
      `${tasksAs('at_moment', openAfter('least($1::timestamptz, $2::timestamptz)', factsUntil, 'department_id = $3'))}
       select jsonb_build_object(
         'taskId', task_id, 'incidentId', incident_id, 'whistleId', whistle_id, 'departmentId', department_id,
         'role', role, 'kind', kind, 'state', state, 'category', category, 'severity', severity,
         'estateId', estate_id, 'communityId', community_id, 'streetId', street_id,
         'notifiedAt', ${isoUtc('notified_at')}, 'acknowledgedAt', ${isoUtc('ack')},
         'checkedInAt', ${isoUtc('arrived')}, 'overdue', coalesce(unmet_due < as_of, false),
         'workedMinutes', ${workOnTask('at_moment')}, 'deadlines', ${toDo}
       ) as item
       from at_moment
       where is_open and ($4::text[] is null or street_id is null or street_id = any($4)) ${after}
       order by notified_at, task_id limit ${page.limit + 1}`,
      values,
    );
    const items = rows.slice(0, page.limit).map((row) => row.item);
    const last = items.at(-1);
    const next =
      rows.length > page.limit && last ? { notifiedAt: last.notifiedAt, taskId: last.taskId } : null;
    return { items, next };
  }

  /**
   * Every task of a department that is neither done nor ended by now, oldest first. Unlike the queue it has those of
   * suspended and merged incidents too: they come back to whoever has them.
   */
  async tasksInHand(
    departmentId: string,
    limit: number,
    after: TasksInHandPage['next'],
  ): Promise<TasksInHandPage> {
    const { rows } = await this.sql.query<{ item: TaskInHand }>(
      `select jsonb_build_object(
         'taskId', task_id, 'incidentId', incident_id, 'whistleId', whistle_id, 'departmentId', department_id,
         'role', role, 'kind', kind, 'setAside', set_aside, 'notifiedAt', ${isoUtc('notified_at')}
       ) as item
       from department_tasks.open_tasks
       where department_id = $1 ${after === null ? '' : 'and (notified_at, task_id) > ($2::timestamptz, $3)'}
       order by notified_at, task_id limit ${limit + 1}`,
      after === null ? [departmentId] : [departmentId, after.notifiedAt, after.taskId],
    );
    const items = rows.slice(0, limit).map((row) => row.item);
    const last = items.at(-1);
    return {
      items,
      next: rows.length > limit && last ? { notifiedAt: last.notifiedAt, taskId: last.taskId } : null,
    };
  }

  /**
   * Workload of the given departments at a moment; one answer each, also for those without tasks.
   * @param versions of figures that are to be by an earlier formula
   */
  async workload(
    departmentIds: readonly string[],
    moment: Moment,
    from: string,
    versions: WorkloadVersions = {},
  ): Promise<Workload[]> {
    const rows = await this.workloadBy('holder', departmentIds, moment, from);
    const found = new Map(rows.map((row) => [row.key, row]));
    const lost = await this.lostBy('unit_id = any($4::text[])', moment, from, departmentIds);
    const lostMs = new Map(lost.map(({ unitId, ms }) => [unitId, ms]));
    const worked = await this.worked(unitWorkSql, [...momentValues(moment), departmentIds, from]);
    const earlier = await earlierWorkload(this.sql, 'holder', versions, departmentIds, moment, from);
    return departmentIds.map((departmentId) => ({
      departmentId,
      ...earlier(departmentId, {
        ...figuresOf(found.get(departmentId), lostMs.get(departmentId) ?? 0, moment, from),
        workedMinutes: worked.get(departmentId) ?? 0,
      }),
    }));
  }

  /** The same of all the given departments together, by the street their tasks lie in. */
  async workloadByStreet(
    departmentIds: readonly string[],
    moment: Moment,
    from: string,
    versions: WorkloadVersions = {},
  ): Promise<StreetWorkload[]> {
    const values = [...momentValues(moment), departmentIds, from];
    const rows = await this.workloadBy('street_id', departmentIds, moment, from);
    const lost = await this.sql.query<{ key: string | null; ms: number }>(streetLossSql, values);
    const lostMs = new Map(lost.rows.map(({ key, ms }) => [key, ms]));
    const worked = await this.worked(streetWorkSql, values);
    const earlier = await earlierWorkload(this.sql, 'street_id', versions, departmentIds, moment, from);
    const found = new Map(rows.map((row) => [row.key, row]));
    // Work is booked also where nothing is to do any more.
    return [...new Set([...found.keys(), ...worked.keys()])].sort(nullsLast).map((streetId) => ({
      streetId,
      ...earlier(streetId, {
        ...figuresOf(found.get(streetId), lostMs.get(streetId) ?? 0, moment, from),
        workedMinutes: worked.get(streetId) ?? 0,
      }),
    }));
  }

  private async worked(text: string, values: unknown[]): Promise<Map<string | null, number>> {
    const { rows } = await this.sql.query<{ key: string | null; minutes: number }>(text, values);
    return new Map(rows.map(({ key, minutes }) => [key, minutes]));
  }

  private async workloadBy(
    by: keyof typeof workloadStatements,
    departmentIds: readonly string[],
    moment: Moment,
    from: string,
  ): Promise<WorkloadRow[]> {
    const values = [...momentValues(moment), departmentIds, from, factsUntilValue(moment)];
    const { rows } = await this.prepared.query<WorkloadRow>(workloadStatements[by], values);
    return rows;
  }

  /**
   * Every task behind a figure of {@link workload} or {@link workloadByStreet}, and what was left out of it.
   * @param version of its formula; the one in force where none is named
   * @throws Error for a version that is not on record
   */
  async explain(
    name: WorkloadFigureName,
    of: WorkloadOf,
    moment: Moment,
    from: string,
    page: { limit: number; after: ExplanationPlace | null },
    version?: number,
  ): Promise<WorkloadExplanation> {
    const figure = workloadFigure(name, version);
    if (figure === undefined) throw new Error(`version ${version} of ${name} is not kept`);
    const { text, values } = explanationSql(name, figure, of, moment, from, page);
    const { rows } = await this.sql.query<ExplanationRow>(text, values);
    const [row] = rows;
    if (row === undefined) throw new Error('an explanation is one row');
    return explanationOf(figure, row, page.limit);
  }

  /**
   * Time booked in the window as lost, by who bears it, most first (domain.md §3.4 a).
   * @param departmentIds what these bear, and what the dispatch does with tasks that one of them had; null: all there is
   */
  lostTime(
    moment: Moment,
    from: string,
    departmentIds: readonly string[] | null = null,
  ): Promise<LostTimeSum[]> {
    if (departmentIds === null) return this.lostBy('true', moment, from);
    const theirs = `(unit_id = any($4::text[]) or (unit_id is null and exists (
      select from department_tasks.tasks t where t.task_id = lost_times.task_id and t.department_id = any($4::text[])
        and ${within('since')})))`;
    return this.lostBy(theirs, moment, from, departmentIds);
  }

  private async lostBy(
    condition: string,
    moment: Moment,
    from: string,
    ...values: unknown[]
  ): Promise<LostTimeSum[]> {
    const { rows } = await this.sql.query<LostTimeSum>(
      `${momentSql}
       select account, unit_id as "unitId", (sum(extract(epoch from to_at - from_at)) * 1000)::float8 as ms,
         count(distinct task_id)::int as tasks
       from department_tasks.lost_times, moment
       where booked_at >= $3::timestamptz and ${within('booked')} and ${condition}
       group by 1, 2 order by 3 desc, 2`,
      [...momentValues(moment), from, ...values],
    );
    return rows;
  }

  /** Whistles that were blown on an estate about a category since an instant and not taken back, latest first. */
  async whistlesOn(estateId: string, category: string, since: string): Promise<EarlierWhistle[]> {
    const { rows } = await this.sql.query<Omit<EarlierWhistle, 'blownAt'> & { blown_at: Date }>(
      `select whistle_id as "whistleId", incident_id as "incidentId", kind, reverse, blown_at
       from department_tasks.whistles
       where estate_id = $1 and category = $2 and blown_at >= $3::timestamptz
       order by department_tasks.whistles.blown_at desc, whistle_id limit ${whistlesMax}`,
      [estateId, category, since],
    );
    return rows.map(({ blown_at, ...whistle }) => ({ ...whistle, blownAt: blown_at.toISOString() }));
  }
}

const nullsLast = (a: string | null, b: string | null): number =>
  Number(a === null) - Number(b === null) || (String(a) < String(b) ? -1 : 1);

/** Deadlines without those of stages that are done. */
const toDo = `(select coalesce(jsonb_agg(deadline order by place), '[]')
  from jsonb_array_elements(${deadlinesOfTask('at_moment')}::jsonb) with ordinality as listed (deadline, place)
  where not deadline ? 'done')`;
