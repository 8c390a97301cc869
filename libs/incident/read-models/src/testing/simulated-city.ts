import type { Actor, EventStore, RecordedEvent } from '@shaoying/event-store';
import { incidentCatalogue, incidentIdOf, incidentStreamId } from '@shaoying/incident-contracts';
import {
  decide,
  foldIncident,
  isOpenTask,
  NO_INCIDENT,
  ownedDeadlines,
  type CommandOrigin,
  type Deadline,
  type DeadlineOf,
  type DeadlineMove,
  type IncidentCommand,
  type IncidentEvent,
  type IncidentState,
  type IncidentTimer,
  type Pins,
  type RefusalCode,
  type ReportIncident,
  type ResponsibilityLevel,
  type Satisfaction,
  type Solved,
  type TaskAssignment,
  type TaskRole,
  type WhistleKind,
  type SuspendIncident,
} from '@shaoying/incident-domain';
import {
  jurisdictionStream,
  schemaVersionOf,
  type JurisdictionEventData,
} from '@shaoying/jurisdiction-contracts';
import { movedBy, movesAfterPause, reschedulingsOf, rules } from '@shaoying/incident-domain/testing';

const minuteMs = 60_000;

/** Minutes from the whistle (or the filing) to each deadline: short, round, and no calendar in between. */
export const simpleDeadlineMinutes = {
  ACKNOWLEDGE: 60,
  CHECK_IN: 240,
  HANDLING: 3 * 24 * 60,
  INCIDENT_TOTAL: 7 * 24 * 60,
  CONTACT: 24 * 60,
  REWORK: 24 * 60,
  RETURN_DECISION: 240,
  ARBITRATION: 24 * 60,
  EXTENSION_DECISION: 240,
  SUSPENSION_REVIEW: 30 * 24 * 60,
} as const satisfies Partial<Record<IncidentTimer, number>>;
type SimpleTimer = keyof typeof simpleDeadlineMinutes;

/** How long the resident's feedback is awaited. Minutes. */
export const feedbackWindowMinutes = 24 * 60;

const tolerance = { skewMs: 30 * minuteMs, syncMs: 24 * 60 * minuteMs };
const photo = 'ab'.repeat(32);
const firstPins = {
  ...{ policyId: 'policy', policyVersion: 1, calendarId: 'default', calendarVersion: 1 },
  ...{ catalogueId: 'catalogue', catalogueVersion: 1, ladderId: 'ladder', ladderVersion: 1 },
};

/** Thrown when the decider refuses a step of a scripted history: the script is not legal. */
export class StepRefused extends Error {
  readonly code = 'STEP_REFUSED';
  constructor(
    kind: IncidentCommand['kind'],
    readonly refusal: RefusalCode,
  ) {
    super(`${kind} was refused: ${refusal}`);
  }
}

export type ReportSketch = Partial<
  Pick<
    ReportIncident,
    'category' | 'severity' | 'description' | 'occurredAt' | 'reporter' | 'receiptHash' | 'personal'
  >
> & {
  readonly estateId?: string | null;
  readonly communityId?: string | null;
  readonly streetId?: string | null;
  /** Filed in the same step; default true. */
  readonly filed?: boolean;
  /** Nobody can be called: no clock of a call runs. Default false. */
  readonly anonymous?: boolean;
};

export interface ImportSketch {
  readonly departmentId: string;
  readonly openedAt: string;
  readonly targetAt: string | null;
  readonly closedAt: string | null;
  readonly category?: string;
}

type Unsent<Command> = Command extends IncidentCommand ? Omit<Command, 'origin'> : never;

/**
 * A city whose incidents live through the real decider, so that every history is legal, on a clock that only moves
 * when told. Ids follow from the order of the steps: the same steps give the same log. Incidents keep the names they
 * were reported under; tasks are `<incident>-<department>`.
 */
export class SimulatedCity {
  readonly events: RecordedEvent[] = [];
  private readonly states = new Map<string, IncidentState>();
  private readonly anonymous = new Set<string>();
  private nowMs: number;
  private catalogueVersions = 0;

  /** @param contacts whether calls to reporters are timed: of filings and of tasks */
  constructor(
    start = '2026-03-02T01:00:00.000Z',
    private readonly contacts = false,
  ) {
    this.nowMs = Date.parse(start);
  }

