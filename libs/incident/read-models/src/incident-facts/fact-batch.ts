import type { DeadlineMove, IncidentEventType, Place, TaskAssignment } from '@shaoying/incident-domain';
import type { ProjectionTransaction } from '@shaoying/projections';
import type { IncidentEntry } from '../incident-rows.js';
import {
  caseColumns,
  writeCases,
  writeFacts,
  type CaseRow,
  type FactKind,
  type FactRow,
} from './fact-tables.js';
import { settle } from './over-cases.js';

/** Events that say something a number is made of, or that a later fact is told with. */
export const factEvents: readonly IncidentEventType[] = [
  ...(['IncidentReported', 'IncidentLocated', 'IncidentFiled', 'IncidentRejected'] as const),
  ...(['IncidentWithdrawn', 'IncidentVoided', 'IncidentSuspended', 'IncidentResumed'] as const),
  ...(['IncidentMerged', 'IncidentUnmerged', 'DeadlinesRescheduled', 'SelfHandlingStarted'] as const),
  ...(['IncidentEscalated'] as const),
  ...(['ReporterContactedBySelfHandler'] as const),
  ...(['HandlingCompleted', 'WhistleBlown', 'WhistleCancelled', 'DepartmentAdded', 'LeadChanged'] as const),
  ...(['TaskTransferred', 'TaskCompleted', 'ReturnRequested', 'ReturnAccepted'] as const),
  ...(['ResponsibilityDecided', 'CheckPassed', 'CheckFailed', 'FeedbackRecorded'] as const),
  ...(['FeedbackCorrected', 'ScoreExcluded', 'IncidentClosed', 'IncidentReopened'] as const),
];

type Told = Partial<
  Pick<
    FactRow,
    | ('task_id' | 'whistle_id' | 'department_id' | 'says' | 'rating' | 'due_at')
    | ('used_percent' | 'used_ms' | 'allowed_ms')
  >
> & {
  readonly cycle?: number;
};

/** The facts of one batch, each with the case as it was when it came. */
export class FactBatch {
  private readonly changedCases = new Set<string>();
  /** Of which there are new facts. */
  private readonly told = new Set<string>();
  /** Of which something is kept as that of an incident that is over. */
  private readonly wereOver: ReadonlySet<string>;
  private readonly facts: FactRow[] = [];

  private constructor(
    private readonly cases: Map<string, CaseRow>,
    /** Task → its whistle, of the tasks that are given on. */
    private readonly whistles: Map<string, string>,
  ) {
    this.wereOver = new Set([...cases.values()].filter((row) => row.is_over).map((row) => row.incident_id));
  }

  /** Reads the cases that were there before the batch, and the whistles of tasks that are given to others in it. */
  static async of(tx: ProjectionTransaction, entries: readonly IncidentEntry[]): Promise<FactBatch> {
    const reported = new Set<string>();
    const wanted = new Set<string>();
    const givenOn = new Set<string>();
    for (const entry of entries) {
      if (entry.type === 'IncidentReported') reported.add(entry.incidentId);
      else if (!reported.has(entry.incidentId)) wanted.add(entry.incidentId);
      if (entry.type === 'ReturnAccepted' || entry.type === 'ResponsibilityDecided')
        givenOn.add(entry.data.taskId);
    }
    const cases = wanted.size === 0 ? [] : await casesOf(tx, [...wanted]);
    const whistles = givenOn.size === 0 ? [] : await whistlesOf(tx, [...givenOn]);
    return new FactBatch(
      new Map(cases.map((row) => [row.incident_id, row])),
      new Map(whistles.map(({ task_id, whistle_id }) => [task_id, whistle_id])),
    );
  }

  async write(tx: ProjectionTransaction): Promise<void> {
    await writeCases.run(
      tx,
      [...this.changedCases].flatMap((id) => this.cases.get(id) ?? []),
    );
    await writeFacts.run(tx, this.facts);
    const isOver = (id: string): boolean => this.cases.get(id)?.is_over === true;
    const changed = [...this.told].filter((id) => this.wereOver.has(id) || isOver(id));
    await settle(tx, changed, changed.filter(isOver));
  }

