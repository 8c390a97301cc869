import type { Deadline, IncidentEventType, LostTime, Place, TaskAssignment } from '@shaoying/incident-domain';
import type { ProjectionTransaction } from '@shaoying/projections';
import type { IncidentEntry } from '../incident-rows.js';
import {
  deadlinesOf,
  duesOf,
  handedOn,
  listed,
  moved,
  placesLocated,
  tasksOfIncidents,
  type TaskRow,
} from './task-rows.js';
import { CategoryWeights, pinsOf, USUAL_WEIGHT } from './category-weights.js';
import {
  caseColumns,
  dropWhistles,
  dropWhistlesOf,
  writeCases,
  writeExclusions,
  writeLosses,
  writeWhistles,
  type CaseRow,
  type CategoryWeightRow,
  type ExclusionRow,
  type LossRow,
  type WhistleRow,
} from './task-tables.js';
import { writeWork, type WorkRow } from './work-bookings.js';
import { causeOf, endOf, TaskTerms } from './task-terms.js';

/** Events that change the terms of tasks that were there before, and so read them. */
export const changesTerms: ReadonlySet<IncidentEventType> = new Set<IncidentEventType>([
  ...(['IncidentLocated', 'IncidentSuspended', 'IncidentResumed', 'IncidentMerged'] as const),
  ...(['IncidentUnmerged', 'IncidentReopened', 'ReturnRequested', 'ReturnAccepted'] as const),
  ...(['ReturnRejected', 'ArbitrationOpened', 'ResponsibilityDecided', 'DepartmentAdded'] as const),
  ...(['LeadChanged', 'TaskTransferred', 'TaskStageCompleted', 'ExtensionRequested'] as const),
  ...(['ExtensionGranted', 'ExtensionRefused', 'CheckFailed', 'IncidentVoided'] as const),
  'DeadlinesRescheduled',
]);

type EntryOf<Type extends IncidentEventType> = Extract<IncidentEntry, { type: Type }>;

function readsTasks(entry: IncidentEntry): boolean {
  if (entry.type === 'FeedbackRecorded') return entry.data.taskIds.length > 0;
  if (entry.type === 'IncidentWithdrawn') return !entry.data.goesOn;
  return changesTerms.has(entry.type);
}

/** What one batch does to the tables. */
export class TaskBatch {
  /** Of the incidents that are reported in the batch, or that something begins in. */
  private readonly cases = new Map<string, CaseRow>();
  private readonly changedCases = new Set<string>();
  private readonly terms = new TaskTerms();
  private readonly whistles = new Map<string, WhistleRow>();
  private readonly droppedWhistles = new Set<string>();
  /** Incidents whose whistles, as far as there were any before the batch, are taken back. */
  private readonly silenced = new Set<string>();
  private readonly losses: LossRow[] = [];
  private readonly work: WorkRow[] = [];
  /** Incident and deadline → the first decision. */
  private readonly exclusions = new Map<string, ExclusionRow>();

  private constructor(private readonly weights: CategoryWeights) {}

  /** Reads what the batch's events change or build on. @param published weights of catalogues that it publishes */
  static async of(
    tx: ProjectionTransaction,
    entries: readonly IncidentEntry[],
    published: readonly CategoryWeightRow[],
  ): Promise<TaskBatch> {
    const batch = new TaskBatch(await CategoryWeights.of(tx, entries, published));
    const reported = new Set<string>();
    const about = new Set<string>();
    const wanted = new Set<string>();
    for (const entry of entries) {
      if (entry.type === 'IncidentReported') reported.add(entry.incidentId);
      else if (!reported.has(entry.incidentId)) {
        if (entry.type === 'WhistleBlown' || entry.type === 'IncidentLocated' || pinsOf(entry) !== null)
          about.add(entry.incidentId);
        if (readsTasks(entry)) wanted.add(entry.incidentId);
      }
    }
    for (const row of await tasksOfIncidents(tx, [...wanted])) batch.terms.know(row);
    if (about.size + wanted.size > 0)
      for (const row of await tx.query<CaseRow>(
        `select ${caseColumns} from cases where incident_id = any($1::text[])`,
        [[...about, ...wanted]],
      ))
        batch.cases.set(row.incident_id, row);
    return batch;
  }