  get now(): string {
    return new Date(this.nowMs).toISOString();
  }

  /** An instant by minutes from now. */
  inMinutes(minutes: number): string {
    return new Date(this.nowMs + minutes * minuteMs).toISOString();
  }

  pass(minutes: number): this {
    this.nowMs += minutes * minuteMs;
    return this;
  }

  stateOf(incidentId: string): IncidentState {
    return this.states.get(incidentId) ?? NO_INCIDENT;
  }

  eventsOf(incidentId: string): RecordedEvent[] {
    return this.events.filter((event) => incidentIdOf(event.streamId) === incidentId);
  }

  report(incidentId: string, sketch: ReportSketch = {}): this {
    const { estateId = 'estate-1', communityId = 'community-1', streetId = 'street-1' } = sketch;
    const { category = 'GARBAGE', severity = 'MINOR', description = `report of ${incidentId}` } = sketch;
    const { anonymous = false } = sketch;
    if (anonymous) this.anonymous.add(incidentId);
    const filing = { pins: this.pins, deadlines: this.deadlines(incidentId, this.timersOfFiling) };
    return this.send(incidentId, residents, {
      ...{ kind: 'ReportIncident', incidentId, category, severity, description, channel: 'APP', tolerance },
      location: { lon: 116.397, lat: 39.908, crs: 'GCJ02', address: '朝阳路 1 号' },
      place: { gridId: 'grid-1', estateId, communityId, streetId, districtId: 'district-1' },
      ...{ anonymous, reporter: sketch.reporter ?? null, recurrenceOf: null, deadlines: [] },
      evidence: [],
      personal: sketch.personal ?? null,
      receiptHash: sketch.receiptHash ?? `receipt-of-${incidentId}`,
      ...{ occurredAt: sketch.occurredAt ?? null, filing: sketch.filed === false ? null : filing },
    });
  }

  file(incidentId: string): this {
    const deadlines = this.deadlines(incidentId, this.timersOfFiling);
    return this.send(incidentId, this.street(incidentId), {
      kind: 'FileIncident',
      pins: this.pins,
      deadlines,
    });
  }

  /** The street is told who reported it. */
  revealReporter(incidentId: string): this {
    return this.send(incidentId, this.street(incidentId), {
      ...{ kind: 'RevealReporter', purpose: 'CONTACT_REPORTER', reason: '约定上门时间' },
      ...{ fields: ['NAME', 'PHONE'], readable: true },
    });
  }

  /** The community or estate handles it itself. */
  handle(incidentId: string, level: ResponsibilityLevel = 'ESTATE'): this {
    const { estateId, communityId } = this.stateOf(incidentId).place;
    const handlingUnitId = level === 'ESTATE' ? (estateId ?? communityId) : communityId;
    const actor = { id: 'community-worker', role: 'community', orgUnitId: communityId };
    return this.send(incidentId, actor, {
      ...{ kind: 'StartSelfHandling', level, handlingUnitId, parties: [], note: null },
    });
  }

  /** Whoever handles it itself calls the reporter. */
  call(incidentId: string, reached = true): this {
    const { communityId } = this.stateOf(incidentId).place;
    const actor = { id: 'community-worker', role: 'community', orgUnitId: communityId };
    return this.send(incidentId, actor, { kind: 'RecordSelfHandlerContact', reached, note: null });
  }

  /** A department calls the reporter about its task. */
  contact(incidentId: string, departmentId: string, reached = true): this {
    const taskId = this.taskOf(incidentId, departmentId);
    return this.send(incidentId, department(departmentId), {
      ...{ kind: 'RecordContact', taskId, reached, note: null },
    });
  }

  finish(incidentId: string): this {
    const { communityId } = this.stateOf(incidentId).place;
    const actor = { id: 'community-worker', role: 'community', orgUnitId: communityId };
    return this.send(incidentId, actor, {
      ...{ kind: 'CompleteSelfHandling', note: null, evidence: [], deadlines: [] },
    });
  }

