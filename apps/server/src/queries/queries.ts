import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import {
  IncidentHistory,
  IncidentsAt,
  type HistoryEntry,
  type Replay,
  type ReplayPoint,
} from '@shaoying/audit';
import { IncidentCommandService, type FoundIncident, type Scope } from '@shaoying/incident-application';
import { decodeIncidentEvent } from '@shaoying/incident-contracts';
import { foldIncident, NO_INCIDENT, type IncidentState, type LostTime } from '@shaoying/incident-domain';
import { Platform } from '../platform.js';
import { ReadArrivalsHandler, ReadEvidenceHandler } from './evidence.query.js';
import {
  DepartmentTasksQuery,
  IncidentBoardQuery,
  MetricsQuery,
  type TermsOf,
  type BoardFilter,
  type BoardPage,
  type BoardPlace,
  type ExplainedTask,
  type ExplanationPlace,
  type CompanionMetric,
  type ExplainedList,
  type ExplainedPage,
  type IncidentView,
  type MetricAnswer,
  type MetricDefinition,
  type MetricDimension,
  type MetricExplanation,
  type MetricPlace,
  type MetricWindow,
  type Moment,
  type QueuePage,
  type TakenOver,
  type LostTimeSum,
  type StreetWorkload,
  type Workload,
  type WorkloadExplanation,
  type WorkloadFigureName,
  type WorkloadOf,
  type WorkloadVersions,
} from '@shaoying/incident-read-models';

// What travels on the QueryBus, each with the one read model or history that answers it.

export class FindIncident extends Query<IncidentView | null> {
  constructor(
    readonly incidentId: string,
    /** Null: as the board stands. */
    readonly moment: Moment | null,
  ) {
    super();
  }
}

@QueryHandler(FindIncident)
export class FindIncidentHandler implements IQueryHandler<FindIncident> {
  constructor(
    private readonly board: IncidentBoardQuery,
    private readonly history: IncidentHistory,
  ) {}

  execute({ incidentId, moment }: FindIncident): Promise<IncidentView | null> {
    return moment === null
      ? this.board.find(incidentId)
      : this.history.viewAt(incidentId, moment.asOf, moment.knownAt);
  }
}

export class FindByReceipt extends Query<IncidentView | null> {
  constructor(readonly receiptHash: string) {
    super();
  }
}

@QueryHandler(FindByReceipt)
export class FindByReceiptHandler implements IQueryHandler<FindByReceipt> {
  constructor(private readonly board: IncidentBoardQuery) {}

  execute({ receiptHash }: FindByReceipt): Promise<IncidentView | null> {
    return this.board.findByReceipt(receiptHash);
  }
}

/** The incident that holds something sealed for a person. */
export class FindSubject extends Query<string | null> {
  constructor(readonly subjectId: string) {
    super();
  }
}

/** For the read model to reach what was recorded just now. */
const subjectWaitMsMax = 2_000;

@QueryHandler(FindSubject)
export class FindSubjectHandler implements IQueryHandler<FindSubject> {
  constructor(
    private readonly board: IncidentBoardQuery,
    private readonly platform: Platform,
  ) {}

  async execute({ subjectId }: FindSubject): Promise<string | null> {
    const found = await this.board.incidentOfSubject(subjectId);
    if (found !== null) return found;
    const head = await this.platform.stores.log.head();
    await this.platform.gate.waitFor('incident-board', head, subjectWaitMsMax);
    return this.board.incidentOfSubject(subjectId);
  }
}

export class ListIncidents extends Query<BoardPage> {
  constructor(
    readonly filter: BoardFilter,
    readonly scope: Scope | null,
    readonly page: { limit: number; after: BoardPlace | null },
    readonly moment: Moment,
  ) {
    super();
  }
}

@QueryHandler(ListIncidents)
export class ListIncidentsHandler implements IQueryHandler<ListIncidents> {
  private readonly then: IncidentsAt;

  constructor(
    private readonly board: IncidentBoardQuery,
    history: IncidentHistory,
  ) {
    this.then = new IncidentsAt(board, history);
  }

