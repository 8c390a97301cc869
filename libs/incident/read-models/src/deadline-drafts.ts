import {
  cameWithImport,
  type AnyDeadline,
  type Deadline,
  type DeadlineMove,
  type Lifecycle,
  type TaskAssignment,
} from '@shaoying/incident-domain';
import type { ProjectionTransaction } from '@shaoying/projections';
import {
  aboutOf,
  CANCELLED,
  clearIncidents,
  dropKnown,
  dropOwners,
  dropTimers,
  endTasks,
  firstOf,
  HELD,
  IMPORTED,
  instantsOf,
  moveIncidents,
  NOT_BREACHED,
  NOT_WARNED,
  takeSteps,
  writeRows,
  type About,
  type Clear,
  type DeadlineRow,
  type Drop,
  type Known,
  type Move,
  type Owned,
  type StoredRow,
  type Taken,
} from './deadline-rows.js';

/** What an undecided responsibility suspends. */
export const disputed: readonly string[] = ['CONTACT', 'CHECK_IN', 'HANDLING'];

const key = (...parts: (string | null)[]): string => parts.join(' ');

/**
 * The rows of one batch's deadlines: those begun in it or read for it, and what is to be done to the others, which are
 * changed without being read. What which event does to them is said by `deadline-batch.ts`.
 */
export class DeadlineDrafts {
  private readonly rows = new Map<string, Map<string, DeadlineRow>>();
  /** Incidents whose rows are all in memory: nothing needs to be said of those in the table. */
  protected readonly whole = new Set<string>();
  private readonly lifecycles = new Map<string, string>();
  protected readonly clears = new Map<string, Clear>();
  private readonly droppedOwners = new Map<string, Owned>();
  private readonly droppedTimers = new Map<string, Owned & { readonly timers: Set<string> }>();
  private readonly dropped = new Map<string, Known>();
  private readonly taken = new Map<string, Taken>();
  private readonly ended = new Map<string, Owned>();

  protected constructor(private readonly imported: 'OWED' | 'HELD') {}

  protected async read(tx: ProjectionTransaction, incidentIds: readonly string[]): Promise<void> {
    const rows = await tx.query<StoredRow>(
      `select incident_id, deadline_id, owner_id, timer, warn_at, due_at, steps::text as steps, taken, lifecycle, held,
         provisional, about
       from deadlines where incident_id = any($1::text[])`,
      [incidentIds],
    );
    for (const incidentId of incidentIds) this.whole.add(incidentId);
    for (const row of rows) {
      this.of(row.incident_id).set(row.deadline_id, {
        ...{ ...row, due_at: row.due_at.toISOString() },
        warn_at: row.warn_at?.toISOString() ?? null,
      });
      this.lifecycles.set(row.incident_id, row.lifecycle);
    }
  }

  /** @param begin writes rows whole */
  async write(tx: ProjectionTransaction, begin = writeRows): Promise<void> {
    await clearIncidents.run(tx, [...this.clears.values()]);
    await dropOwners.run(tx, [...this.droppedOwners.values()]);
    await dropTimers.run(tx, this.drops());
    await dropKnown.run(tx, [...this.dropped.values()]);
    await takeSteps.run(tx, [...this.taken.values()]);
    await moveIncidents.run(tx, this.moves());
    await endTasks.run(tx, [...this.ended.values()]);
    const rows = [...this.rows.values()].flatMap((ofIncident) => [...ofIncident.values()]);
    await begin.run(tx, rows);
  }

  private drops(): Drop[] {
    return [...this.droppedTimers.values()].map((drop) => ({ ...drop, timers: [...drop.timers].join(' ') }));
  }

  private moves(): Move[] {
    return [...this.lifecycles]
      .filter(([incidentId]) => !this.whole.has(incidentId))
      .map(([incident_id, lifecycle]) => ({ incident_id, lifecycle }));
  }

  protected of(incidentId: string): Map<string, DeadlineRow> {
    const known = this.rows.get(incidentId);
    if (known !== undefined) return known;
    const rows = new Map<string, DeadlineRow>();
    this.rows.set(incidentId, rows);
    return rows;
  }

  /** Without a row that says otherwise, the incident is where most events happen. */
  protected lifecycleOf(incidentId: string): string {
    return this.lifecycles.get(incidentId) ?? 'HANDLING';
  }

