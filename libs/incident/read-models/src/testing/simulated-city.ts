import type { Actor, EventStore, RecordedEvent } from '@shaoying/event-store';
import { incidentCatalogue, incidentIdOf, incidentStreamId } from '@shaoying/incident-contracts';
import {
  decide,
  foldIncident,
  NO_INCIDENT,
  type CommandOrigin,
  type Deadline,
  type IncidentCommand,
  type IncidentState,
  type IncidentTimer,
  type RefusalCode,
  type ReportIncident,
  type ResponsibilityLevel,
  type Satisfaction,
  type Solved,
  type TaskAssignment,
  type WhistleKind,
} from '@shaoying/incident-domain';

const minuteMs = 60_000;

/** Minutes from the whistle (or the filing) to each deadline: short, round, and no calendar in between. */
export const simpleDeadlineMinutes: Readonly<Record<IncidentTimer, number>> = {
  ACKNOWLEDGE: 60,
  CHECK_IN: 240,
  HANDLING: 3 * 24 * 60,
  INCIDENT_TOTAL: 7 * 24 * 60,
};

/** How long the resident's feedback is awaited. Minutes. */
export const feedbackWindowMinutes = 24 * 60;

const tolerance = { skewMs: 30 * minuteMs, syncMs: 24 * 60 * minuteMs };
const photo = 'ab'.repeat(32);
const pins = {
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
  Pick<ReportIncident, 'category' | 'severity' | 'description' | 'occurredAt' | 'reporter' | 'receiptHash'>
> & {
  readonly estateId?: string | null;
  readonly communityId?: string | null;
  readonly streetId?: string | null;
  /** Filed in the same step; default true. */
  readonly filed?: boolean;
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
  private nowMs: number;

  constructor(start = '2026-03-02T01:00:00.000Z') {
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
    const filing = { pins, deadlines: this.deadlines(incidentId, ['INCIDENT_TOTAL']) };
    return this.send(incidentId, residents, {
      ...{ kind: 'ReportIncident', incidentId, category, severity, description, channel: 'APP', tolerance },
      location: { lon: 116.397, lat: 39.908, crs: 'GCJ02', address: '朝阳路 1 号' },
      place: { gridId: 'grid-1', estateId, communityId, streetId, districtId: 'district-1' },
      ...{ anonymous: false, reporter: sketch.reporter ?? null },
      receiptHash: sketch.receiptHash ?? `receipt-of-${incidentId}`,
      ...{ occurredAt: sketch.occurredAt ?? null, filing: sketch.filed === false ? null : filing },
    });
  }

  file(incidentId: string): this {
    const deadlines = this.deadlines(incidentId, ['INCIDENT_TOTAL']);
    return this.send(incidentId, this.street(incidentId), { kind: 'FileIncident', pins, deadlines });
  }

  /** The community or estate handles it itself. */
  handle(incidentId: string, level: ResponsibilityLevel = 'ESTATE'): this {
    const { estateId, communityId } = this.stateOf(incidentId).place;
    const handlingUnitId = level === 'ESTATE' ? (estateId ?? communityId) : communityId;
    const actor = { id: 'community-worker', role: 'community', orgUnitId: communityId };
    return this.send(incidentId, actor, { kind: 'StartSelfHandling', level, handlingUnitId, note: null });
  }

  finish(incidentId: string): this {
    const { communityId } = this.stateOf(incidentId).place;
    const actor = { id: 'community-worker', role: 'community', orgUnitId: communityId };
    return this.send(incidentId, actor, { kind: 'CompleteSelfHandling', note: null, evidence: [] });
  }

  /** The first department leads. */
  whistle(
    incidentId: string,
    departmentIds: readonly string[],
    whistle: WhistleKind = 'PUBLIC_DEMAND',
  ): this {
    const tasks = departmentIds.map((departmentId, index): TaskAssignment => {
      const taskId = `${incidentId}-${departmentId}`;
      const deadlines = this.deadlines(taskId, ['ACKNOWLEDGE', 'CHECK_IN', 'HANDLING']);
      return { taskId, departmentId, role: index === 0 ? 'LEAD' : 'ASSIST', level: 'DISTRICT', deadlines };
    });
    const whistleId = `${incidentId}-whistle`;
    const command = { kind: 'BlowWhistle', whistleId, whistle, reason: '多部门职责', tasks } as const;
    return this.send(incidentId, this.street(incidentId), command);
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

  complete(incidentId: string, departmentId: string): this {
    const taskId = this.taskOf(incidentId, departmentId);
    return this.send(incidentId, department(departmentId), {
      ...{ kind: 'CompleteTask', taskId, note: '已清运', evidence: [] },
    });
  }

  /** What the alarm clock would do now, for every deadline of every incident that is due. */
  ringAlarms(): this {
    for (const [incidentId, state] of this.states) {
      const due = [...state.deadlines, ...state.tasks.flatMap((task) => task.deadlines)]
        .filter((deadline) => Date.parse(deadline.dueAt) <= this.nowMs)
        .sort((a, b) => Date.parse(a.dueAt) - Date.parse(b.dueAt));
      for (const { deadlineId, dueAt } of due) {
        // An act in the due millisecond is in time, so the alarm of that millisecond speaks in the next one.
        const speaksAt = Math.max(this.nowMs, Date.parse(dueAt) + 1);
        this.send(incidentId, timers, { kind: 'MarkOverdue', deadlineId }, new Date(speaksAt).toISOString());
      }
    }
    return this;
  }

  check(incidentId: string, result: 'PASS' | 'FAIL'): this {
    return this.send(incidentId, supervisionCentre, {
      ...{ kind: 'CheckHandling', result, note: result, evidence: [] },
      feedbackUntil: this.inMinutes(feedbackWindowMinutes),
    });
  }

  feedback(incidentId: string, solved: Solved, satisfaction: Satisfaction = 'SATISFIED'): this {
    return this.send(incidentId, callback, {
      ...{ kind: 'RecordFeedback', solved, satisfaction, comment: null, source: 'CALLBACK' },
      receiptHash: null,
    });
  }

  close(incidentId: string): this {
    return this.send(incidentId, supervisionCentre, { kind: 'CloseIncident' });
  }

  importCase(incidentId: string, sketch: ImportSketch): this {
    const { departmentId, openedAt, targetAt, closedAt, category = 'POTHOLE' } = sketch;
    const taskId = `${incidentId}-${departmentId}`;
    const deadlines =
      targetAt === null ? [] : [deadlineOf(`${taskId}-target`, 'HANDLING', openedAt, targetAt)];
    return this.send(incidentId, importer, {
      ...{ kind: 'ImportIncident', incidentId, externalId: `old-${incidentId}`, category, severity: 'MINOR' },
      ...{ description: `imported ${incidentId}`, location: null, channel: 'IMPORT' },
      place: { gridId: null, estateId: null, communityId: null, streetId: null, districtId: null },
      ...{ receiptHash: `receipt-of-${incidentId}`, openedAt, closedAt },
      ...{ whistleId: `${incidentId}-whistle`, whistlingUnitId: null },
      task: { taskId, departmentId, role: 'LEAD', level: 'DISTRICT', deadlines },
    });
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
    const streamId = incidentStreamId(incidentId);
    const revision = this.eventsOf(incidentId).length;
    const commandId = uuidOf('c', this.events.length);
    decision.events.forEach(({ type, occurredAt, data }, index) => {
      this.events.push({
        ...{ eventId: uuidOf('e', this.events.length), type, occurredAt, actor, data },
        schemaVersion: incidentCatalogue[type].version,
        ...{ recordedAt: now, correlationId: commandId, causationId: commandId, commandId },
        ...{ streamId, revision: revision + index, position: String(this.events.length + 1) },
      });
    });
    this.states.set(incidentId, foldIncident(decision.events, this.stateOf(incidentId)));
    return this;
  }

  private street(incidentId: string): Actor {
    return { id: 'dispatcher', role: 'street-office', orgUnitId: this.stateOf(incidentId).place.streetId };
  }

  private taskOf(incidentId: string, departmentId: string): string {
    const task = this.stateOf(incidentId).tasks.find((candidate) => candidate.departmentId === departmentId);
    return task?.taskId ?? `no task of ${departmentId} in ${incidentId}`;
  }

  private deadlines(ownerId: string, timersOfOwner: readonly IncidentTimer[]): Deadline[] {
    return timersOfOwner.map((timer) =>
      deadlineOf(`${ownerId}-${timer}`, timer, this.now, this.inMinutes(simpleDeadlineMinutes[timer])),
    );
  }
}

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

function deadlineOf(deadlineId: string, timer: IncidentTimer, startedAt: string, dueAt: string): Deadline {
  const spanMs = Date.parse(dueAt) - Date.parse(startedAt);
  return {
    ...{ deadlineId, timer, startedAt, dueAt, provisional: false },
    warnAt: new Date(Date.parse(startedAt) + 0.8 * spanMs).toISOString(),
    ...{ policyId: 'policy', policyVersion: 1, calendarId: 'default', calendarVersion: 1 },
    firstStep: timer === 'ACKNOWLEDGE' ? null : { level: 'BLUE', notify: ['street-1'] },
  };
}

const uuidOf = (kind: 'c' | 'e', count: number): string =>
  `${kind.repeat(8)}-0000-4000-8000-${String(count).padStart(12, '0')}`;