  execute({ filter, scope, page, moment }: ListIncidents): Promise<BoardPage> {
    return moment.live
      ? this.board.list(filter, scope, { ...page, now: moment.asOf })
      : this.then.list(filter, scope, moment, page);
  }
}

export class ReadHistory extends Query<HistoryEntry[]> {
  constructor(readonly incidentId: string) {
    super();
  }
}

@QueryHandler(ReadHistory)
export class ReadHistoryHandler implements IQueryHandler<ReadHistory> {
  constructor(private readonly history: IncidentHistory) {}

  execute({ incidentId }: ReadHistory): Promise<HistoryEntry[]> {
    return this.history.events(incidentId);
  }
}

export class ReplayIncident extends Query<Replay> {
  constructor(
    readonly incidentId: string,
    readonly point: ReplayPoint,
  ) {
    super();
  }
}

@QueryHandler(ReplayIncident)
export class ReplayIncidentHandler implements IQueryHandler<ReplayIncident> {
  constructor(private readonly history: IncidentHistory) {}

  execute({ incidentId, point }: ReplayIncident): Promise<Replay> {
    return this.history.replay(incidentId, point);
  }
}

export interface LostSpan extends LostTime {
  readonly workingMinutes: number;
}

/** Time that an incident has lost, by whose account, in the time that its pinned calendar counts. */
export interface LostTimeReport {
  readonly spans: readonly LostSpan[];
  readonly totals: readonly Pick<LostSpan, 'account' | 'unitId' | 'workingMinutes'>[];
}

export class ReadLostTime extends Query<LostTimeReport> {
  constructor(
    readonly incidentId: string,
    readonly moment: Moment,
  ) {
    super();
  }
}

/** The state made of what was so at the moment, as far as the log knew. */
function stateAt({ state, recorded }: FoundIncident, { asOf, knownAt, live }: Moment): IncidentState {
  if (live === true) return state;
  const [until, known] = [Date.parse(asOf), Date.parse(knownAt)];
  const then = recorded
    .map(decodeIncidentEvent)
    .filter((event) => Date.parse(event.occurredAt) <= until && Date.parse(event.recordedAt) <= known);
  return foldIncident(then);
}

const inMinutes = (ms: number): number => Math.round(ms / 60_000);

@QueryHandler(ReadLostTime)
export class ReadLostTimeHandler implements IQueryHandler<ReadLostTime> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly platform: Platform,
  ) {}

  async execute({ incidentId, moment }: ReadLostTime): Promise<LostTimeReport> {
    const found = await this.incidents.find(incidentId);
    const { lostTime, pins } = found === null ? NO_INCIDENT : stateAt(found, moment);
    const { directory } = this.platform;
    const { calendarId, calendarVersion } = pins ?? directory.pins();
    const counted = lostTime.map((lost) => ({
      lost,
      ms: directory.workingMsBetween(calendarId, calendarVersion, lost.from, lost.to),
    }));
    const totals = new Map<string, Pick<LostTime, 'account' | 'unitId'> & { ms: number }>();
    for (const { lost, ms } of counted) {
      const { account, unitId } = lost;
      const key = `${account} ${unitId}`;
      totals.set(key, { account, unitId, ms: (totals.get(key)?.ms ?? 0) + ms });
    }
    // Rounded once each: many short spans, as pauses leave them, add up to what they are.
    return {
      spans: counted.map(({ lost, ms }) => ({ ...lost, workingMinutes: inMinutes(ms) })),
      totals: [...totals.values()].map(({ ms, ...total }) => ({ ...total, workingMinutes: inMinutes(ms) })),
    };
  }
}

export class ReadQueue extends Query<QueuePage> {
  constructor(
    readonly departmentId: string,
    readonly moment: Moment,
    readonly page: { limit: number; after: { notifiedAt: string; taskId: string } | null },
    readonly scope: Scope | null,
  ) {
    super();
  }
}

@QueryHandler(ReadQueue)
export class ReadQueueHandler implements IQueryHandler<ReadQueue> {
  constructor(private readonly tasks: DepartmentTasksQuery) {}

