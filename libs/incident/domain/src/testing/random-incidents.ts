import fc from 'fast-check';
import {
  everyDeadline,
  evolve,
  NO_INCIDENT,
  openTasks,
  type CommandOrigin,
  type Deadline,
  type IncidentCommand,
  type IncidentEvent,
  type IncidentEventType,
  type IncidentState,
  type Task,
  type TaskAssignment,
  type TaskRole,
} from '../index.js';
import * as sample from './sample-incident.js';

export const commandKinds = [
  'ReportIncident',
  'SupplementReport',
  'ImportIncident',
  'LocateIncident',
  'VerifyIncident',
  'RejectIncident',
  'FileIncident',
  'StartSelfHandling',
  'RecordSelfHandlerContact',
  'CompleteSelfHandling',
  'EscalateLevel',
  'BlowWhistle',
  'ApproveWhistle',
  'CancelWhistle',
  'EvaluateTask',
  'AcknowledgeTask',
  'RecordContact',
  'CheckIn',
  'ReportProgress',
  'CompleteTask',
  'BookWork',
  'RequestReturn',
  'DecideReturn',
  'OpenArbitration',
  'Arbitrate',
  'AddDepartment',
  'ChangeLead',
  'RequestRelease',
  'ReleaseTask',
  'TransferTask',
  'UrgeTask',
  'RequestExtension',
  'DecideExtension',
  'MarkOverdue',
  'RescheduleDeadlines',
  'CheckHandling',
  'RecordFeedback',
  'CorrectFeedback',
  'CloseIncident',
  'ReopenIncident',
  'SuspendIncident',
  'ResumeIncident',
  'MergeIncident',
  'UnmergeIncident',
  'JoinDuplicate',
  'LeaveDuplicate',
  'WithdrawIncident',
  'VoidIncident',
  'IssueSupervision',
  'RespondToSupervision',
  'LiftSupervision',
  'FileAppeal',
  'DecideAppeal',
  'FlagReporter',
  'DecideReporterFlag',
  'RevealReporter',
  'ForgetReporter',
] as const satisfies readonly IncidentCommand['kind'][];

/** Every event that the domain writes; the compiler asks for one that is missing. `ReporterFlagged` is of older logs only. */
export const incidentEventNames = Object.keys({
  IncidentReported: true,
  ReportSupplemented: true,
  IncidentLocated: true,
  IncidentVerified: true,
  IncidentRejected: true,
  IncidentFiled: true,
  SelfHandlingStarted: true,
  ReporterContactedBySelfHandler: true,
  IncidentEscalated: true,
  WhistleProposed: true,
  WhistleApproved: true,
  WhistleRefused: true,
  WhistleBlown: true,
  WhistleRatified: true,
  WhistleFlagged: true,
  WhistleCancelled: true,
  TaskEvaluated: true,
  TaskAcknowledged: true,
  DepartmentCheckedIn: true,
  ReporterContacted: true,
  ProgressReported: true,
  TaskStageCompleted: true,
  ReturnRequested: true,
  ReturnAccepted: true,
  ReturnRejected: true,
  ArbitrationOpened: true,
  ResponsibilityDecided: true,
  DepartmentAdded: true,
  LeadChanged: true,
  ReleaseRequested: true,
  TaskReleased: true,
  TaskTransferred: true,
  TaskUrged: true,
  WorkBooked: true,
  ExtensionRequested: true,
  ExtensionGranted: true,
  ExtensionRefused: true,
  TaskCompleted: true,
  HandlingCompleted: true,
  EvidenceFlagged: true,
  DeadlineWarned: true,
  DeadlinesRescheduled: true,
  TaskOverdue: true,
  IncidentOverdue: true,
  SupervisionIssued: true,
  SupervisionResponded: true,
  SupervisionLifted: true,
  CheckPassed: true,
  CheckFailed: true,
  FeedbackRecorded: true,
  FeedbackCorrected: true,
  IncidentClosed: true,
  IncidentReopened: true,
  IncidentSuspended: true,
  SuspensionRenewed: true,
  IncidentResumed: true,
  IncidentMerged: true,
  IncidentUnmerged: true,
  DuplicateJoined: true,
  DuplicateLeft: true,
  IncidentWithdrawn: true,
  IncidentVoided: true,
  AppealFiled: true,
  ScoreExcluded: true,
  AppealRefused: true,
  ReporterFlagProposed: true,
  ReporterFlagApproved: true,
  ReporterFlagRefused: true,
  PersonalDataSealed: true,
  ReporterIdentityRevealed: true,
  ReporterForgotten: true,
} satisfies Record<Exclude<IncidentEventType, 'ReporterFlagged'>, true>) as IncidentEventType[];

