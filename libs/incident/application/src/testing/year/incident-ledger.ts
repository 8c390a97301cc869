import type { RecordedEvent } from '@shaoying/event-store';
import { decodeIncidentEvent } from '@shaoying/incident-contracts';
import type {
  AnyDeadline,
  DeadlineMove,
  IncidentEvent,
  IncidentTimer,
  LadderStep,
} from '@shaoying/incident-domain';

// What became of every deadline of an incident, told a second time from its events alone, by the table of domain.md §3.4:
// what starts a clock, what stops it, and when it is not read. Nothing of the fold or the deciders is used.

export interface Order {
  readonly step: number;
  /** When the order was given. */
  readonly atMs: number;
}

/** One deadline, as far as the log has told. */
export interface Clock {
  readonly deadline: AnyDeadline;
  readonly owner: { readonly kind: 'INCIDENT' | 'TASK' | 'WHISTLE' | 'ORDER'; readonly id: string };
  /** Of the task's part in the whistle, and of the whistle, as it began; null for what is nobody's of a task. */
  readonly role: 'LEAD' | 'ASSIST' | null;
  readonly whistleKind: string | null;
  /** As moved. */
  warnMs: number;
  dueMs: number;
  steps: readonly LadderStep[];
  /** How it was moved, in order. */
  readonly moves: Move[];
  end: { readonly how: 'MET' | 'CALLED_OFF'; readonly atMs: number } | null;
  /** When it was not read: from, and to or null while that lasts. */
  readonly unread: { readonly why: string; readonly fromMs: number; toMs: number | null }[];
  /** Instants at which a decision asked about it. */
  readonly asked: number[];
  /** Warnings on record, with their instants, when they were recorded, and what was due then. */
  readonly warnings: { readonly atMs: number; readonly recordedMs: number; readonly dueMs: number }[];
  /** Breaches on record, with their instants and when they were recorded. */
  readonly breaches: { readonly atMs: number; readonly recordedMs: number; readonly dueMs: number }[];
  readonly orders: Order[];
}

export interface Move {
  readonly by: 'PAUSE' | 'EXTENSION';
  readonly fromMs: number;
  readonly toMs: number;
  /** Of the pause; of an extension the amount in working days. */
  readonly pause: { readonly fromMs: number; readonly toMs: number } | null;
  readonly days: number;
}

export interface LedgerTask {
  readonly taskId: string;
  readonly whistleId: string;
  readonly departmentId: string;
  role: 'LEAD' | 'ASSIST';
  state: 'OPEN' | 'DONE' | 'GONE';
}

type EventOf<Type extends IncidentEvent['type']> = Extract<IncidentEvent, { type: Type }>;

const MINE_ALONE: readonly IncidentTimer[] = ['ACKNOWLEDGE', 'CONTACT', 'CHECK_IN', 'HANDLING', 'REWORK'];
/** Not read while it is asked whose task it is. */
const DISPUTED: readonly IncidentTimer[] = ['CONTACT', 'CHECK_IN', 'HANDLING'];

/** Whoever decides about it asks at once whether it was missed meanwhile. */
const DECIDED = ['DISPUTE', 'EXTENSION'];

const isUnread = (why: string, unread: Clock['unread']): boolean =>
  unread.some((span) => span.why === why && span.toMs === null);

/** Reads one incident's events in order, and tells what is wrong with them as it goes. */
export class IncidentLedger {
  readonly clocks = new Map<string, Clock>();
  readonly tasks = new Map<string, LedgerTask>();
  /** Orders in force, with the timer of what was missed. */
  private readonly inForce = new Map<string, IncidentTimer | null>();
  /** Tasks by the orders about them. */
  readonly orderedTasks = new Map<string, string>();
  readonly whistles = new Map<string, { kind: string; blown: boolean }>();
  readonly lost: {
    readonly who: string;
    readonly taskId: string;
    readonly from: string;
    readonly to: string;
  }[] = [];
  readonly problems: string[] = [];
  readonly totals: { readonly cycle: number; readonly dueAt: string }[] = [];
  category = '';
  severity = '';
  incidentId = '';
  private cycle = 1;
  /** Since when everything stands still. */
  private pausedMs: number | null = null;
  private terminal: string | null = null;
  private closed = false;
  private readonly extensions = new Map<string, number>();