  /** The first department leads. */
  whistle(
    incidentId: string,
    departmentIds: readonly string[],
    whistle: WhistleKind = 'PUBLIC_DEMAND',
  ): this {
    const tasks = departmentIds.map((departmentId, index) =>
      this.assignment(incidentId, departmentId, index === 0 ? 'LEAD' : 'ASSIST'),
    );
    const earlier = this.stateOf(incidentId).whistles.length;
    const whistleId = `${incidentId}-whistle${earlier === 0 ? '' : `-${earlier + 1}`}`;
    return this.send(incidentId, this.street(incidentId), {
      ...{ kind: 'BlowWhistle', whistleId, whistle, reason: '多部门职责', origination: 'REPORT' },
      ...{ rules: freely, tasks, deadlines: [] },
    });
  }

  /** A department whistles in reverse, for another one that is to lead in that. */
  whistleBack(incidentId: string, by: string, to: string): this {
    const whistleId = `${incidentId}-reverse-${this.stateOf(incidentId).whistles.length}`;
    return this.send(incidentId, department(by), {
      ...{
        kind: 'BlowWhistle',
        whistleId,
        whistle: 'PUBLIC_DEMAND',
        reason: '需协助',
        origination: 'REPORT',
      },
      ...{ rules: freely, tasks: [this.assignment(incidentId, to, 'LEAD')], deadlines: [] },
    });
  }

  cancelWhistle(incidentId: string): this {
    const whistleId = this.stateOf(incidentId).whistles.at(-1)?.whistleId ?? 'none';
    return this.send(incidentId, this.street(incidentId), {
      ...{ kind: 'CancelWhistle', whistleId, reason: '误吹', deadlines: [] },
    });
  }

  acknowledge(incidentId: string, departmentId: string): this {
    const taskId = this.taskOf(incidentId, departmentId);
    return this.send(incidentId, department(departmentId), { kind: 'AcknowledgeTask', taskId });
  }

  /** With a claimed time, as from a device that was offline, and its photo. */
  checkIn(incidentId: string, departmentId: string, occurredAt: string | null = null): this {
    return this.send(incidentId, department(departmentId), {
      ...{ kind: 'CheckIn', taskId: this.taskOf(incidentId, departmentId), occurredAt, location: null },
      ...{ note: null, evidence: occurredAt === null ? [] : [photo], tolerance },
    });
  }

  complete(incidentId: string, departmentId: string, workedMinutes: number | null = null): this {
    const taskId = this.taskOf(incidentId, departmentId);
    return this.send(incidentId, department(departmentId), {
      ...{ kind: 'CompleteTask', taskId, note: '已清运', evidence: [], workedMinutes, deadlines: [] },
    });
  }

  progress(
    incidentId: string,
    departmentId: string,
    note = '正在清运',
    workedMinutes: number | null = null,
  ): this {
    const taskId = this.taskOf(incidentId, departmentId);
    const said = { kind: 'ReportProgress', taskId, note, stage: null, evidence: [], workedMinutes } as const;
    return this.send(incidentId, department(departmentId), said);
  }

  /** On the task that a department has, or had last; below 0: takes back. */
  work(incidentId: string, departmentId: string, workedMinutes: number): this {
    const task = this.stateOf(incidentId).tasks.findLast((known) => known.departmentId === departmentId);
    return this.workOn(incidentId, task?.taskId ?? 'none', departmentId, workedMinutes);
  }

  /** @param by whose people book: who has the task, or had it and corrects its own books */
  workOn(incidentId: string, taskId: string, by: string, workedMinutes: number): this {
    const note = workedMinutes < 0 ? '登记有误' : null;
    return this.send(incidentId, department(by), { kind: 'BookWork', taskId, workedMinutes, note });
  }

  /** One of {@link stages}. */
  completeStage(incidentId: string, departmentId: string, stage: string): this {
    const taskId = this.taskOf(incidentId, departmentId);
    return this.send(incidentId, department(departmentId), {
      ...{ kind: 'ReportProgress', taskId, note: '阶段完成', stage, evidence: [], workedMinutes: null },
    });
  }

  requestReturn(incidentId: string, departmentId: string): this {
    const taskId = this.taskOf(incidentId, departmentId);
    const id = this.events.length;
    return this.send(incidentId, department(departmentId), {
      ...{ kind: 'RequestReturn', taskId, returnId: `return-${id}`, reasonCode: 'NOT_OUR_FUNCTION' },
      ...{ basis: '三定方案', suggestedUnitId: null, rules: freely, arbitrationId: `arbitration-${id}` },
      deadlines: this.deadlines(`${taskId}-${id}`, ['RETURN_DECISION', 'ARBITRATION']),
    });
  }