  protected begin(
    incidentId: string,
    ownerId: string | null,
    deadlines: readonly AnyDeadline[],
    about?: About,
  ): void {
    const rows = this.of(incidentId);
    for (const deadline of deadlines) {
      const { deadlineId, timer, stage } = deadline;
      const held = this.imported === 'HELD' && cameWithImport(deadline) ? IMPORTED : 0;
      this.dropped.delete(key(incidentId, deadlineId));
      rows.set(deadlineId, {
        ...{ incident_id: incidentId, deadline_id: deadlineId, owner_id: ownerId, timer },
        ...{ ...instantsOf(deadline), taken: firstOf(deadline), lifecycle: this.lifecycleOf(incidentId) },
        ...{ held, about: about === undefined ? null : JSON.stringify({ ...about, stage }) },
      });
    }
  }

  /** Begins deadlines in place of earlier ones of the same timers. */
  protected restart(incidentId: string, ownerId: string | null, deadlines: readonly AnyDeadline[]): void {
    const about = ownerId === null ? undefined : this.aboutTask(incidentId, ownerId);
    this.drop(incidentId, ownerId, [...new Set(deadlines.map(({ timer }) => timer))]);
    this.begin(incidentId, ownerId, deadlines, about);
  }

  protected summon(incidentId: string, task: TaskAssignment, whistleId: string | null): void {
    const { taskId, departmentId, deadlines } = task;
    this.begin(incidentId, taskId, deadlines, { stage: null, whistleId, departmentId });
  }

  protected change(
    incidentId: string,
    concerns: (row: DeadlineRow) => boolean,
    change: (row: DeadlineRow) => Partial<DeadlineRow>,
  ): void {
    const rows = this.rows.get(incidentId);
    if (rows === undefined) return;
    for (const [id, row] of rows) if (concerns(row)) rows.set(id, { ...row, ...change(row) });
  }

  protected remove(incidentId: string, concerns: (row: DeadlineRow) => boolean): void {
    const rows = this.rows.get(incidentId);
    if (rows === undefined) return;
    for (const [deadline_id, row] of rows) {
      if (!concerns(row)) continue;
      rows.delete(deadline_id);
      if (this.whole.has(incidentId))
        this.dropped.set(key(incidentId, deadline_id), { incident_id: incidentId, deadline_id });
    }
  }

  protected move(
    incidentId: string,
    lifecycle: Lifecycle | `${'SUSPENDED' | 'MERGED'} ${string}` | string,
  ): void {
    this.lifecycles.set(incidentId, lifecycle);
    this.change(
      incidentId,
      () => true,
      () => ({ lifecycle }),
    );
  }

  /** @param whole also what may matter again if the incident is reopened */
  protected clear(incidentId: string, whole: boolean): void {
    this.remove(
      incidentId,
      ({ timer }) => whole || (timer !== 'RATIFICATION' && timer !== 'SUPERVISION_RESPONSE'),
    );
    if (this.whole.has(incidentId)) return;
    const before = this.clears.get(incidentId);
    this.clears.set(incidentId, { incident_id: incidentId, whole: whole || before?.whole === true });
  }

  protected dropOwner(incidentId: string, ownerId: string): void {
    this.remove(incidentId, (row) => row.owner_id === ownerId);
    if (this.whole.has(incidentId)) return;
    this.droppedOwners.set(key(incidentId, ownerId), { incident_id: incidentId, owner_id: ownerId });
  }

  protected drop(incidentId: string, ownerId: string | null, timers: readonly string[]): void {
    this.remove(incidentId, (row) => row.owner_id === ownerId && timers.includes(row.timer));
    if (this.whole.has(incidentId)) return;
    const owner = key(incidentId, ownerId);
    const before = this.droppedTimers.get(owner)?.timers ?? [];
    const drop = { incident_id: incidentId, owner_id: ownerId, timers: new Set([...before, ...timers]) };
    this.droppedTimers.set(owner, drop);
  }

  protected end(incidentId: string, taskId: string): void {
    this.hold(incidentId, taskId, null, HELD.extending, false);
    this.hold(incidentId, taskId, null, HELD.done, true);
    if (this.whole.has(incidentId)) return;
    this.ended.set(key(incidentId, taskId), { incident_id: incidentId, owner_id: taskId });
  }