  constructor(events: readonly RecordedEvent[]) {
    let command = '';
    for (const recorded of events) {
      if (recorded.commandId !== command) this.afterCommand();
      command = recorded.commandId;
      this.read(decodeIncidentEvent(recorded), Date.parse(recorded.recordedAt));
    }
    this.afterCommand();
  }

  taskOfClock({ owner }: Clock): LedgerTask | undefined {
    return owner.kind === 'TASK' ? this.tasks.get(owner.id) : undefined;
  }

  private read(event: IncidentEvent, recordedMs: number): void {
    const atMs = Date.parse(event.occurredAt);
    this.checkEnded(event, atMs);
    this.checkLate(event, atMs);
    this.taskEvents(event, atMs);
    this.incidentEvents(event, atMs);
    this.overdueEvents(event, atMs, recordedMs);
    if ('lostTime' in event.data)
      for (const { account, unitId, taskId, from, to } of event.data.lostTime)
        this.lost.push({ who: `${account} ${unitId}`, taskId, from, to });
  }

  /** Whenever a command is through: one lead in each whistle that is under way; nothing owed by what is closed. */
  private afterCommand(): void {
    if (this.closed) this.checkClosed();
    for (const [whistleId, { blown }] of this.whistles) {
      if (!blown) continue;
      const own = [...this.tasks.values()].filter((task) => task.whistleId === whistleId);
      const leads = own.filter(({ role, state }) => role === 'LEAD' && state !== 'GONE');
      if (leads.length !== 1) this.problem(`${leads.length} leads in whistle ${whistleId}`);
    }
  }

  private problem(text: string): void {
    this.problems.push(`${this.incidentId}: ${text}`);
  }

  private begin(kind: Clock['owner']['kind'], id: string, deadlines: readonly AnyDeadline[]): void {
    const task = kind === 'TASK' ? this.tasks.get(id) : undefined;
    const whistleKind = this.whistles.get(task?.whistleId ?? id)?.kind ?? null;
    for (const deadline of deadlines) {
      const { deadlineId, warnAt, dueAt, timer, steps } = deadline;
      if (this.clocks.has(deadlineId)) this.problem(`${timer} ${deadlineId} began twice`);
      this.clocks.set(deadlineId, {
        ...{
          deadline,
          owner: { kind, id },
          role: task?.role ?? null,
          whistleKind,
          warnMs: Date.parse(warnAt),
          dueMs: Date.parse(dueAt),
          steps,
        },
        ...{ moves: [], end: null, asked: [], warnings: [], breaches: [], orders: [] },
        unread: this.unreadReasons(timer).map((why) => ({
          ...{ why, fromMs: Date.parse(deadline.startedAt), toMs: null },
        })),
      });
      if (timer === 'INCIDENT_TOTAL') this.totals.push({ cycle: this.cycle, dueAt });
    }
  }

  /** What begins while everything stands still begins to count with the rest; the review is what is waited for. */
  private unreadReasons(timer: IncidentTimer): string[] {
    const paused = this.pausedMs !== null && timer !== 'SUSPENSION_REVIEW';
    return paused ? ['PAUSE'] : [];
  }

  private running(...timers: IncidentTimer[]): Clock[] {
    return [...this.clocks.values()].filter(
      ({ end, deadline }) => end === null && timers.includes(deadline.timer),
    );
  }

  private ofTask(taskId: string, ...timers: readonly IncidentTimer[]): Clock[] {
    return [...this.clocks.values()].filter(
      ({ owner, end, deadline }) =>
        owner.kind === 'TASK' &&
        owner.id === taskId &&
        end === null &&
        (timers.length === 0 || timers.includes(deadline.timer)),
    );
  }

  private stop(how: 'MET' | 'CALLED_OFF', clocks: readonly Clock[], atMs: number): void {
    for (const clock of clocks) {
      clock.end = { how, atMs };
      for (const span of clock.unread) span.toMs ??= atMs;
    }
  }