  execute({ departmentId, moment, page, scope }: ReadQueue): Promise<QueuePage> {
    // Whoever sees what the department has tasks in sees its queue.
    const isOwn = scope === null || scope.departmentId === departmentId;
    return this.tasks.queue(departmentId, moment, page, isOwn ? null : (scope.streetIds ?? []));
  }
}

export class ReadWorkload extends Query<Workload[]> {
  constructor(
    readonly departmentIds: readonly string[],
    readonly moment: Moment,
    readonly from: string,
    readonly versions: WorkloadVersions = {},
  ) {
    super();
  }
}

@QueryHandler(ReadWorkload)
export class ReadWorkloadHandler implements IQueryHandler<ReadWorkload> {
  constructor(private readonly tasks: DepartmentTasksQuery) {}

  execute({ departmentIds, moment, from, versions }: ReadWorkload): Promise<Workload[]> {
    return this.tasks.workload(departmentIds, moment, from, versions);
  }
}

/** The same of all those departments together, by the street their tasks lie in. */
export class ReadStreetWorkload extends Query<StreetWorkload[]> {
  constructor(
    readonly departmentIds: readonly string[],
    readonly moment: Moment,
    readonly from: string,
    readonly versions: WorkloadVersions = {},
  ) {
    super();
  }
}

@QueryHandler(ReadStreetWorkload)
export class ReadStreetWorkloadHandler implements IQueryHandler<ReadStreetWorkload> {
  constructor(private readonly tasks: DepartmentTasksQuery) {}

  execute({ departmentIds, moment, from, versions }: ReadStreetWorkload): Promise<StreetWorkload[]> {
    return this.tasks.workloadByStreet(departmentIds, moment, from, versions);
  }
}

/** Time lost in the window that these departments bear, and that the dispatch does with tasks they had. */
export class ReadLostTimeSums extends Query<LostTimeSum[]> {
  constructor(
    readonly departmentIds: readonly string[],
    readonly moment: Moment,
    readonly from: string,
  ) {
    super();
  }
}

@QueryHandler(ReadLostTimeSums)
export class ReadLostTimeSumsHandler implements IQueryHandler<ReadLostTimeSums> {
  constructor(private readonly tasks: DepartmentTasksQuery) {}

  execute({ departmentIds, moment, from }: ReadLostTimeSums): Promise<LostTimeSum[]> {
    return this.tasks.lostTime(moment, from, departmentIds);
  }
}

/** A task behind a figure; of one that lies out of sight no more than that it is there. */
export type TaskInSight = ExplainedTask | (Pick<ExplainedTask, Untold> & NamelessTask);
type Untold = 'counts' | 'contribution' | 'reason';
type NamelessTask = Readonly<Record<Exclude<keyof ExplainedTask, Untold | 'events'>, null>> & {
  readonly events: readonly [];
};

export interface ScopedWorkloadExplanation extends Omit<WorkloadExplanation, 'items'> {
  readonly items: readonly TaskInSight[];
}

/** What is behind a figure of workload. */
export class ExplainWorkload extends Query<ScopedWorkloadExplanation> {
  constructor(
    readonly figure: WorkloadFigureName,
    readonly of: WorkloadOf,
    readonly moment: Moment,
    readonly from: string,
    readonly page: { limit: number; after: ExplanationPlace | null },
    readonly scope: Scope | null,
    /** Of its formula; the one in force where none is named. */
    readonly version?: number,
  ) {
    super();
  }
}

@QueryHandler(ExplainWorkload)
export class ExplainWorkloadHandler implements IQueryHandler<ExplainWorkload> {
  constructor(
    private readonly tasks: DepartmentTasksQuery,
    private readonly board: IncidentBoardQuery,
  ) {}

  async execute(asked: ExplainWorkload): Promise<ScopedWorkloadExplanation> {
    const { figure, of, moment, from, page, scope, version } = asked;
    const explained = await this.tasks.explain(figure, of, moment, from, page, version);
    if (scope === null) return explained;
    const ids = new Set(explained.items.map(({ incidentId }) => incidentId));
    const visible = await this.board.visibleAmong([...ids], scope);
    return {
      ...explained,
      items: explained.items.map((item) => (visible.has(item.incidentId) ? item : nameless(item))),
    };
  }
}