const actors: readonly CommandOrigin['actor'][] = [
  sample.byStreet(0),
  sample.byCommunity(0),
  sample.byDepartment(0, sample.LEAD),
  sample.byDepartment(0, sample.ASSIST),
  sample.byCheckers(0),
  sample.byCallback(0),
  sample.byTimers(0),
  sample.byArbitrator(0),
  sample.byStreetLeader(0),
  sample.byDepartment(0, sample.THIRD),
  sample.by(0, 'street-office', sample.OTHER_STREET),
  sample.by(0, 'grid-worker', sample.OTHER_COMMUNITY),
].map(({ actor }) => actor);

/** One thing somebody tries. Numbers point into what the case has by then, so that most tries mean something. */
export interface Try {
  /** Usually whatever brings the case forward; else any command at all. */
  readonly forward: boolean;
  readonly kind: IncidentCommand['kind'];
  readonly waitMinutes: number;
  /** Null: whoever this is for. */
  readonly actor: CommandOrigin['actor'] | null;
  readonly pick: number;
  readonly claimMinutes: number | null;
  readonly evidence: boolean;
  readonly good: boolean;
  readonly filed: boolean;
  readonly reporter: boolean;
}

/** Mostly the usual pace of an office, sometimes past every deadline. */
const waitMinutes = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 60 }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 300 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: sample.days(20) }) },
);