  private leaveUnread(why: string, clocks: readonly Clock[], fromMs: number): void {
    for (const { unread } of clocks) unread.push({ why, fromMs, toMs: null });
  }

  private readAgain(why: string, clocks: readonly Clock[], toMs: number): void {
    for (const { unread, asked } of clocks)
      for (const span of unread.filter((known) => known.why === why && known.toMs === null)) {
        span.toMs = toMs;
        if (DECIDED.includes(why) && !unread.some((other) => other.toMs === null)) asked.push(toMs);
      }
  }

  private move(moves: readonly DeadlineMove[], by: Move['by'], detail: Pick<Move, 'pause' | 'days'>): void {
    for (const { deadlineId, warnAt, dueAt, steps } of moves) {
      const clock = this.clocks.get(deadlineId);
      if (clock === undefined) this.problem(`a move of ${deadlineId}, which never began`);
      else {
        clock.moves.push({ by, fromMs: clock.dueMs, toMs: Date.parse(dueAt), ...detail });
        [clock.warnMs, clock.dueMs, clock.steps] = [Date.parse(warnAt), Date.parse(dueAt), steps];
      }
    }
  }

  private taskGone(taskId: string, atMs: number): void {
    this.stop('CALLED_OFF', this.ofTask(taskId), atMs);
    this.taskIs(taskId, 'GONE');
  }

  private taskIs(taskId: string, state: LedgerTask['state']): void {
    const task = this.tasks.get(taskId);
    if (task === undefined) this.problem(`task ${taskId} is nobody's`);
    else task.state = state;
  }

  private summon(
    whistleId: string,
    { taskId, departmentId, role, deadlines }: EventOf<'DepartmentAdded'>['data']['task'],
  ): void {
    if (departmentId === '') this.problem(`task ${taskId} has no department`);
    this.tasks.set(taskId, { taskId, whistleId, departmentId, role, state: 'OPEN' });
    this.begin('TASK', taskId, deadlines);
  }

  private whistleOf(taskId: string): string {
    return this.tasks.get(taskId)?.whistleId ?? '';
  }

  private taskEvents(event: IncidentEvent, atMs: number): void {
    switch (event.type) {
      case 'TaskAcknowledged':
        return this.stop('MET', this.ofTask(event.data.taskId, 'ACKNOWLEDGE', 'RETURN_WINDOW'), atMs);
      case 'DepartmentCheckedIn':
        return this.stop(
          'MET',
          this.ofTask(event.data.taskId, 'ACKNOWLEDGE', 'CHECK_IN', 'RETURN_WINDOW'),
          atMs,
        );
      case 'ReporterContacted':
        return event.data.reached
          ? this.stop('MET', this.ofTask(event.data.taskId, 'CONTACT'), atMs)
          : undefined;
      case 'TaskStageCompleted':
        return this.stop(
          'MET',
          this.ofTask(event.data.taskId, 'HANDLING').filter(
            ({ deadline }) => deadline.stage === event.data.stage,
          ),
          atMs,
        );
      case 'TaskCompleted': {
        const { taskId } = event.data;
        this.stop('MET', this.ofTask(taskId, 'REWORK'), atMs);
        this.stop(
          'CALLED_OFF',
          this.ofTask(taskId, 'CONTACT', 'CHECK_IN', 'ACKNOWLEDGE', 'RETURN_WINDOW', 'EXTENSION_DECISION'),
          atMs,
        );
        this.readAgain('EXTENSION', this.ofTask(taskId, 'HANDLING'), atMs);
        // Until a check says otherwise it is done.
        this.leaveUnread('DONE', this.ofTask(taskId, 'HANDLING'), atMs);
        return this.taskIs(taskId, 'DONE');
      }
      case 'DepartmentAdded':
        return this.summon(event.data.whistleId, event.data.task);
      case 'LeadChanged':
        return this.leadChanged(event, atMs);
      case 'TaskReleased':
        return this.taskGone(event.data.taskId, atMs);
      default:
        return this.disputeEvents(event, atMs);
    }
  }