  protected take(incidentId: string, deadlineId: string, taken: number): void {
    this.change(
      incidentId,
      (row) => row.deadline_id === deadlineId && row.taken < taken,
      () => ({ taken }),
    );
    if (this.whole.has(incidentId)) return;
    const before = this.taken.get(key(incidentId, deadlineId))?.taken ?? NOT_WARNED;
    this.taken.set(key(incidentId, deadlineId), {
      ...{ incident_id: incidentId, deadline_id: deadlineId, taken: Math.max(taken, before) },
    });
  }

  protected hold(
    incidentId: string,
    taskId: string,
    timers: readonly string[] | null,
    reason: number,
    on: boolean,
  ): void {
    this.change(
      incidentId,
      (row) => row.owner_id === taskId && (timers === null || timers.includes(row.timer)),
      ({ held }) => ({ held: on ? held | reason : held & ~reason }),
    );
  }

  /** The task stays with its department: what is owed is owed again. */
  protected decide(incidentId: string, taskId: string): void {
    this.drop(incidentId, taskId, ['RETURN_DECISION', 'ARBITRATION']);
    this.hold(incidentId, taskId, disputed, HELD.undecided, false);
  }

  protected give(incidentId: string, taskId: string, newTask: TaskAssignment | null): void {
    const { whistleId } = this.aboutTask(incidentId, taskId);
    this.dropOwner(incidentId, taskId);
    if (newTask !== null) this.summon(incidentId, newTask, whistleId);
  }

  /** @param at when they were moved: what is to be warned of after that is warned of anew */
  protected reschedule(incidentId: string, moves: readonly DeadlineMove[], at: string): void {
    for (const move of moves)
      this.change(
        incidentId,
        (row) => row.deadline_id === move.deadlineId,
        ({ taken }) => ({
          ...instantsOf(move),
          taken: taken === NOT_BREACHED && Date.parse(move.warnAt) > Date.parse(at) ? firstOf(move) : taken,
        }),
      );
  }

  protected sendBack(
    incidentId: string,
    {
      taskIds,
      reworks,
    }: { taskIds: readonly string[]; reworks: readonly { taskId: string; deadline: Deadline }[] },
  ): void {
    this.move(incidentId, 'HANDLING');
    const whistleIds = new Set(taskIds.map((taskId) => this.aboutTask(incidentId, taskId).whistleId));
    for (const taskId of taskIds) {
      const about = this.aboutTask(incidentId, taskId);
      this.drop(incidentId, taskId, ['CHECK_IN', 'REWORK']);
      this.hold(incidentId, taskId, null, HELD.done, false);
      const deadlines = reworks.filter((rework) => rework.taskId === taskId).map(({ deadline }) => deadline);
      this.begin(incidentId, taskId, deadlines, about);
    }
    this.change(
      incidentId,
      (row) => row.about !== null && whistleIds.has(aboutOf(row).whistleId),
      ({ held }) => ({ held: held & ~CANCELLED }),
    );
  }

  /** The open tasks of the whistle go. With no other whistle being followed, the incident waits for another one. */
  protected cancel(incidentId: string, whistleId: string, taskIds: readonly string[]): void {
    this.dropOwner(incidentId, whistleId);
    for (const taskId of taskIds) this.dropOwner(incidentId, taskId);
    this.change(
      incidentId,
      (row) => row.about !== null && aboutOf(row).whistleId === whistleId,
      ({ held }) => ({ held: held | CANCELLED }),
    );
    const others = [...this.of(incidentId).values()].some(
      (row) => row.about !== null && (row.held & CANCELLED) === 0,
    );
    // A proposal that is taken back leaves the incident where it was.
    if (this.lifecycleOf(incidentId) === 'HANDLING' && !others) this.move(incidentId, 'FILED');
  }

  protected aboutTask(incidentId: string, taskId: string): About {
    for (const row of this.of(incidentId).values())
      if (row.owner_id === taskId && row.about !== null) return aboutOf(row);
    return { stage: null, whistleId: null, departmentId: null };
  }

  protected isDone(incidentId: string, taskId: string): boolean {
    const rows = [...this.of(incidentId).values()].filter((row) => row.owner_id === taskId);
    return rows.some((row) => (row.held & HELD.done) !== 0);
  }
}