  async write(tx: ProjectionTransaction): Promise<void> {
    await this.weights.write(tx);
    await writeCases.run(
      tx,
      [...this.changedCases].flatMap((id) => this.cases.get(id) ?? []),
    );
    await this.terms.write(tx);
    await dropWhistles.run(
      tx,
      [...this.droppedWhistles].map((whistle_id) => ({ whistle_id })),
    );
    await dropWhistlesOf.run(
      tx,
      [...this.silenced].map((incident_id) => ({ incident_id })),
    );
    await writeWhistles.run(tx, [...this.whistles.values()]);
    await writeLosses.run(tx, this.losses);
    await writeWork.run(tx, this.work);
    await writeExclusions.run(tx, [...this.exclusions.values()]);
  }

  fold(entry: IncidentEntry): void {
    const { occurredAt: at, recordedAt: knownAt, eventId } = entry;
    switch (entry.type) {
      case 'IncidentReported':
        this.cases.set(entry.incidentId, caseOf(entry));
        this.changedCases.add(entry.incidentId);
        break;
      case 'IncidentFiled':
        this.weigh(entry);
        break;
      case 'WhistleBlown':
        this.blow(entry);
        break;
      case 'TaskAcknowledged':
        this.terms.answer(entry.data.taskId, {
          ...{ acknowledged_at: at, acknowledged_known_at: knownAt, acknowledged_event_id: eventId },
        });
        break;
      case 'DepartmentCheckedIn':
        this.terms.answer(entry.data.taskId, {
          ...{ checked_in_at: at, checked_in_known_at: knownAt, checked_in_event_id: eventId },
        });
        break;
      case 'ReporterContacted':
        if (entry.data.reached)
          this.terms.tell(entry, entry.data.taskId, {
            ...{ contacted_at: at, contacted_known_at: knownAt, contacted_event_id: eventId },
          });
        break;
      case 'ProgressReported':
        this.terms.work(entry, entry.data.taskId);
        break;
      case 'TaskCompleted':
        this.terms.tell(entry, entry.data.taskId, {
          ...{ completed_at: at, completed_known_at: knownAt, completed_event_id: eventId },
        });
        break;
      case 'WorkBooked': {
        const { taskId: task_id, departmentId: unit_id, workedMinutes: minutes } = entry.data;
        this.work.push({
          ...{ event_id: eventId, incident_id: entry.incidentId, task_id, unit_id, minutes },
          ...{ booked_at: at, booked_known_at: knownAt },
        });
        break;
      }
      case 'TaskReleased':
        this.terms.end(entry, [entry.data.taskId], 'RELEASED', entry.data.counted);
        break;
      case 'WhistleCancelled':
        this.terms.end(entry, entry.data.taskIds, 'RELEASED', false);
        this.whistles.delete(entry.data.whistleId);
        this.droppedWhistles.add(entry.data.whistleId);
        break;
      case 'ScoreExcluded':
        this.exclude(entry);
        break;
      case 'CheckFailed':
      case 'FeedbackRecorded':
        // On time is judged by the first accepted completion (domain.md §6, 29): one that a check sent back is none.
        this.sendBack(entry, entry.data, entry.type === 'FeedbackRecorded');
        break;
      default:
        this.foldTerms(entry);
        this.foldIncident(entry);
    }
  }