  private disputeEvents(event: IncidentEvent, atMs: number): void {
    switch (event.type) {
      case 'ReturnRequested': {
        const { taskId, deadlines } = event.data;
        this.stop('MET', this.ofTask(taskId, 'ACKNOWLEDGE', 'RETURN_WINDOW'), atMs);
        this.leaveUnread('DISPUTE', this.ofTask(taskId, ...DISPUTED), atMs);
        return this.begin('TASK', taskId, deadlines);
      }
      case 'ArbitrationOpened': {
        const { taskId, deadlines } = event.data;
        this.stop('MET', this.ofTask(taskId, 'RETURN_DECISION', 'RETURN_WINDOW'), atMs);
        this.stop('CALLED_OFF', this.ofTask(taskId, 'ACKNOWLEDGE'), atMs);
        const read = this.ofTask(taskId, ...DISPUTED).filter(({ unread }) => !isUnread('DISPUTE', unread));
        this.leaveUnread('DISPUTE', read, atMs);
        return this.begin('TASK', taskId, deadlines);
      }
      case 'ReturnRejected':
        this.stop('MET', this.ofTask(event.data.taskId, 'RETURN_DECISION'), atMs);
        return this.readAgain('DISPUTE', this.ofTask(event.data.taskId), atMs);
      case 'ReturnAccepted':
      case 'ResponsibilityDecided':
        return this.decided(event, atMs);
      case 'ExtensionRequested': {
        const { taskId, extensionId, amount, deadlines } = event.data;
        this.extensions.set(extensionId, amount);
        this.leaveUnread('EXTENSION', this.ofTask(taskId, 'HANDLING'), atMs);
        return this.begin('TASK', taskId, deadlines);
      }
      case 'ExtensionGranted':
      case 'ExtensionRefused': {
        this.stop('MET', this.ofTask(event.data.taskId, 'EXTENSION_DECISION'), atMs);
        this.readAgain('EXTENSION', this.ofTask(event.data.taskId), atMs);
        const days = this.extensions.get(event.data.extensionId) ?? Number.NaN;
        if (event.type === 'ExtensionGranted')
          this.move(event.data.moves, 'EXTENSION', { pause: null, days });
      }
    }
  }

  private decided(event: EventOf<'ReturnAccepted' | 'ResponsibilityDecided'>, atMs: number): void {
    const { taskId, newTask } = event.data;
    this.stop('MET', this.ofTask(taskId, 'RETURN_DECISION', 'ARBITRATION'), atMs);
    const task = this.tasks.get(taskId);
    const stays =
      event.type === 'ResponsibilityDecided' && event.data.responsibleUnitId === task?.departmentId;
    if (stays) return this.readAgain('DISPUTE', this.ofTask(taskId), atMs);
    this.taskGone(taskId, atMs);
    if (newTask !== null) this.summon(this.whistleOf(taskId), newTask);
  }

  private leadChanged({ data }: EventOf<'LeadChanged'>, atMs: number): void {
    const { whistleId, fromTaskId, toTaskId, newTask, formerLead } = data;
    const former = this.tasks.get(fromTaskId);
    if (former !== undefined) former.role = 'ASSIST';
    if (formerLead === 'RELEASED' && former?.state === 'OPEN') this.taskGone(fromTaskId, atMs);
    if (newTask !== null) this.summon(whistleId, newTask);
    const next = this.tasks.get(toTaskId);
    if (next === undefined) this.problem(`the lead goes to ${toTaskId}, which is nobody's`);
    else next.role = 'LEAD';
  }