  fold(entry: IncidentEntry): void {
    switch (entry.type) {
      case 'IncidentReported': {
        const { category, severity, anonymous, place } = entry.data;
        this.keep({
          ...{ incident_id: entry.incidentId, cycle: 1, is_over: false, ...untimed, ...nobody },
          ...{ category, severity, anonymous, ...unitsOf(place) },
        });
        break;
      }
      case 'IncidentLocated':
        this.change(entry, unitsOf(entry.data.place));
        this.tell(entry, 'LOCATED', { says: entry.data.method });
        break;
      case 'IncidentFiled':
        this.foldFiling(entry);
        break;
      case 'IncidentReopened':
        this.tell(entry, 'REOPENED', { cycle: entry.data.cycle - 1 });
        this.stand(entry, 'ON');
        this.change(entry, { cycle: entry.data.cycle, ...untimed, ...nobody });
        break;
      case 'SelfHandlingStarted':
        this.change(entry, nobody);
        break;
      case 'ReporterContactedBySelfHandler':
        // Without a due time no clock of the incident's runs: departments call, each about its task.
        if (entry.data.reached && entry.data.dueAt !== null) this.tell(entry, 'CONTACTED');
        break;
      default:
        this.foldStanding(entry);
        this.foldTask(entry);
        this.foldClosing(entry);
    }
  }

  private foldFiling(entry: Extract<IncidentEntry, { type: 'IncidentFiled' }>): void {
    const { cycle, deadlines } = entry.data;
    const total = deadlines.find(({ timer }) => timer === 'INCIDENT_TOTAL');
    const contact = deadlines.find(({ timer }) => timer === 'CONTACT');
    this.change(entry, {
      ...{ cycle, total_deadline_id: total?.deadlineId ?? null },
      contact_deadline_id: contact?.deadlineId ?? null,
    });
    this.tell(entry, 'FILED', { due_at: total?.dueAt ?? null });
    if (contact !== undefined)
      this.tell(entry, 'CONTACT_TIMED', { says: contact.deadlineId, due_at: contact.dueAt });
  }

  private foldStanding(entry: IncidentEntry): void {
    switch (entry.type) {
      case 'IncidentRejected':
        return this.stand(entry, 'REJECTED');
      case 'IncidentWithdrawn':
        if (!entry.data.goesOn) this.stand(entry, 'WITHDRAWN');
        return;
      case 'IncidentVoided':
        return this.stand(entry, 'VOIDED');
      case 'IncidentMerged':
        return this.stand(entry, 'MERGED');
      case 'IncidentSuspended':
        return this.stand(entry, 'SUSPENDED', {
          used_percent: entry.data.usedPercent,
          used_ms: entry.data.usedTime?.usedMs ?? null,
          allowed_ms: entry.data.usedTime?.allowedMs ?? null,
          department_id: this.cases.get(entry.incidentId)?.lead_department_id ?? null,
        });
      case 'IncidentResumed':
      case 'IncidentUnmerged':
        this.stand(entry, 'ON');
        return this.move(entry, entry.data.moves);
      case 'DeadlinesRescheduled':
        return this.move(entry, entry.data.moves);
      default:
    }
  }

  private stand(
    entry: IncidentEntry,
    says: 'ON' | 'SUSPENDED' | 'MERGED' | 'WITHDRAWN' | 'VOIDED' | 'REJECTED',
    told: Told = {},
  ): void {
    this.change(entry, { is_over: says !== 'ON' && says !== 'SUSPENDED' });
    this.tell(entry, 'STANDING', { says, ...told });
  }