  /** To another department, or refused. */
  decideReturn(incidentId: string, departmentId: string, to: string | null): this {
    const task = this.openTask(incidentId, departmentId);
    const taskId = this.taskOf(incidentId, departmentId);
    return this.send(incidentId, this.street(incidentId), {
      ...{ kind: 'DecideReturn', taskId, accept: to !== null, reason: '经核实', rules: freely },
      newTask: to === null ? null : this.assignment(incidentId, to, task?.role ?? 'LEAD'),
      ...{ deadlines: [], arbitrationId: `arbitration-${this.events.length}` },
    });
  }

  openArbitration(incidentId: string, departmentId: string): this {
    const taskId = this.taskOf(incidentId, departmentId);
    const id = this.events.length;
    return this.send(incidentId, this.street(incidentId), {
      ...{ kind: 'OpenArbitration', taskId, arbitrationId: `arbitration-${id}` },
      deadlines: this.deadlines(`${taskId}-${id}`, ['ARBITRATION']),
    });
  }

  /** It is the responsible department's from here on, or stays where it is. */
  arbitrate(incidentId: string, departmentId: string, responsibleUnitId = departmentId): this {
    const task = this.openTask(incidentId, departmentId);
    const newTask = this.assignment(incidentId, responsibleUnitId, task?.role ?? 'LEAD');
    return this.send(incidentId, arbitrator, {
      ...{ kind: 'Arbitrate', taskId: this.taskOf(incidentId, departmentId), responsibleUnitId },
      ...{ rule: 'STATUTORY_FUNCTION', reason: '三定方案', rules: freely },
      newTask: responsibleUnitId === departmentId ? null : newTask,
    });
  }

  release(incidentId: string, departmentId: string): this {
    return this.send(incidentId, this.street(incidentId), {
      ...{ kind: 'ReleaseTask', taskId: this.taskOf(incidentId, departmentId), reasonCode: 'HOLDS_UP' },
      ...{ reason: '久未配合', deadlines: [] },
    });
  }

  transfer(incidentId: string, departmentId: string, toDepartmentId: string): this {
    return this.send(incidentId, admin, {
      ...{ kind: 'TransferTask', taskId: this.taskOf(incidentId, departmentId), toDepartmentId },
      ...{ level: 'DISTRICT', reason: '机构改革', deadlines: [] },
    });
  }

  changeLead(incidentId: string, departmentId: string, formerLead: 'ASSIST' | 'RELEASED' = 'ASSIST'): this {
    const state = this.stateOf(incidentId);
    const whistleId = state.whistles.at(-1)?.whistleId ?? 'none';
    return this.send(incidentId, this.street(incidentId), {
      ...{ kind: 'ChangeLead', whistleId, departmentId, reason: '主责在此', formerLead },
      newTask: this.assignment(incidentId, departmentId, 'LEAD'),
    });
  }

  /** A day more for the task of the lead. */
  extend(incidentId: string, departmentId: string, grant = true): this {
    const taskId = this.taskOf(incidentId, departmentId);
    const extensionId = `extension-${this.events.length}`;
    this.send(incidentId, department(departmentId), {
      ...{ kind: 'RequestExtension', taskId, extensionId, amount: 1, unit: 'CALENDAR_DAY' },
      ...{ reason: '等待配件', rules: freely },
      deadlines: this.deadlines(`${taskId}-${extensionId}`, ['EXTENSION_DECISION']),
    });
    const handling = this.openTask(incidentId, departmentId)?.deadlines ?? [];
    return this.send(incidentId, this.street(incidentId), {
      ...{ kind: 'DecideExtension', taskId, grant, reason: '经研究', rules: freely },
      moves: movedBy(handling, 24 * 60),
    });
  }

  suspend(incidentId: string): this {
    return this.send(incidentId, supervisionCentre, {
      ...{ kind: 'SuspendIncident', reasonCode: 'NEEDS_FUNDS', reason: '待立项' },
      ...this.usedOfTotal(incidentId),
      reviewAt: this.inMinutes(simpleDeadlineMinutes.SUSPENSION_REVIEW),
      deadlines: this.deadlines(`${incidentId}-${this.events.length}`, ['SUSPENSION_REVIEW']),
    });
  }