  private incidentEvents(event: IncidentEvent, atMs: number): void {
    const { incidentId } = this;
    switch (event.type) {
      case 'IncidentReported':
        ({ incidentId: this.incidentId, category: this.category, severity: this.severity } = event.data);
        return this.begin('INCIDENT', event.data.incidentId, event.data.deadlines);
      case 'IncidentVerified':
        return this.stop('MET', this.running('VERIFY'), atMs);
      case 'IncidentFiled':
        this.stop('MET', this.running('VERIFY'), atMs);
        this.cycle = event.data.cycle;
        return this.begin('INCIDENT', incidentId, event.data.deadlines);
      case 'SelfHandlingStarted':
        return this.stop('MET', this.running('DISPATCH'), atMs);
      case 'ReporterContactedBySelfHandler':
        return event.data.reached ? this.stop('MET', this.contactOfIncident(), atMs) : undefined;
      case 'WhistleBlown': {
        const { whistleId, kind, tasks, deadlines } = event.data;
        this.stop('MET', this.running('DISPATCH'), atMs);
        // From here on it is the departments' to call.
        this.stop('CALLED_OFF', this.contactOfIncident(), atMs);
        this.whistles.set(whistleId, { kind, blown: true });
        this.begin('WHISTLE', whistleId, deadlines);
        for (const task of tasks) this.summon(whistleId, task);
        return;
      }
      case 'WhistleRatified':
      case 'WhistleFlagged':
        if (event.type === 'WhistleFlagged' && event.data.reason === 'NOT_RATIFIED') return;
        return this.stop('MET', this.ofWhistle(event.data.whistleId), atMs);
      case 'WhistleCancelled': {
        const { whistleId, taskIds } = event.data;
        this.stop('CALLED_OFF', this.ofWhistle(whistleId), atMs);
        for (const taskId of taskIds) this.taskGone(taskId, atMs);
        const whistle = this.whistles.get(whistleId);
        if (whistle !== undefined) whistle.blown = false;
        return;
      }
      case 'HandlingCompleted':
        this.leaveUnread('DONE', [...this.running('INCIDENT_TOTAL'), ...this.contactOfIncident()], atMs);
        return this.begin('INCIDENT', incidentId, event.data.deadlines);
      case 'CheckPassed':
        this.stop('MET', this.running('CHECK'), atMs);
        for (const clock of this.running('HANDLING')) this.acceptAsDone(clock);
        return this.begin('INCIDENT', incidentId, event.data.deadlines);
      case 'CheckFailed':
        this.stop('MET', this.running('CHECK'), atMs);
        return this.sentBack(event, atMs);
      case 'FeedbackRecorded':
        this.stop('MET', this.running('CALLBACK'), atMs);
        if (event.data.solved !== 'UNSOLVED' || this.pausedMs !== null) return;
        this.stop('CALLED_OFF', this.running('FEEDBACK_WINDOW'), atMs);
        return this.sentBack(event, atMs);
      case 'IncidentClosed':
        return this.closedAt(atMs);
      case 'IncidentReopened':
        [this.closed, this.terminal] = [false, null];
        return;
      default:
        return this.endings(event, atMs);
    }
  }

  private endings(event: IncidentEvent, atMs: number): void {
    switch (event.type) {
      case 'IncidentSuspended':
        this.pause(atMs);
        return this.begin('INCIDENT', this.incidentId, event.data.deadlines);
      case 'SuspensionRenewed':
        this.stop('MET', this.running('SUSPENSION_REVIEW'), atMs);
        return this.begin('INCIDENT', this.incidentId, event.data.deadlines);
      case 'IncidentMerged':
        this.terminal = 'MERGED';
        return this.pause(atMs);
      case 'IncidentResumed':
      case 'IncidentUnmerged':
        this.stop('MET', this.running('SUSPENSION_REVIEW'), atMs);
        this.terminal = null;
        return this.goOn(atMs, event.data.moves);
      case 'IncidentRejected':
      case 'IncidentVoided':
        this.terminal = event.type;
        return this.everythingOff(atMs);
      case 'IncidentWithdrawn':
        if (event.data.goesOn) return;
        this.terminal = event.type;
        for (const taskId of event.data.taskIds) this.taskIs(taskId, 'GONE');
        for (const whistle of this.whistles.values()) whistle.blown = false;
        return this.everythingOff(atMs);
      case 'SupervisionIssued':
        this.inForce.set(event.data.supervisionId, this.timerOf(event.data.deadlineId));
        if (event.data.taskId !== null) this.orderedTasks.set(event.data.supervisionId, event.data.taskId);
        return this.begin('ORDER', event.data.supervisionId, event.data.deadlines);
      case 'SupervisionResponded':
        return this.stop('MET', this.ofOrder(event.data.supervisionId), atMs);
      case 'SupervisionLifted':
        if (!this.inForce.delete(event.data.supervisionId))
          this.problem(`order ${event.data.supervisionId} lifted twice`);
        return this.stop('CALLED_OFF', this.ofOrder(event.data.supervisionId), atMs);
    }
  }