  private foldTask(entry: IncidentEntry): void {
    switch (entry.type) {
      case 'WhistleBlown': {
        const { whistleId: whistle_id, tasks, reverse } = entry.data;
        for (const task of tasks) this.lead(entry, task, !reverse);
        const lead = tasks.find(({ role }) => role === 'LEAD')?.departmentId ?? null;
        const says = reverse ? 'REVERSE' : null;
        this.tell(entry, 'WHISTLED', { whistle_id, department_id: lead, says });
        for (const task of tasks) this.summon(entry, task, whistle_id);
        return;
      }
      case 'IncidentEscalated':
        return this.tell(entry, 'ESCALATED');
      case 'WhistleCancelled':
        return this.tell(entry, 'WHISTLE_CANCELLED', { whistle_id: entry.data.whistleId });
      case 'DepartmentAdded':
        return this.summon(entry, entry.data.task, entry.data.whistleId);
      case 'LeadChanged': {
        const { newTask, whistleId, fromTaskId, toTaskId, toDepartmentId } = entry.data;
        this.change(entry, { lead_task_id: toTaskId, lead_department_id: toDepartmentId });
        if (this.cases.get(entry.incidentId)?.head_task_id === fromTaskId)
          this.change(entry, { head_task_id: toTaskId, head_department_id: toDepartmentId });
        return this.summon(entry, newTask, whistleId);
      }
      case 'TaskTransferred': {
        const { taskId, toDepartmentId } = entry.data;
        if (this.cases.get(entry.incidentId)?.lead_task_id === taskId)
          this.change(entry, { lead_department_id: toDepartmentId });
        if (this.cases.get(entry.incidentId)?.head_task_id === taskId)
          this.change(entry, { head_department_id: toDepartmentId });
        return this.tell(entry, 'TRANSFERRED', { task_id: taskId, department_id: toDepartmentId });
      }
      case 'ReturnRequested': {
        const { taskId: task_id, departmentId: department_id } = entry.data;
        return this.tell(entry, 'RETURN_ASKED', { task_id, department_id });
      }
      case 'ReturnAccepted':
        this.tell(entry, 'RETURN_ACCEPTED', { task_id: entry.data.taskId });
        return this.giveOn(entry, entry.data.taskId, entry.data.newTask);
      case 'ResponsibilityDecided': {
        const { taskId: task_id, responsibleUnitId: department_id, newTask } = entry.data;
        this.tell(entry, 'DECIDED', { task_id, department_id });
        return this.giveOn(entry, task_id, newTask);
      }
      case 'TaskCompleted': {
        const { taskId: task_id, departmentId: department_id } = entry.data;
        return this.tell(entry, 'DONE', { task_id, department_id });
      }
      default:
    }
  }

  private foldClosing(entry: IncidentEntry): void {
    const department_id = this.cases.get(entry.incidentId)?.lead_department_id ?? null;
    switch (entry.type) {
      case 'HandlingCompleted':
        return this.tell(entry, 'COMPLETED', { department_id });
      case 'CheckPassed': {
        const { feedbackUntil: due_at } = entry.data;
        return this.tell(entry, 'CHECKED', { says: 'PASS', due_at, department_id });
      }
      case 'CheckFailed':
        this.tell(entry, 'CHECKED', { says: 'FAIL', department_id });
        for (const task_id of entry.data.taskIds) this.tell(entry, 'SENT_BACK', { task_id });
        return;
      case 'FeedbackRecorded':
      case 'FeedbackCorrected': {
        const { solved: says, satisfaction: rating, cycle } = entry.data;
        const kind = entry.type === 'FeedbackRecorded' ? 'RATED' : 'RATING_CORRECTED';
        return this.tell(entry, kind, { says, rating, department_id, cycle });
      }
      case 'ScoreExcluded':
        if (entry.data.item === 'FEEDBACK') this.tell(entry, 'RATING_EXCLUDED', { cycle: entry.data.cycle });
        return;
      case 'IncidentClosed': {
        const { cycle, resolutionLevel: says } = entry.data;
        this.change(entry, { is_over: true });
        return this.tell(entry, 'CLOSED', { cycle, says, department_id });
      }
      default:
    }
  }