const tryOf: fc.Arbitrary<Try> = fc.record({
  forward: fc.oneof(
    { weight: 2, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
  kind: fc.constantFrom(...commandKinds),
  waitMinutes,
  actor: fc.oneof(
    { weight: 5, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom(...actors) },
  ),
  pick: fc.nat(1_000),
  claimMinutes: fc.option(fc.integer({ min: -sample.days(2), max: 60 }), { nil: null }),
  evidence: fc.boolean(),
  good: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  filed: fc.boolean(),
  reporter: fc.boolean(),
});

/** What people and clocks may try on one incident, in order. */
export const triesOnAnIncident: fc.Arbitrary<Try[]> = fc.array(tryOf, {
  minLength: 1,
  maxLength: 40,
  size: 'max',
});

/** The command a try means at this moment of the case. */
export function commandOf(state: IncidentState, attempt: Try, minute: number): IncidentCommand {
  const kind = attempt.forward ? nextKind(state, attempt) : attempt.kind;
  const command = build(kind, state, attempt, minute);
  const { actor } = attempt;
  return actor === null ? command : { ...command, origin: { ...command.origin, actor } };
}

/** What usually comes next; now and then (`pick`) something that comes more rarely, so that lives reach it. */
function nextKind(state: IncidentState, { pick, good, kind }: Try): IncidentCommand['kind'] {
  const rarely = pick % 5 === 0;
  switch (state.lifecycle) {
    case 'NONE':
      return pick % 20 === 0 ? 'ImportIncident' : 'ReportIncident';
    case 'REPORTED':
      return rarely ? 'VerifyIncident' : 'FileIncident';
    case 'VERIFYING':
      return 'FileIncident';
    case 'FILED':
      if (state.whistles.some((whistle) => whistle.state === 'PROPOSED')) return 'ApproveWhistle';
      return pick % 4 === 0 ? 'StartSelfHandling' : 'BlowWhistle';
    case 'HANDLING':
      return state.mode === 'SELF'
        ? (oneOf(['EscalateLevel', 'BlowWhistle', 'RecordSelfHandlerContact'] as const, pick, rarely) ??
            'CompleteSelfHandling')
        : nextOfTask(state, pick, good, rarely);
    case 'CHECKING':
      return 'CheckHandling';
    case 'FEEDBACK':
      if (state.rated && rarely) return 'CorrectFeedback';
      return state.feedbackRecorded ? 'CloseIncident' : 'RecordFeedback';
    case 'CLOSED':
      if (state.appeals.some(({ decided }) => !decided)) return 'DecideAppeal';
      return oneOf(['ReopenIncident', 'FileAppeal', 'EvaluateTask'] as const, pick, true) ?? kind;
    case 'SUSPENDED':
      return 'ResumeIncident';
    case 'MERGED':
      return rarely ? 'RecordFeedback' : 'UnmergeIncident';
    case 'REJECTED':
    case 'WITHDRAWN':
    case 'VOIDED':
      return kind;
  }
}

function oneOf<Kind>(some: readonly Kind[], pick: number, really: boolean): Kind | undefined {
  return really ? some[Math.floor(pick / 5) % some.length] : undefined;
}

const beforeCheckIn = [
  ...(['RequestReturn', 'RecordContact', 'UrgeTask', 'OpenArbitration', 'MarkOverdue'] as const),
] as const;
const whileWorking = [
  ...(['RequestExtension', 'ReportProgress', 'ReportProgress', 'ChangeLead', 'AddDepartment'] as const),
  ...(['BookWork', 'MarkOverdue'] as const),
  ...(['RequestRelease', 'ReleaseTask', 'IssueSupervision', 'CancelWhistle', 'SuspendIncident'] as const),
] as const;

function nextOfTask(
  state: IncidentState,
  pick: number,
  good: boolean,
  rarely: boolean,
): IncidentCommand['kind'] {
  if (state.extensions.some(({ outcome }) => outcome === 'OPEN')) return 'DecideExtension';
  if (state.whistles.some(({ toBeRatified }) => toBeRatified) && rarely) return 'ApproveWhistle';
  switch (pickedTask(state, pick)?.state) {
    case 'NOTIFIED':
      return oneOf(beforeCheckIn, pick, rarely || pick % 3 === 0) ?? (good ? 'AcknowledgeTask' : 'CheckIn');
    case 'ACKNOWLEDGED':
      return oneOf(beforeCheckIn, pick, rarely) ?? 'CheckIn';
    case 'RETURN_REQUESTED':
      return 'DecideReturn';
    case 'IN_ARBITRATION':
      return 'Arbitrate';
    default:
      return oneOf(whileWorking, pick, rarely) ?? 'CompleteTask';
  }
}

/** An open task where there is one: what is done is done. */
function pickedTask(state: IncidentState, pick: number): Task | undefined {
  const open = openTasks(state);
  return open[pick % open.length] ?? state.tasks[pick % state.tasks.length];
}

function build(
  kind: IncidentCommand['kind'],
  state: IncidentState,
  attempt: Try,
  minute: number,
): IncidentCommand {
  const { pick, good, evidence } = attempt;
  const task = pickedTask(state, pick);
  const whistleId = state.whistles[pick % state.whistles.length]?.whistleId ?? 'whistle-1';
  switch (kind) {
    case 'ReportIncident':
      return sample.report(minute, {
        occurredAt: claimOf(attempt, minute),
        filing: attempt.filed ? sample.filingWithContact(minute) : null,
        reporter: evidence ? sample.sealed : null,
        personal: good
          ? {
              fields: ['DESCRIPTION', 'LOCATION', ...(pick % 4 === 0 ? (['PHOTOS'] as const) : [])],
              sealed: sample.sealed,
            }
          : null,
        anonymous: !evidence,
        evidence: pick % 3 === 0 ? [sample.photo] : [],
      });
    case 'SupplementReport':
      return sample.supplement(minute, {
        receiptHash: good ? sample.receiptHash : 'of another report',
        evidence: [sample.photo, `${pick % 10}`.repeat(64)],
      });
    case 'ImportIncident':
      return sample.importCase(good ? {} : { closedAt: null });
    case 'LocateIncident':
      return sample.locate(minute, good ? {} : { place: sample.report(0).place });
    case 'VerifyIncident':
      return sample.verify(minute);
    case 'RejectIncident':
      return sample.reject(minute, good ? { notice: '经核实不属实' } : {});
    case 'FileIncident':
      return sample.file(minute, evidence ? sample.filingWithContact(minute) : {});
    case 'StartSelfHandling':
      return sample.startSelfHandling(minute, evidence ? {} : { level: 'COMMUNITY', handlingUnitId: null });
    case 'RecordSelfHandlerContact':
      return sample.selfHandlerContact(minute, { reached: good });
    case 'CompleteSelfHandling':
      return sample.completeSelfHandling(minute);
    case 'EscalateLevel':
      return sample.escalate(minute, good ? {} : { to: 'COMMUNITY' });
    case 'BlowWhistle':
      return someWhistle(minute, pick, evidence);
    case 'ApproveWhistle':
      return sample.approveWhistle(minute, {
        ...{ whistleId, approve: good, tasks: tasksNamed(`${whistleId}-${minute}`, someTasks(minute, pick)) },
      });
    case 'CancelWhistle':
      return sample.cancelWhistle(minute, { whistleId });
    case 'EvaluateTask':
      return sample.evaluateTask(minute, { whistleId: task?.whistleId ?? whistleId, ...idOf(task) });
    case 'CheckHandling':
      return sample.check(minute, good ? 'PASS' : 'FAIL');
    case 'RecordFeedback':
      return sample.feedback(minute, {
        solved: good ? 'SOLVED' : 'UNSOLVED',
        mergedInto: { lifecycle: 'FEEDBACK', feedbackUntil: null },
        personal: evidence ? { fields: ['COMMENT'], sealed: sample.sealed } : null,
        ...receiptOf(attempt),
      });
    case 'CorrectFeedback':
      return sample.correctFeedback(minute, receiptOf(attempt));
    case 'CloseIncident':
      return sample.close(minute);
    case 'ReopenIncident':
      return sample.reopen(
        minute,
        attempt.reporter
          ? {
              ...{ by: 'REPORTER', receiptHash: sample.receiptHash },
              ...sample.filingWithContact(minute, `incident-${minute}`),
            }
          : {},
      );
    case 'SuspendIncident':
      return sample.suspend(minute, good ? {} : { origin: sample.byStreet(minute) });
    case 'ResumeIncident':
      return good
        ? sample.resume(minute, { moves: sample.movesAfterPause(state, minute) })
        : sample.renew(minute);
    case 'MergeIncident':
      return sample.merge(minute, {
        target: { lifecycle: good ? 'FILED' : 'CLOSED', openTasks: pick % 2 },
        keepDepartments: evidence ? [sample.LEAD] : null,
      });
    case 'UnmergeIncident':
      return sample.unmerge(minute, { moves: sample.movesAfterPause(state, minute) });
    case 'JoinDuplicate':
      return sample.joinDuplicate(minute);
    case 'LeaveDuplicate':
      return sample.leaveDuplicate(minute);
    case 'WithdrawIncident':
      return sample.withdraw(minute, { hazard: good, receiptHash: evidence ? sample.receiptHash : null });
    case 'VoidIncident':
      return sample.voidIncident(minute);
    case 'MarkOverdue':
      return sample.alarm(minute, someDeadline(state, pick, minute), {
        deadlines: [sample.deadline(`order-${minute}`, 'SUPERVISION_RESPONSE', minute)],
      });
    case 'RescheduleDeadlines':
      return sample.reschedule(minute, {
        moves: sample.reschedulingsOf(state, minute, (pick - 2) * 240),
        ...(evidence ? {} : { cause: 'CALENDAR_PUBLISHED', reason: null, pins: null }),
      });
    case 'FileAppeal':
      return sample.fileAppeal(minute);
    case 'DecideAppeal':
      return sample.decideAppeal(minute, state.appeals.at(-1)?.appealId ?? 'unknown', { exclude: good });
    case 'IssueSupervision':
      return sample.issueSupervision(minute, evidence ? { ...idOf(task) } : { taskId: null });
    case 'RespondToSupervision':
    case 'LiftSupervision':
      return aboutAnOrder(kind, state, pick, minute);
    case 'FlagReporter':
      return sample.flagReporter(minute);
    case 'DecideReporterFlag':
      return sample.decideReporterFlag(minute, state.reporterFlags.at(-1)?.flagId ?? 'unknown', {
        approve: good,
      });
    case 'RevealReporter':
      return sample.revealReporter(minute);
    case 'ForgetReporter':
      return sample.forgetReporter(minute);
    case 'AddDepartment':
      return sample.addDepartment(minute, { whistleId, task: spare(state, minute, 'ASSIST') });
    case 'ChangeLead':
      return someLead(state, attempt, minute, whistleId);
    default:
      return buildForTask(kind, state, task, attempt, minute);
  }
}

type TaskCommandKind = Exclude<
  Extract<IncidentCommand, { readonly taskId: string }>['kind'],
  'EvaluateTask' | 'IssueSupervision'
>;

function buildForTask(
  kind: TaskCommandKind,
  state: IncidentState,
  task: Task | undefined,
  attempt: Try,
  minute: number,
): IncidentCommand {
  const { good, evidence, pick } = attempt;
  const departmentId = task?.departmentId ?? sample.LEAD;
  const own = idOf(task);
  const newTask = spare(state, minute, task?.role ?? 'LEAD');
  switch (kind) {
    case 'AcknowledgeTask':
      return sample.acknowledge(minute, departmentId, own);
    case 'RecordContact':
      return sample.contact(minute, departmentId, { ...own, reached: good });
    case 'CheckIn':
      return sample.checkIn(minute, departmentId, {
        ...own,
        occurredAt: claimOf(attempt, minute),
        evidence: evidence ? [sample.photo] : [],
        ...(evidence ? { captured: sample.captured(minute - (pick % 5) * 60, (pick % 7) * 500) } : {}),
      });
    case 'ReportProgress':
      return sample.progress(minute, departmentId, {
        ...{ ...own, stage: good ? 'SURVEY' : null, workedMinutes: told(attempt) },
      });
    case 'CompleteTask':
      return sample.complete(minute, departmentId, { ...own, workedMinutes: told(attempt) });
    case 'BookWork':
      return sample.bookWork(minute, departmentId, { ...own, ...someWork(attempt) });
    case 'RequestReturn':
      return sample.requestReturn(minute, departmentId, {
        ...own,
        suggestedUnitId: good ? sample.THIRD : null,
        deadlines: undecided(own.taskId, minute),
        rules: {
          ...sample.rules,
          returnsBeforeArbitration: 1 + (pick % 3),
          clockOnReturn: clocks[pick % 3]!,
        },
      });
    case 'DecideReturn':
      return sample.decideReturn(minute, {
        ...own,
        ...{ accept: good, reason: '经核实', newTask: good && pick % 7 === 0 ? null : newTask },
        deadlines: [...sample.checkDeadlines(minute), ...undecided(own.taskId, minute)],
        rules: { ...sample.rules, clockOnReturn: clocks[pick % 3]! },
      });
    case 'OpenArbitration':
      return sample.openArbitration(minute, departmentId, {
        ...own,
        deadlines: undecided(own.taskId, minute),
      });
    case 'Arbitrate':
      return sample.arbitrate(minute, {
        ...own,
        ...(good
          ? { responsibleUnitId: departmentId }
          : { responsibleUnitId: newTask.departmentId, newTask }),
      });
    case 'RequestRelease':
      return sample.requestRelease(minute, own);
    case 'ReleaseTask':
      return sample.releaseTask(minute, { ...own, reasonCode: good ? 'NOT_NEEDED' : 'HOLDS_UP' });
    case 'TransferTask':
      return sample.transferTask(minute, { ...own, toDepartmentId: good ? sample.THIRD : sample.ASSIST });
    case 'UrgeTask':
      return sample.urge(minute, own);
    case 'RequestExtension':
      return sample.requestExtension(minute, departmentId, own);
    case 'DecideExtension': {
      const extension = state.extensions.find(({ outcome }) => outcome === 'OPEN');
      const asked = extension?.taskId ?? own.taskId;
      const handling = state.tasks.find(({ taskId }) => taskId === asked)?.deadlines ?? [];
      return sample.decideExtension(minute, {
        ...{
          taskId: asked ?? 'unknown',
          grant: good,
          reason: '经研究',
          moves: sample.movedBy(handling, 1_440),
        },
        ...(extension?.ordinal === 2 ? { origin: sample.bySupervision(minute) } : {}),
      });
    }
  }
}

/** Of a question that waits for its answer; no two questions of a life have the same. */
const undecided = (taskId: string | undefined, minute: number): Deadline[] =>
  (['RETURN_DECISION', 'ARBITRATION'] as const).map((timer) =>
    sample.deadline(`${taskId ?? 'unknown'}-${minute}`, timer, minute),
  );

/** Most tell how long they worked. */
const told = ({ pick, evidence }: Try): number | null => (evidence ? 1 + (pick % 240) : null);

/** Taken back about as often as told of; now and then more than was booked, or without a word about why. */
const someWork = ({ pick, good, evidence }: Try) => ({
  workedMinutes: good ? 1 + (pick % 90) : -1 - (pick % 120),
  note: evidence || pick % 3 === 0 ? '登记有误' : null,
});

const clocks = ['RESTART', 'CONTINUE', 'APPORTION'] as const;

const idOf = (task: Task | undefined): { taskId?: string } =>
  task === undefined ? {} : { taskId: task.taskId };

const claimOf = ({ claimMinutes }: Try, minute: number): string | null =>
  claimMinutes === null ? null : sample.at(minute + claimMinutes);

const receiptOf = ({ reporter, evidence }: Try) =>
  reporter ? { source: 'REPORTER' as const, receiptHash: evidence ? sample.receiptHash : null } : {};

function aboutAnOrder(
  kind: 'RespondToSupervision' | 'LiftSupervision',
  state: IncidentState,
  pick: number,
  minute: number,
): IncidentCommand {
  const id = state.supervisions[pick % state.supervisions.length]?.supervisionId ?? 'unknown';
  return kind === 'LiftSupervision'
    ? sample.liftSupervision(minute, id)
    : sample.respondToSupervision(minute, id);
}

/** A task for some department, told apart from those it had before. */
function spare(state: IncidentState, minute: number, role: TaskRole): TaskAssignment {
  const departmentId = [sample.THIRD, sample.LEAD, sample.ASSIST][minute % 3]!;
  const before = state.tasks.filter((task) => task.taskId.startsWith(sample.taskIdOf(departmentId))).length;
  return sample.assignment(minute, departmentId, role, before + 1);
}

function someLead(state: IncidentState, { good }: Try, minute: number, whistleId: string): IncidentCommand {
  const newTask = spare(state, minute, 'LEAD');
  return sample.changeLead(minute, {
    ...{ whistleId, departmentId: newTask.departmentId, newTask, formerLead: good ? 'ASSIST' : 'RELEASED' },
  });
}

/** Of every kind, by the street or proposed by a community; now and then a department's own. */
function someWhistle(minute: number, pick: number, evidence: boolean): IncidentCommand {
  const kinds = ['PUBLIC_DEMAND', 'EMERGENCY', 'KEY_WORK', 'JOINT_ENFORCEMENT'] as const;
  const origin = evidence ? sample.byStreet(minute) : sample.byCommunity(minute);
  const whistleId = `whistle-${minute}`;
  return sample.blow(minute, {
    ...{ whistleId, whistle: kinds[pick % 4]!, tasks: tasksNamed(whistleId, someTasks(minute, pick)) },
    ...(pick % 3 === 0 ? { origin } : {}),
  });
}

/** No two tasks of a life have the same id. */
const tasksNamed = (whistleId: string, tasks: readonly TaskAssignment[]): TaskAssignment[] =>
  tasks.map((task) => ({
    ...task,
    taskId: `${task.taskId}-of-${whistleId}`,
    deadlines: task.deadlines.map((deadline) => ({
      ...deadline,
      deadlineId: `${deadline.deadlineId}-of-${whistleId}`,
    })),
  }));

/** Mostly sound: one lead and up to one assisting department; sometimes no lead, two, or one department twice. */
function someTasks(minute: number, pick: number): TaskAssignment[] {
  const lead = staged(withContact(sample.assignment(minute, sample.LEAD, 'LEAD'), minute), pick);
  const assist = sample.assignment(minute, sample.ASSIST, 'ASSIST');
  const unsound = [
    [],
    [assist],
    [lead, { ...assist, role: 'LEAD' as const }],
    [lead, { ...lead, role: 'ASSIST' as const }],
  ];
  return unsound[pick % 20] ?? (pick % 2 === 0 ? [lead] : [lead, assist]);
}

const withContact = (task: TaskAssignment, minute: number): TaskAssignment => ({
  ...task,
  deadlines: [...task.deadlines, sample.deadline(task.taskId, 'CONTACT', minute)],
});

/** Now and then handled in two stages. */
function staged(task: TaskAssignment, pick: number): TaskAssignment {
  if (pick % 3 !== 0) return task;
  return {
    ...task,
    deadlines: task.deadlines.flatMap((deadline) =>
      deadline.timer === 'HANDLING'
        ? [
            {
              ...deadline,
              deadlineId: `${deadline.deadlineId}:SURVEY`,
              stage: 'SURVEY',
              dueAt: deadline.warnAt,
            },
            { ...deadline, stage: 'REPAIR' },
          ]
        : [deadline],
    ),
  };
}

/** One that is to be warned of, where there is any; now and then another one, or none there is. */
function someDeadline(state: IncidentState, pick: number, minute: number): string {
  const every = everyDeadline(state);
  const now = sample.at(minute);
  const near = every.filter(({ warnAt, dueAt }) => warnAt <= now && now <= dueAt);
  const known = near.length === 0 || pick % 2 === 0 ? every : near;
  return known[pick % (known.length + 1)]?.deadlineId ?? 'unknown';
}

export interface Step {
  readonly before: IncidentState;
  readonly command: IncidentCommand;
  /** Undefined where it was refused. */
  readonly events: readonly IncidentEvent[] | undefined;
  readonly after: IncidentState;
}

/** Carries the tries out one after the other, and tells each step. */
export function live(attempts: readonly Try[]): Step[] {
  const steps: Step[] = [];
  let state = NO_INCIDENT;
  let minute = 0;
  for (const attempt of attempts) {
    minute += attempt.waitMinutes;
    const before = state;
    const command = commandOf(before, attempt, minute);
    const { events } = sample.incidentDecider.decide(before, command);
    state = (events ?? []).reduce(evolve, before);
    steps.push({ before, command, events, after: state });
  }
  return steps;
}