  resume(incidentId: string): this {
    return this.send(incidentId, supervisionCentre, {
      ...{ kind: 'ResumeIncident', reason: '已立项', renewUntil: null, deadlines: [] },
      moves: this.movesOf(incidentId),
    });
  }

  /** Both steps: the incident that goes on takes it up, then it is merged. */
  merge(incidentId: string, into: string): this {
    const target = this.stateOf(into);
    this.send(into, this.street(into), { kind: 'JoinDuplicate', incidentId, merged: false });
    return this.send(incidentId, this.street(incidentId), {
      ...{ kind: 'MergeIncident', into, reason: '同一问题', keepDepartments: [] },
      target: { lifecycle: target.lifecycle, openTasks: target.tasks.filter(isOpenTask).length },
    });
  }

  unmerge(incidentId: string): this {
    const into = this.stateOf(incidentId).mergedInto ?? 'none';
    this.send(incidentId, this.street(incidentId), {
      ...{ kind: 'UnmergeIncident', reason: '并非同一问题', targetStreetId: null },
      moves: this.movesOf(incidentId),
    });
    return this.send(into, this.street(into), { kind: 'LeaveDuplicate', incidentId });
  }

  reopen(incidentId: string): this {
    const deadlines = this.deadlines(`${incidentId}-${this.events.length}`, this.timersOfFiling);
    return this.send(incidentId, this.street(incidentId), {
      ...{ kind: 'ReopenIncident', by: 'OFFICE', receiptHash: null, reason: '问题反弹' },
      ...{ pins: this.pins, deadlines },
    });
  }

  withdraw(incidentId: string): this {
    const { receiptHash } = this.stateOf(incidentId);
    const withdrawal = { kind: 'WithdrawIncident', reason: null, receiptHash, hazard: false } as const;
    return this.send(incidentId, residents, withdrawal);
  }

  /** Another place than it was reported for, or none that is known; or the same place under other units, as areas are redrawn. */
  locate(
    incidentId: string,
    place: Partial<IncidentState['place']>,
    method: 'BY_HAND' | 'AREA_TRANSFER' = 'BY_HAND',
  ): this {
    return this.send(incidentId, this.street(incidentId), {
      ...{ kind: 'LocateIncident', location: null, place: { ...this.stateOf(incidentId).place, ...place } },
      ...{ gridMapId: null, gridMapVersion: null, method, suggestedDepartmentId: null },
      reason: '现场核实',
    });
  }

  /** What the alarm clock would do now, for every deadline of every incident that is due or to be warned of. */
  ringAlarms(): this {
    for (const [incidentId, state] of this.states) {
      const due = ownedDeadlines(state)
        .map(({ deadline: { deadlineId, warnAt, dueAt }, warned }) => {
          const [warnMs, dueMs] = [Date.parse(warnAt), Date.parse(dueAt)];
          return { deadlineId, ringsMs: dueMs <= this.nowMs || warned ? dueMs : warnMs };
        })
        .filter(({ ringsMs }) => ringsMs <= this.nowMs)
        .sort((a, b) => a.ringsMs - b.ringsMs);
      for (const { deadlineId, ringsMs } of due) {
        // An act in the due millisecond is in time, so the alarm of that millisecond speaks in the next one.
        const speaksAt = new Date(Math.max(this.nowMs, ringsMs + 1)).toISOString();
        const alarm = { kind: 'MarkOverdue', deadlineId, warning: true } as const;
        this.send(incidentId, timers, { ...alarm, deadlines: [], closing: noEnd }, speaksAt);
      }
    }
    return this;
  }

  /** What is open goes on under the second version of the policy, due so many minutes later or earlier. */
  reschedule(incidentId: string, minutes: number): this {
    const state = this.stateOf(incidentId);
    return this.send(incidentId, admin, {
      ...{ kind: 'RescheduleDeadlines', cause: 'POLICY_MOVED', reason: '新时限标准施行' },
      pins: state.pins && { ...this.pins, policyVersion: 2 },
      moves: reschedulingsOf(state, this.sampleMinute, minutes),
    });
  }