const nameless = ({ counts, contribution, reason }: ExplainedTask): TaskInSight => ({
  ...{ counts, contribution, reason, incidentId: null, taskId: null, departmentId: null },
  ...{ dueAt: null, doneAt: null, lateMs: null, events: [] },
});

export class ComputeMetric extends Query<MetricAnswer> {
  constructor(
    readonly metric: MetricDefinition,
    readonly window: MetricWindow,
    readonly moment: Moment,
    readonly by: MetricDimension | null,
    readonly termsOf: TermsOf,
    readonly takenOver: TakenOver,
    /** Keys that have a row also without a case. */
    readonly existing: readonly string[],
  ) {
    super();
  }
}

@QueryHandler(ComputeMetric)
export class ComputeMetricHandler implements IQueryHandler<ComputeMetric> {
  constructor(private readonly metrics: MetricsQuery) {}

  execute(asked: ComputeMetric): Promise<MetricAnswer> {
    const { metric, window, moment, by, termsOf, takenOver, existing } = asked;
    return this.metrics.compute(metric, window, moment, by, termsOf, takenOver, existing);
  }
}

/** The totals of what a metric is never shown without. */
export class ReadCompanions extends Query<readonly CompanionMetric[]> {
  constructor(
    readonly metric: MetricDefinition,
    readonly window: MetricWindow,
    readonly moment: Moment,
    readonly termsOf: TermsOf,
  ) {
    super();
  }
}

@QueryHandler(ReadCompanions)
export class ReadCompanionsHandler implements IQueryHandler<ReadCompanions> {
  constructor(private readonly metrics: MetricsQuery) {}

  execute({ metric, window, moment, termsOf }: ReadCompanions): Promise<readonly CompanionMetric[]> {
    return this.metrics.companions(metric, window, moment, termsOf);
  }
}

/** Numbers are everybody's, names are not: what lies outside the caller's scope is counted and not named. */
export class ExplainMetric extends Query<MetricExplanation> {
  constructor(
    readonly metric: MetricDefinition,
    readonly window: MetricWindow,
    readonly moment: Moment,
    readonly by: MetricDimension | null,
    readonly key: string | null,
    readonly termsOf: TermsOf,
    readonly takenOver: TakenOver,
    readonly page: ExplainedPage,
  ) {
    super();
  }
}

@QueryHandler(ExplainMetric)
export class ExplainMetricHandler implements IQueryHandler<ExplainMetric> {
  constructor(private readonly metrics: MetricsQuery) {}

  execute(asked: ExplainMetric): Promise<MetricExplanation> {
    const { metric, window, moment, by, key, termsOf, takenOver, page } = asked;
    return this.metrics.explain(metric, window, moment, by, key, termsOf, takenOver, page);
  }
}

/** A later page of an explanation, whose sums are known from its first. */
export class ExplainMetricOn extends Query<ExplainedList> {
  constructor(
    readonly asked: ExplainMetric,
    readonly from: MetricPlace,
  ) {
    super();
  }
}

@QueryHandler(ExplainMetricOn)
export class ExplainMetricOnHandler implements IQueryHandler<ExplainMetricOn> {
  constructor(private readonly metrics: MetricsQuery) {}

  execute({ asked, from }: ExplainMetricOn): Promise<ExplainedList> {
    const { metric, window, moment, by, key, termsOf, takenOver, page } = asked;
    return this.metrics.explainOn(metric, window, moment, by, key, termsOf, takenOver, { ...page, from });
  }
}

export const queryHandlers = [
  FindIncidentHandler,
  FindByReceiptHandler,
  FindSubjectHandler,
  ListIncidentsHandler,
  ReadHistoryHandler,
  ReplayIncidentHandler,
  ReadLostTimeHandler,
  ReadEvidenceHandler,
  ReadArrivalsHandler,
  ReadQueueHandler,
  ReadWorkloadHandler,
  ReadStreetWorkloadHandler,
  ReadLostTimeSumsHandler,
  ExplainWorkloadHandler,
  ComputeMetricHandler,
  ReadCompanionsHandler,
  ExplainMetricHandler,
  ExplainMetricOnHandler,
];