  /** Of what is handled without a whistle; each department has one of its own beside it. */
  private contactOfIncident(): Clock[] {
    return this.running('CONTACT').filter(({ owner }) => owner.kind === 'INCIDENT');
  }

  private ofWhistle(whistleId: string): Clock[] {
    return this.running('RATIFICATION').filter(({ owner }) => owner.id === whistleId);
  }

  private ofOrder(supervisionId: string): Clock[] {
    return this.running('SUPERVISION_RESPONSE').filter(({ owner }) => owner.id === supervisionId);
  }

  private everythingOff(atMs: number): void {
    for (const clock of this.clocks.values()) if (clock.end === null) this.stop('CALLED_OFF', [clock], atMs);
  }

  /** What was done when it was last done, and is not gone back on. */
  private acceptAsDone(clock: Clock): void {
    const done = clock.unread.findLast(({ why }) => why === 'DONE');
    if (done?.toMs === null) this.stop('MET', [clock], done.fromMs);
  }

  private sentBack({ data }: EventOf<'CheckFailed' | 'FeedbackRecorded'>, atMs: number): void {
    this.readAgain('DONE', [...this.running('INCIDENT_TOTAL'), ...this.contactOfIncident()], atMs);
    for (const taskId of data.taskIds) {
      this.readAgain('DONE', this.ofTask(taskId, 'HANDLING'), atMs);
      this.taskIs(taskId, 'OPEN');
    }
    for (const { taskId, deadline } of data.reworks) this.begin('TASK', taskId, [deadline]);
  }

  /** Of a closed incident only an emergency whistle can be left to ratify. */
  private closedAt(atMs: number): void {
    for (const clock of this.running('INCIDENT_TOTAL')) this.acceptAsDone(clock);
    this.stop('MET', this.running('FEEDBACK_WINDOW'), atMs);
    this.stop('CALLED_OFF', [...this.running('CALLBACK'), ...this.contactOfIncident()], atMs);
    this.closed = true;
  }

  private timerOf(deadlineId: string | null): IncidentTimer | null {
    return this.clocks.get(deadlineId ?? '')?.deadline.timer ?? null;
  }

  private checkClosed(): void {
    for (const [id, timer] of this.inForce)
      if (timer !== 'RATIFICATION') this.problem(`closed, and order ${id} about ${timer} in force`);
    const about = new Set(this.running('RATIFICATION').map(({ deadline }) => deadline.deadlineId));
    for (const { end, deadline, owner } of this.clocks.values()) {
      const { timer, deadlineId } = deadline;
      const ratified = timer === 'RATIFICATION' || [...about].some((id) => owner.id.startsWith(id));
      if (end === null && !ratified) this.problem(`closed, and owes ${timer} ${deadlineId}`);
    }
  }

  private pause(atMs: number): void {
    this.pausedMs = atMs;
    const standing = [...this.clocks.values()].filter(({ end }) => end === null);
    this.leaveUnread('PAUSE', standing, atMs);
  }

  private goOn(atMs: number, moves: readonly DeadlineMove[]): void {
    const fromMs = this.pausedMs ?? Number.NaN;
    this.move(moves, 'PAUSE', { pause: { fromMs, toMs: atMs }, days: 0 });
    this.readAgain('PAUSE', [...this.clocks.values()], atMs);
    this.pausedMs = null;
  }