  check(incidentId: string, result: 'PASS' | 'FAIL'): this {
    return this.send(incidentId, supervisionCentre, {
      ...{ kind: 'CheckHandling', partOf: [], alias: 'nobody', result, note: result, evidence: [] },
      ...{ feedbackUntil: this.inMinutes(feedbackWindowMinutes), deadlines: [] },
      reworks: this.reworksOf(incidentId),
    });
  }

  feedback(incidentId: string, solved: Solved, satisfaction: Satisfaction = 'SATISFIED'): this {
    return this.send(incidentId, callback, {
      ...{ kind: 'RecordFeedback', solved, satisfaction, comment: null, source: 'CALLBACK' },
      ...{ personal: null, receiptHash: null, reworks: this.reworksOf(incidentId), mergedInto: null },
    });
  }

  close(incidentId: string): this {
    return this.send(incidentId, supervisionCentre, { kind: 'CloseIncident', closing: noEnd });
  }

  importCase(incidentId: string, sketch: ImportSketch): this {
    const { departmentId, openedAt, targetAt, closedAt, category = 'POTHOLE' } = sketch;
    const taskId = `${incidentId}-${departmentId}`;
    const deadlines =
      targetAt === null
        ? []
        : [{ ...deadlineOf(`${taskId}-target`, 'HANDLING', openedAt, targetAt), ...setElsewhere }];
    return this.send(incidentId, importer, {
      ...{ kind: 'ImportIncident', incidentId, externalId: `old-${incidentId}`, category, severity: 'MINOR' },
      ...{ description: `imported ${incidentId}`, location: null, channel: 'IMPORT' },
      place: { gridId: null, estateId: null, communityId: null, streetId: null, districtId: null },
      ...{ receiptHash: `receipt-of-${incidentId}`, openedAt, closedAt },
      ...{ whistleId: `${incidentId}-whistle`, whistlingUnitId: null },
      task: { taskId, departmentId, role: 'LEAD', level: 'DISTRICT', deadlines },
    });
  }

  /** The next version of the catalogue, by which each category weighs so much: what is filed from here on is filed under it. */
  publishWeights(weights: Readonly<Record<string, number>>): this {
    const { catalogueId } = firstPins;
    const version = (this.catalogueVersions += 1);
    const categories = Object.entries(weights).map(([code, weight]) => ({
      ...{ code, name: code, responsibleDepartmentId: 'dept-1', weight, active: true },
    }));
    const data: JurisdictionEventData['DispatchCataloguePublished'] = {
      catalogue: { catalogueId, name: '派单目录', version, categories },
    };
    const type = 'DispatchCataloguePublished';
    const commandId = uuidOf('c', this.events.length);
    this.events.push({
      ...{ eventId: uuidOf('e', this.events.length), type, occurredAt: this.now, actor: admin, data },
      ...{ schemaVersion: schemaVersionOf(type), recordedAt: this.now },
      ...{ correlationId: commandId, causationId: commandId, commandId },
      ...{ streamId: jurisdictionStream.catalogue(catalogueId), revision: version - 1 },
      position: String(this.events.length + 1),
    });
    return this;
  }

  private get pins(): Pins {
    return { ...firstPins, catalogueVersion: Math.max(this.catalogueVersions, 1) };
  }

  /** One line per event; what a failed property prints instead of every envelope. */
  toString(): string {
    return this.events
      .map(({ position, type, streamId, occurredAt, recordedAt }) => {
        const learnt = recordedAt === occurredAt ? '' : ` (learnt ${recordedAt})`;
        return `${position} ${streamId} ${type} ${occurredAt}${learnt}`;
      })
      .join('\n');
  }

  /** Writes every event so far, stream by stream, as their handlers would have. */
  async appendTo(store: EventStore): Promise<void> {
    for (const streamId of new Set(this.events.map((event) => event.streamId))) {
      const events = this.events.filter((event) => event.streamId === streamId);
      await store.append(
        streamId,
        'none',
        events.map(({ streamId: _s, revision: _r, position: _p, ...event }) => event),
      );
    }
  }