  private tell(entry: IncidentEntry, kind: FactKind, told: Told = {}): void {
    const known = this.cases.get(entry.incidentId);
    if (known === undefined) return;
    const { incidentId: incident_id, revision, occurredAt, recordedAt, eventId: event_id } = entry;
    this.told.add(incident_id);
    const last = this.facts.at(-1);
    const same = last?.incident_id === incident_id && last.revision === revision;
    const { category, severity, anonymous, estate_id, community_id, street_id, cycle } = known;
    const { head_department_id: head_id } = known;
    this.facts.push({
      ...{ incident_id, revision, ordinal: same ? last.ordinal + 1 : 0, kind, cycle },
      ...{ fact_at: occurredAt, fact_known_at: recordedAt, event_id, task_id: null, whistle_id: null },
      ...{ department_id: null, says: null, rating: null, due_at: null, used_percent: null },
      ...{ used_ms: null, allowed_ms: null, head_id },
      ...{ category, severity, anonymous, estate_id, community_id, street_id, ...told },
    });
  }

  private summon(entry: IncidentEntry, task: TaskAssignment | null, whistle_id: string | undefined): void {
    if (task === null || whistle_id === undefined) return;
    const { taskId: task_id, departmentId: department_id } = task;
    this.whistles.set(task_id, whistle_id);
    this.tell(entry, 'SUMMONED', { task_id, whistle_id, department_id });
  }

  private giveOn(entry: IncidentEntry, taskId: string, newTask: TaskAssignment | null): void {
    if (newTask === null) return;
    this.lead(entry, newTask, this.cases.get(entry.incidentId)?.head_task_id === taskId);
    this.summon(entry, newTask, this.whistles.get(taskId));
  }

  /** @param heads of the incident, and not of what a department has whistled for */
  private lead(entry: IncidentEntry, { role, taskId, departmentId }: TaskAssignment, heads: boolean): void {
    if (role !== 'LEAD') return;
    this.change(entry, { lead_task_id: taskId, lead_department_id: departmentId });
    if (heads) this.change(entry, { head_task_id: taskId, head_department_id: departmentId });
  }

  private move(entry: IncidentEntry, moves: readonly DeadlineMove[]): void {
    const known = this.cases.get(entry.incidentId);
    for (const { deadlineId, dueAt: due_at } of moves) {
      if (deadlineId === known?.total_deadline_id) this.tell(entry, 'DUE_MOVED', { due_at });
      if (deadlineId === known?.contact_deadline_id) this.tell(entry, 'CONTACT_MOVED', { due_at });
    }
  }

  private change({ incidentId }: IncidentEntry, change: Partial<CaseRow>): void {
    const known = this.cases.get(incidentId);
    if (known !== undefined) this.keep({ ...known, ...change });
  }

  private keep(row: CaseRow): void {
    this.cases.set(row.incident_id, row);
    this.changedCases.add(row.incident_id);
  }
}

const untimed = { total_deadline_id: null, contact_deadline_id: null };
const nobody = {
  ...{ lead_task_id: null, lead_department_id: null, head_task_id: null, head_department_id: null },
};

const unitsOf = ({ estateId, communityId, streetId }: Place) => ({
  ...{ estate_id: estateId, community_id: communityId, street_id: streetId },
});

const casesOf = (tx: ProjectionTransaction, ids: readonly string[]): Promise<CaseRow[]> =>
  tx.query<CaseRow>(`select ${caseColumns} from cases where incident_id = any($1::text[])`, [ids]);

const whistlesOf = (
  tx: ProjectionTransaction,
  taskIds: readonly string[],
): Promise<{ task_id: string; whistle_id: string }[]> =>
  tx.query(`select task_id, whistle_id from facts where kind = 'SUMMONED' and task_id = any($1::text[])`, [
    taskIds,
  ]);