  /** What changes the terms of one task. */
  private foldTerms(entry: IncidentEntry): void {
    switch (entry.type) {
      case 'TaskStageCompleted': {
        const { taskId, stage } = entry.data;
        this.terms.change(entry, taskId, (row) =>
          duesOf(
            deadlinesOf(row).map((deadline) =>
              deadline.stage === stage ? { ...deadline, done: true } : deadline,
            ),
          ),
        );
        this.terms.work(entry, taskId);
        break;
      }
      case 'ExtensionRequested':
        this.terms.change(entry, entry.data.taskId, () => ({ extending: true }));
        break;
      case 'ExtensionGranted': {
        const { taskId, moves } = entry.data;
        this.terms.change(entry, taskId, (row) => ({ extending: false, ...moved(row, moves) }));
        break;
      }
      case 'ExtensionRefused':
        this.terms.change(entry, entry.data.taskId, () => ({ extending: false }));
        break;
      case 'TaskTransferred':
        this.terms.change(entry, entry.data.taskId, (row) => ({
          ...{ department_id: entry.data.toDepartmentId, former: handedOn(row, causeOf(entry)) },
        }));
        break;
      case 'DepartmentAdded':
        this.summon(entry, entry.data.task, entry.data.whistleId);
        break;
      case 'LeadChanged':
        this.lead(entry);
        break;
      case 'ReturnRequested':
      case 'ReturnRejected':
      case 'ReturnAccepted':
      case 'ArbitrationOpened':
      case 'ResponsibilityDecided':
        this.foldDispute(entry);
        break;
      default:
        break;
    }
  }

  private foldDispute(
    entry: Extract<
      IncidentEntry,
      {
        type:
          | 'ReturnRequested'
          | 'ReturnRejected'
          | 'ReturnAccepted'
          | 'ArbitrationOpened'
          | 'ResponsibilityDecided';
      }
    >,
  ): void {
    const { occurredAt: at, recordedAt: knownAt, eventId } = entry;
    const { taskId } = entry.data;
    switch (entry.type) {
      case 'ReturnRequested':
        // Asking is an answer too.
        this.terms.change(entry, taskId, (row) => ({
          stands: 'RETURN_REQUESTED',
          ...(row.acknowledged_at === null && {
            ...{ acknowledged_at: at, acknowledged_known_at: knownAt, acknowledged_event_id: eventId },
          }),
        }));
        break;
      case 'ReturnRejected':
        this.terms.change(entry, taskId, () => ({ stands: null }));
        this.book(entry, entry.data.lostTime);
        break;
      case 'ReturnAccepted':
        this.give(entry, taskId, entry.data.newTask);
        this.book(entry, entry.data.lostTime);
        break;
      case 'ArbitrationOpened':
        // Whoever had not signed need not any more; whoever should have by then has missed it.
        this.terms.change(entry, taskId, (row) => ({
          stands: 'IN_ARBITRATION',
          ...(row.acknowledged_at === null && isBefore(at, row.acknowledge_due)
            ? duesOf(deadlinesOf(row).filter(({ timer }) => timer !== 'ACKNOWLEDGE'))
            : {}),
        }));
        break;
      case 'ResponsibilityDecided': {
        const { responsibleUnitId, newTask, lostTime } = entry.data;
        if (this.terms.standing(entry, taskId)?.department_id === responsibleUnitId) {
          this.terms.change(entry, taskId, (row) => ({
            stands: row.acknowledged_at === null ? 'ACKNOWLEDGED' : null,
            ...{ working_at: null, working_known_at: null, working_event_id: null },
          }));
        } else this.give(entry, taskId, newTask);
        this.book(entry, lostTime);
        break;
      }
    }
  }

  /** What changes the terms of every task of an incident. */
  private foldIncident(entry: IncidentEntry): void {
    switch (entry.type) {
      case 'IncidentLocated':
        this.locate(entry);
        break;
      case 'IncidentSuspended':
        this.terms.changeAll(entry, () => ({ set_aside: 'SUSPENDED' }));
        break;
      case 'IncidentMerged':
        this.terms.changeAll(entry, () => ({ set_aside: 'MERGED' }));
        break;
      case 'IncidentResumed':
      case 'IncidentUnmerged':
        this.terms.changeAll(entry, (row) => ({ set_aside: null, ...moved(row, entry.data.moves) }));
        break;
      case 'DeadlinesRescheduled': {
        const weight = this.weigh(entry);
        this.terms.changeAll(entry, (row) => {
          const reweighed = weight !== null && weight !== row.weight ? { weight } : null;
          const dues = moved(row, entry.data.moves);
          return dues === null ? reweighed : { ...dues, ...reweighed };
        });
        break;
      }
      case 'IncidentWithdrawn': {
        if (entry.data.goesOn) break;
        const { taskIds } = entry.data;
        this.setAside(entry, (row) => taskIds.includes(row.task_id));
        break;
      }
      case 'IncidentVoided':
        this.setAside(entry, (row) => row.completed_at === null && row.ended_as === null);
        break;
      case 'IncidentReopened':
        this.changeCase(entry, { cycle: entry.data.cycle });
        this.terms.changeAll(entry, (row) => (row.set_aside === null ? null : { set_aside: null }));
        break;
      default:
        break;
    }
  }