  private send(incidentId: string, actor: Actor, command: Unsent<IncidentCommand>, now = this.now): this {
    const origin: CommandOrigin = { now, actor };
    const decision = decide(this.stateOf(incidentId), { ...command, origin } as IncidentCommand);
    if (decision.refusal) throw new StepRefused(command.kind, decision.refusal.code);
    return this.record(incidentId, actor, now, decision.events);
  }

  /** Writes down what a decider decided, here or elsewhere, by one command. */
  record(incidentId: string, actor: Actor, now: string, decided: readonly IncidentEvent[]): this {
    const streamId = incidentStreamId(incidentId);
    const revision = this.eventsOf(incidentId).length;
    const commandId = uuidOf('c', this.events.length);
    decided.forEach(({ type, occurredAt, data }, index) => {
      this.events.push({
        ...{ eventId: uuidOf('e', this.events.length), type, occurredAt, actor, data },
        schemaVersion: incidentCatalogue[type].version,
        ...{ recordedAt: now, correlationId: commandId, causationId: commandId, commandId },
        ...{ streamId, revision: revision + index, position: String(this.events.length + 1) },
      });
    });
    this.states.set(incidentId, foldIncident(decided, this.stateOf(incidentId)));
    return this;
  }

  private street(incidentId: string): Actor {
    return { id: 'dispatcher', role: 'street-office', orgUnitId: this.stateOf(incidentId).place.streetId };
  }

  /** The task that the department has, or had last. */
  private openTask(incidentId: string, departmentId: string): IncidentState['tasks'][number] | undefined {
    const own = this.stateOf(incidentId).tasks.filter((task) => task.departmentId === departmentId);
    return own.find(isOpenTask) ?? own.at(-1);
  }

  private taskOf(incidentId: string, departmentId: string): string {
    return this.openTask(incidentId, departmentId)?.taskId ?? `no task of ${departmentId} in ${incidentId}`;
  }

  /** `<incident>-<department>`; a department's later tasks are numbered. */
  private assignment(incidentId: string, departmentId: string, role: TaskRole): TaskAssignment {
    const name = `${incidentId}-${departmentId}`;
    const earlier = this.stateOf(incidentId).tasks.filter(
      ({ taskId }) => taskId === name || taskId.startsWith(`${name}-`),
    ).length;
    const taskId = earlier === 0 ? name : `${name}-${earlier + 1}`;
    const timed = [...(['ACKNOWLEDGE', 'CHECK_IN', 'HANDLING'] as const), ...this.timersOfContact];
    const deadlines = this.deadlines(taskId, timed).flatMap((deadline) =>
      deadline.timer === 'HANDLING' && incidentId.startsWith('staged') ? staged(deadline) : [deadline],
    );
    return { taskId, departmentId, role, level: 'DISTRICT', deadlines };
  }

  private reworksOf(incidentId: string): { taskId: string; deadline: Deadline }[] {
    return this.stateOf(incidentId).tasks.flatMap(({ taskId }) =>
      this.deadlines(`${taskId}-${this.events.length}`, ['REWORK']).map((deadline) => ({ taskId, deadline })),
    );
  }

  private get timersOfContact(): readonly 'CONTACT'[] {
    return this.contacts ? ['CONTACT'] : [];
  }

  private get timersOfFiling(): readonly ('INCIDENT_TOTAL' | 'CONTACT')[] {
    return ['INCIDENT_TOTAL', ...this.timersOfContact];
  }

  /** Of the total time, without what it stood still. */
  private usedOfTotal(incidentId: string): Pick<SuspendIncident, 'usedPercent' | 'usedTime'> {
    const { deadlines, pauses } = this.stateOf(incidentId);
    const total = deadlines.find(({ timer }) => timer === 'INCIDENT_TOTAL');
    if (total === undefined) return { usedPercent: null, usedTime: null };
    const startMs = Date.parse(total.startedAt);
    const pausedMs = pauses
      .map(({ from, to }) => Date.parse(to) - Math.max(Date.parse(from), startMs))
      .reduce((sum, span) => sum + Math.max(span, 0), 0);
    const allowedMs = Date.parse(total.dueAt) - startMs - pausedMs;
    const usedMs = this.nowMs - startMs - pausedMs;
    return allowedMs <= 0
      ? { usedPercent: 100, usedTime: null }
      : { usedPercent: Math.floor((usedMs * 100) / allowedMs), usedTime: { usedMs, allowedMs } };
  }