  private warned({ data }: EventOf<'DeadlineWarned'>, atMs: number, recordedMs: number): void {
    const { deadlineId, timer, dueAt } = data;
    const clock = this.clocks.get(deadlineId);
    if (clock === undefined) return this.problem(`${timer} ${deadlineId} was warned of and never began`);
    const { warnings, warnMs, dueMs } = clock;
    if (atMs !== warnMs || Date.parse(dueAt) !== dueMs)
      this.problem(`${timer} ${deadlineId} was warned of as of another instant`);
    if (recordedMs <= warnMs || recordedMs > dueMs)
      this.problem(`${timer} ${deadlineId} was warned of too early, or when it was late`);
    if (clock.end !== null || clock.breaches.length > 0)
      this.problem(`${timer} ${deadlineId} was warned of after it had ended`);
    if (warnings.some((known) => known.dueMs === dueMs))
      this.problem(`${timer} ${deadlineId} was warned of twice`);
    warnings.push({ atMs, recordedMs, dueMs });
  }

  private overdueEvents(event: IncidentEvent, atMs: number, recordedMs: number): void {
    if (event.type === 'DeadlineWarned') this.warned(event, atMs, recordedMs);
    if (event.type === 'TaskOverdue' || event.type === 'IncidentOverdue') {
      const { deadlineId, timer, dueAt } = event.data;
      const clock = this.clocks.get(deadlineId);
      if (clock === undefined) return this.problem(`${timer} ${deadlineId} was missed and never began`);
      clock.breaches.push({ atMs, recordedMs, dueMs: Date.parse(dueAt) });
      const mine = clock.owner.kind === 'TASK' && MINE_ALONE.includes(timer);
      if (mine !== (event.type === 'TaskOverdue'))
        this.problem(`${event.type} of ${timer} is the wrong unit's`);
      if (clock.end !== null) this.problem(`${timer} ${deadlineId} was missed after it had ended`);
    }
    if (event.type !== 'SupervisionIssued' || event.data.step === null) return;
    const { deadlineId, step } = event.data;
    const clock = deadlineId === null ? undefined : this.clocks.get(deadlineId);
    if (clock === undefined) return this.problem(`an order about ${deadlineId}, which never began`);
    if (clock.orders.some((order) => order.step >= step))
      this.problem(`step ${step} of ${deadlineId} twice or backwards`);
    if (clock.breaches.length === 0) this.problem(`an order about ${deadlineId}, which nobody missed`);
    clock.orders.push({ step, atMs: recordedMs });
    this.checkStep(clock, step, recordedMs);
  }

  /** Never early, and always the highest that is due. */
  private checkStep({ steps, deadline }: Clock, step: number, atMs: number): void {
    const due = steps.filter(({ at }) => Date.parse(at) < atMs);
    const highest = Math.max(0, ...due.map((known) => known.step));
    if (highest !== step)
      this.problem(`step ${step} of ${deadline.timer} ${deadline.deadlineId}, and ${highest} was due`);
  }

  /** What has ended for good stays so. */
  private checkEnded(event: IncidentEvent, atMs: number): void {
    if (this.terminal === 'IncidentRejected' || this.terminal === 'IncidentVoided') {
      if (event.type !== 'SupervisionLifted') this.problem(`${event.type} after ${this.terminal}`);
    }
    const missed = event.type === 'TaskOverdue' || event.type === 'IncidentOverdue';
    if (!missed || event.data.timer === 'RATIFICATION') return;
    // An order in force then is about a ratification: checkClosed sees to it.
    if (this.closed && event.data.timer !== 'SUPERVISION_RESPONSE')
      this.problem(`closed, and missed ${event.data.timer}`);
    if (this.terminal !== null) this.problem(`${this.terminal}, and missed ${event.data.timer}`);
    if (this.pausedMs !== null && atMs > this.pausedMs && event.data.timer !== 'SUSPENSION_REVIEW')
      this.problem(`missed ${event.data.timer} while everything stood still`);
  }

  /** Late is what came after its due time, whoever says so; while clocks stand still they show when they stopped. */
  private checkLate(event: IncidentEvent, atMs: number): void {
    if (!('late' in event.data) || this.pausedMs !== null) return;
    const { dueAt, late } = event.data;
    const said = 'reached' in event.data && !event.data.reached;
    if (!said && late !== (dueAt !== null && atMs > Date.parse(dueAt)))
      this.problem(`${event.type} says late: ${late}, due ${dueAt}, at ${event.occurredAt}`);
  }
}