  /** For good: an incident that is withdrawn or voided is in no rate, and its whistles are no earlier ones. */
  private setAside(entry: IncidentEntry, ends: (row: TaskRow) => boolean): void {
    const end = endOf(entry, 'RELEASED', false);
    this.terms.changeAll(entry, (row) => ({ set_aside: 'WITHDRAWN', ...(ends(row) && end) }));
    for (const { whistle_id, incident_id } of this.whistles.values())
      if (incident_id === entry.incidentId) this.whistles.delete(whistle_id);
    this.silenced.add(entry.incidentId);
  }

  private sendBack(
    entry: IncidentEntry,
    {
      taskIds,
      reworks,
    }: { taskIds: readonly string[]; reworks: readonly { taskId: string; deadline: Deadline }[] },
    accepted: boolean,
  ): void {
    for (const taskId of taskIds)
      this.terms.change(entry, taskId, (row) => {
        const own = reworks.filter((rework) => rework.taskId === taskId).map(({ deadline }) => deadline);
        const others = deadlinesOf(row).filter(({ timer }) => timer !== 'REWORK');
        return {
          ...duesOf([...others, ...listed(own)]),
          ...{ completed_at: null, completed_known_at: null, completed_event_id: null },
          ...(accepted &&
            row.accepted_at === null && {
              ...{ accepted_at: row.completed_at, accepted_known_at: row.completed_known_at },
              accepted_event_id: row.completed_event_id,
            }),
          ...{ working_at: null, working_known_at: null, working_event_id: null, extending: false },
        };
      });
  }

  /** @returns what its tasks weigh from here on; null where that is as it was */
  private weigh(entry: EntryOf<'IncidentFiled' | 'DeadlinesRescheduled'>): number | null {
    const pins = pinsOf(entry);
    const known = this.cases.get(entry.incidentId);
    if (pins === null || known === undefined) return null;
    const weight = this.weights.weightOf(known.category, pins);
    if (weight !== known.weight) this.changeCase(entry, { weight });
    return weight;
  }

  private blow(entry: Extract<IncidentEntry, { type: 'WhistleBlown' }>): void {
    const { whistleId: whistle_id, kind, reverse, tasks } = entry.data;
    const known = this.cases.get(entry.incidentId);
    if (known === undefined) return;
    const { incident_id, category, estate_id } = known;
    this.droppedWhistles.delete(whistle_id);
    this.whistles.set(whistle_id, {
      ...{ whistle_id, incident_id, kind, reverse, category, estate_id },
      ...{ blown_at: entry.occurredAt, blown_known_at: entry.recordedAt },
    });
    for (const task of tasks) this.terms.begin(taskOf(entry, task, known, { whistle_id, kind }));
  }

  private summon(entry: IncidentEntry, task: TaskAssignment | null, whistleId: string | undefined): void {
    const known = this.cases.get(entry.incidentId);
    const beside = this.terms.ofWhistle(whistleId);
    if (task === null || known === undefined || beside === undefined) return;
    this.terms.begin(taskOf(entry, task, known, beside));
  }

  private give(entry: IncidentEntry, taskId: string, newTask: TaskAssignment | null): void {
    this.terms.change(entry, taskId, () => ({ stands: null, ...endOf(entry, 'RETURNED', false) }));
    this.summon(entry, newTask, this.terms.standing(entry, taskId)?.whistle_id);
  }

  private lead(entry: Extract<IncidentEntry, { type: 'LeadChanged' }>): void {
    const { whistleId, fromTaskId, toTaskId, formerLead, newTask, lostTime } = entry.data;
    const ends = formerLead === 'RELEASED';
    this.terms.change(entry, fromTaskId, (row) => ({
      role: 'ASSIST',
      ...(ends &&
        row.completed_at === null &&
        row.ended_at === null && { stands: null, ...endOf(entry, 'RELEASED', false) }),
    }));
    if (newTask === null) this.terms.change(entry, toTaskId, () => ({ role: 'LEAD' }));
    else this.summon(entry, newTask, whistleId);
    this.book(entry, lostTime);
  }