  private get sampleMinute(): number {
    return (this.nowMs - Date.parse(sampleStart)) / minuteMs;
  }

  private movesOf(incidentId: string): DeadlineMove[] {
    return movesAfterPause(this.stateOf(incidentId), this.sampleMinute);
  }

  private deadlines<Timer extends SimpleTimer>(
    ownerId: string,
    timersOfOwner: readonly Timer[],
  ): DeadlineOf<Timer>[] {
    const isOf = (id: string): boolean => ownerId === id || ownerId.startsWith(`${id}-`);
    const isUnreachable =
      timersOfOwner.some((timer) => timer === 'CONTACT') && [...this.anonymous].some(isOf);
    const timers = timersOfOwner.filter((timer) => timer !== 'CONTACT' || !isUnreachable);
    return timers.map((timer) =>
      deadlineOf(`${ownerId}-${timer}`, timer, this.now, this.inMinutes(simpleDeadlineMinutes[timer])),
    );
  }
}

/** Stages of the tasks of incidents whose name begins with `staged`. */
export const stages = ['control', 'cure'] as const;
const staged = (whole: Deadline): Deadline[] =>
  stages.map((stage, index) => {
    const portion = (index + 1) / stages.length;
    const startMs = Date.parse(whole.startedAt);
    const part = (instant: string): string =>
      new Date(startMs + portion * (Date.parse(instant) - startMs)).toISOString();
    const dueAt = part(whole.dueAt);
    const steps = whole.steps.map((step) => ({ ...step, at: dueAt }));
    return {
      ...{ ...whole, deadlineId: `${whole.deadlineId}-${stage}`, stage, dueAt, warnAt: part(whole.warnAt) },
      steps,
    };
  });

/** Anybody who may whistle may do so at once. */
const freely = rules;
/** Minute 0 of the domain's samples. */
const sampleStart = '2026-03-02T01:00:00.000Z';
/** The other system's own target: no policy, calendar or ladder of ours. */
const setElsewhere = {
  ...{ policyId: 'imported', policyVersion: 0, calendarId: 'imported', calendarVersion: 0 },
  ...{ unit: null, steps: [] },
};
const noEnd = { reopenUntil: null, appealUntil: null };
const arbitrator: Actor = { id: 'arbitrator', role: 'arbitrator', orgUnitId: 'district-1' };
const admin: Actor = { id: 'admin', role: 'admin', orgUnitId: null };
const residents: Actor = { id: 'resident', role: 'resident', orgUnitId: null };
const timers: Actor = { id: 'system:timers', role: 'system', orgUnitId: null };
const importer: Actor = { id: 'system:import', role: 'system', orgUnitId: null };
const supervisionCentre: Actor = { id: 'supervisor', role: 'supervision-centre', orgUnitId: 'centre' };
const callback: Actor = { id: 'operator', role: 'callback', orgUnitId: 'call-centre' };
const department = (orgUnitId: string): Actor => ({
  id: `worker-of-${orgUnitId}`,
  role: 'department',
  orgUnitId,
});

function deadlineOf<Timer extends IncidentTimer>(
  deadlineId: string,
  timer: Timer,
  startedAt: string,
  dueAt: string,
): DeadlineOf<Timer> {
  const spanMs = Date.parse(dueAt) - Date.parse(startedAt);
  return {
    ...{ deadlineId, timer, startedAt, dueAt, provisional: false },
    warnAt: new Date(Date.parse(startedAt) + 0.8 * spanMs).toISOString(),
    ...{ policyId: 'policy', policyVersion: 1, calendarId: 'default', calendarVersion: 1 },
    ...{ unit: 'CLOCK_HOUR', stage: null },
    steps: unsupervised.includes(timer) ? [] : [{ step: 1, at: dueAt, level: 'BLUE', notify: ['street-1'] }],
  };
}

const unsupervised: readonly IncidentTimer[] = [
  'ACKNOWLEDGE',
  'REWORK',
  'RETURN_DECISION',
  'ARBITRATION',
  'EXTENSION_DECISION',
];

const uuidOf = (kind: 'c' | 'e', count: number): string =>
  `${kind.repeat(8)}-0000-4000-8000-${String(count).padStart(12, '0')}`;