  private locate(entry: EntryOf<'IncidentLocated'>): void {
    const units = unitsOf(entry.data.place);
    const known = this.changeCase(entry, units);
    if (known === undefined) return;
    this.terms.changeAll(entry, (row) => ({
      ...{ ...units, event_places: placesLocated(row, known.cycle, entry) },
    }));
  }

  /** @returns it as it is now; undefined where it is not known */
  private changeCase({ incidentId }: IncidentEntry, change: Partial<CaseRow>): CaseRow | undefined {
    const known = this.cases.get(incidentId);
    if (known === undefined) return undefined;
    const changed = { ...known, ...change };
    this.cases.set(incidentId, changed);
    this.changedCases.add(incidentId);
    return changed;
  }

  /** 剔除 of a deadline that was missed. */
  private exclude({ data, incidentId, occurredAt, recordedAt }: EntryOf<'ScoreExcluded'>): void {
    const key = `${incidentId} ${data.itemId}`;
    if (data.item !== 'OVERDUE' || data.itemId === null || this.exclusions.has(key)) return;
    this.exclusions.set(key, {
      ...{ incident_id: incidentId, deadline_id: data.itemId },
      ...{ decided_at: occurredAt, decided_known_at: recordedAt },
    });
  }

  private book(entry: IncidentEntry, lostTime: readonly LostTime[]): void {
    lostTime.forEach(({ account, unitId, taskId, from, to }, ordinal) =>
      this.losses.push({
        ...{ event_id: entry.eventId, ordinal, incident_id: entry.incidentId, task_id: taskId, account },
        ...{ unit_id: unitId, from_at: from, to_at: to },
        ...{ booked_at: entry.occurredAt, booked_known_at: entry.recordedAt },
      }),
    );
  }
}

const isBefore = (instant: string, due: string | null): boolean =>
  due !== null && Date.parse(instant) <= Date.parse(due);

const unitsOf = ({ estateId, communityId, streetId }: Place) => ({
  ...{ estate_id: estateId, community_id: communityId, street_id: streetId },
});

function caseOf(entry: Extract<IncidentEntry, { type: 'IncidentReported' }>): CaseRow {
  const { category, severity, place, imported } = entry.data;
  const weight = USUAL_WEIGHT;
  return { incident_id: entry.incidentId, cycle: 1, category, severity, ...unitsOf(place), imported, weight };
}

function taskOf(
  entry: IncidentEntry,
  { taskId: task_id, departmentId: department_id, role, deadlines }: TaskAssignment,
  known: CaseRow,
  { whistle_id, kind }: Pick<TaskRow, 'whistle_id' | 'kind'>,
): TaskRow {
  const { occurredAt: at, recordedAt: knownAt, eventId, revision: version } = entry;
  return {
    ...{ task_id, version, ...known, whistle_id, department_id, role, kind },
    ...{ since_at: at, since_known_at: knownAt, since_event_id: eventId },
    ...{ until_at: null, until_known_at: null },
    ...{ notified_at: at, notified_known_at: knownAt, notified_event_id: eventId },
    ...duesOf(listed(deadlines)),
    ...{ acknowledged_at: null, acknowledged_known_at: null, acknowledged_event_id: null },
    ...{ contacted_at: null, contacted_known_at: null, contacted_event_id: null, checked_in_at: null },
    ...{
      checked_in_known_at: null,
      checked_in_event_id: null,
      working_at: null,
      working_known_at: null,
      working_event_id: null,
      completed_at: null,
    },
    ...{ completed_known_at: null, completed_event_id: null, accepted_at: null },
    ...{ accepted_known_at: null, accepted_event_id: null, ended_event_id: null, causes: null },
    ...{ ended_as: null, ended_at: null },
    ...{ ended_known_at: null, counted: false, stands: null, extending: false, set_aside: null },
    ...{ former: null, event_places: null },
  };
}
