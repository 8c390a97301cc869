import type {
  AppealItem,
  AnyDeadline,
  DurationUnit,
  IncidentEvent,
  IncidentTimer,
  LostTime,
  Pins,
  Place,
  ResponsibilityLevel,
  Severity,
  Summons,
  TaskRole,
  WhistleKind,
  WhistleOrigin,
} from './incident.events.js';
import { RESPONSIBILITY_LEVELS } from './incident.events.js';

/** domain.md §3.2. */
export const LIFECYCLES = [
  'REPORTED',
  'VERIFYING',
  'FILED',
  'HANDLING',
  'CHECKING',
  'FEEDBACK',
  'CLOSED',
  'SUSPENDED',
  'REJECTED',
  'MERGED',
  'WITHDRAWN',
  'VOIDED',
] as const;
export type Lifecycle = (typeof LIFECYCLES)[number];

/** domain.md §3.3. */
export const TASK_STATES = [
  'NOTIFIED',
  'ACKNOWLEDGED',
  'CHECKED_IN',
  'WORKING',
  'DONE',
  'RETURN_REQUESTED',
  'RETURNED',
  'IN_ARBITRATION',
  'RELEASED',
] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** domain.md §3.3. An approved whistle is blown by the same act. EVALUATED: every task that was done is. */
export const WHISTLE_STATES = [
  'PROPOSED',
  'BLOWN',
  'COMPLETED',
  'EVALUATED',
  'REFUSED',
  'CANCELLED',
] as const;
export type WhistleState = (typeof WHISTLE_STATES)[number];

export interface Supervision {
  readonly supervisionId: string;
  /** The deadline that was missed; null on a person's order. */
  readonly deadlineId: string | null;
  /** Of the missed deadline; null on a person's order. */
  readonly timer: IncidentTimer | null;
  readonly taskId: string | null;
  readonly lifted: boolean;
  readonly responded: boolean;
  /** SUPERVISION_RESPONSE. */
  readonly deadlines: readonly AnyDeadline[];
  readonly breached: readonly string[];
}

/** What a unit has booked on a task, less what it took back. Minutes, never below 0. */
export interface BookedWork {
  readonly unitId: string;
  readonly minutes: number;
}

/** From an instant up to another. */
export interface Span {
  readonly from: string;
  readonly to: string;
}

export interface Task {
  readonly taskId: string;
  readonly whistleId: string;
  readonly departmentId: string;
  readonly role: TaskRole;
  readonly level: ResponsibilityLevel;
  readonly state: TaskState;
  readonly cycle: number;
  readonly notifiedAt: string;
  /** Since when its department leads; null while it assists. */
  readonly leadsSince: string | null;
  readonly deadlines: readonly AnyDeadline[];
  /** Deadlines whose breach is on record. */
  readonly breached: readonly string[];
  readonly checkedIn: boolean;
  readonly contacted: boolean;
  readonly stagesDone: readonly string[];
  /** Since when it is done, if it is. */
  readonly doneAt: string | null;
  /** When it was done before it was sent back: nobody worked on it then, and nobody was late. */
  readonly restedFor: readonly Span[];
  /** A check has passed what was done: the time for handling is met, also where the resident sends it back. */
  readonly accepted: boolean;
  /** Sent back by a check or by the resident, and not completed again. */
  readonly reworking: boolean;
  /** Given by a final decision: it cannot be returned. */
  readonly final: boolean;
  readonly evaluated: boolean;
  /** The last thing said about it that changes nothing else, so that saying it again is told apart. */
  readonly lastWord: string | null;
  /** By unit: a task may go to a successor. */
  readonly booked: readonly BookedWork[];
  /** As the last word, of the last booking. */
  readonly lastBooking: string | null;
}

export interface Whistle {
  readonly whistleId: string;
  readonly kind: WhistleKind;
  readonly state: WhistleState;
  readonly cycle: number;
  readonly reverse: boolean;
  readonly whistlingUnitId: string | null;
  /** Account that proposed or blew it. */
  readonly blownBy: string | null;
  readonly reason: string;
  readonly origin: WhistleOrigin;
  /** Whom a proposal would summon. */
  readonly summons: readonly Summons[];
  /** Empty while it is proposed. */
  readonly blownAt: string;
  readonly toBeRatified: boolean;
  /** RATIFICATION. */
  readonly deadlines: readonly AnyDeadline[];
  readonly breached: readonly string[];
}

export interface ReturnRequest {
  readonly returnId: string;
  readonly taskId: string;
  readonly departmentId: string;
  readonly suggestedUnitId: string | null;
  readonly cycle: number;
  readonly requestedAt: string;
  readonly outcome: 'OPEN' | 'ACCEPTED' | 'REJECTED' | 'ARBITRATED';
}

export interface Arbitration {
  readonly arbitrationId: string;
  readonly cause: 'RETURNS' | 'REFUSALS' | 'REQUESTED';
  readonly taskId: string;
  readonly parties: readonly string[];
  readonly decided: boolean;
}

export interface Extension {
  readonly extensionId: string;
  readonly taskId: string;
  readonly ordinal: number;
  readonly requestedBy: string;
  /** How much more time was asked for. */
  readonly amount: number;
  readonly unit: DurationUnit;
  /** When it was granted or refused; null while it is open, or lapsed. */
  readonly decidedAt: string | null;
  /** LAPSED: the task was done before anybody decided. */
  readonly outcome: 'OPEN' | 'GRANTED' | 'REFUSED' | 'LAPSED';
}

export interface Appeal {
  readonly appealId: string;
  readonly unitId: string;
  readonly item: AppealItem;
  readonly itemId: string | null;
  readonly cycle: number;
  readonly decided: boolean;
}

export interface ReporterFlag {
  readonly flagId: string;
  readonly proposingUnitId: string | null;
  readonly proposingRole: string;
  /** Account. */
  readonly proposedBy: string;
  readonly decided: boolean;
}

export interface IncidentState {
  readonly lifecycle: Lifecycle | 'NONE';
  /** Where a suspended or merged incident goes back to; null for any other. */
  readonly before: Lifecycle | null;
  /** Since when its clocks stand still; null while they run. */
  readonly pausedAt: string | null;
  /** When they stood still before. */
  readonly pauses: readonly Span[];
  readonly incidentId: string;
  readonly category: string;
  readonly severity: Severity;
  readonly place: Place;
  readonly imported: boolean;
  readonly receiptHash: string;
  readonly reportedAt: string;
  /** Account that reported it. */
  readonly reportedBy: string | null;
  /** Whether there is somebody who can be told and called. */
  readonly reporterKnown: boolean;
  readonly reporterWithdrew: boolean;
  /** Under whose keys something of the reporter is sealed; without those that are destroyed. */
  readonly subjects: readonly string[];
  readonly reporterForgotten: boolean;
  /** SHA-256 of photos that are the reporter's: named by the report, or sent after it. */
  readonly photos: readonly string[];
  /** Where it lies is personal: no place of it is recorded finer than {@link coarsened}. */
  readonly homeSealed: boolean;
  readonly cycle: number;
  readonly rework: number;
  readonly mode: 'SELF' | 'WHISTLE' | null;
  readonly pins: Pins | null;
  /** Of the incident as a whole. */
  readonly deadlines: readonly AnyDeadline[];
  readonly breached: readonly string[];
  /** Deadlines of anybody that were warned of, at the due instant they have now. */
  readonly warned: readonly string[];
  /** Whether anybody has been given the matter in this cycle. */
  readonly dispatched: boolean;
  /** Whether whoever handles it without a whistle has reached the reporter in this cycle. */
  readonly contacted: boolean;
  /** Units that handled it in this cycle; none of them may check it. */
  readonly handlingUnits: readonly string[];
  /** Units that handled it in any cycle. */
  readonly everHandled: readonly string[];
  /** Highest level that held responsibility in this cycle. */
  readonly level: ResponsibilityLevel | null;
  /** Level it was handed up to in this cycle; no lower one handles it itself again. */
  readonly escalatedTo: ResponsibilityLevel | null;
  readonly whistles: readonly Whistle[];
  readonly tasks: readonly Task[];
  readonly returns: readonly ReturnRequest[];
  readonly arbitrations: readonly Arbitration[];
  readonly extensions: readonly Extension[];
  readonly supervisions: readonly Supervision[];
  readonly lostTime: readonly LostTime[];
  readonly feedbackUntil: string | null;
  readonly feedbackRecorded: boolean;
  /** Whether anybody has rated it in this cycle, also where it was sent back by it. */
  readonly rated: boolean;
  readonly reopenUntil: string | null;
  readonly appealUntil: string | null;
  /** Ratings of tasks by the whistling unit. */
  readonly evaluations: readonly string[];
  readonly appeals: readonly Appeal[];
  /** On its reporter; without those of the time when nobody approved them. */
  readonly reporterFlags: readonly ReporterFlag[];
  readonly mergedInto: string | null;
  /** Incidents that were merged, or are about to be merged, into this one. */
  readonly duplicates: readonly string[];
  /** The last thing said about it that changes nothing else. */
  readonly lastWord: string | null;
}

const NOWHERE: Place = { gridId: null, estateId: null, communityId: null, streetId: null, districtId: null };

export const NO_INCIDENT: IncidentState = {
  lifecycle: 'NONE',
  before: null,
  pausedAt: null,
  pauses: [],
  incidentId: '',
  category: '',
  severity: 'MINOR',
  place: NOWHERE,
  imported: false,
  receiptHash: '',
  reportedAt: '',
  reportedBy: null,
  reporterKnown: false,
  reporterWithdrew: false,
  subjects: [],
  reporterForgotten: false,
  photos: [],
  homeSealed: false,
  cycle: 0,
  rework: 0,
  mode: null,
  pins: null,
  deadlines: [],
  breached: [],
  warned: [],
  dispatched: false,
  contacted: false,
  handlingUnits: [],
  everHandled: [],
  level: null,
  escalatedTo: null,
  whistles: [],
  tasks: [],
  returns: [],
  arbitrations: [],
  extensions: [],
  supervisions: [],
  lostTime: [],
  feedbackUntil: null,
  feedbackRecorded: false,
  rated: false,
  reopenUntil: null,
  appealUntil: null,
  evaluations: [],
  appeals: [],
  reporterFlags: [],
  mergedInto: null,
  duplicates: [],
  lastWord: null,
};

/** Rank of a level, ESTATE lowest. */
export const levelRank = (level: ResponsibilityLevel): number => RESPONSIBILITY_LEVELS.indexOf(level);

export function higherLevel(a: ResponsibilityLevel | null, b: ResponsibilityLevel): ResponsibilityLevel {
  if (a === null) return b;
  return levelRank(a) >= levelRank(b) ? a : b;
}

export function taskOf(state: IncidentState, taskId: string): Task | undefined {
  return state.tasks.find((task) => task.taskId === taskId);
}

export function whistleOf(state: IncidentState, whistleId: string): Whistle | undefined {
  return state.whistles.find((whistle) => whistle.whistleId === whistleId);
}

export function deadlineOf(deadlines: readonly AnyDeadline[], timer: IncidentTimer): AnyDeadline | undefined {
  return deadlines.find((deadline) => deadline.timer === timer);
}

/** The deadline of the whole of a task's handling: that of its last stage. */
export function handlingDeadlineOf(task: Task): AnyDeadline | undefined {
  return task.deadlines.findLast((deadline) => deadline.timer === 'HANDLING');
}

const ENDED_TASK_STATES: readonly TaskState[] = ['DONE', 'RETURNED', 'RELEASED'];

/** Neither done nor given away. */
export const isOpenTask = (task: Task): boolean => !ENDED_TASK_STATES.includes(task.state);

/** Tasks of this cycle's whistles that are neither done nor given away. */
export const openTasks = (state: IncidentState): Task[] =>
  state.tasks.filter((task) => task.cycle === state.cycle && isOpenTask(task));

export const openWhistles = (state: IncidentState): Whistle[] =>
  state.whistles.filter((whistle) => whistle.cycle === state.cycle && whistle.state === 'BLOWN');

/** Whether departments were whistled for in this cycle: from then on the reporter is theirs to contact. */
export const isWhistled = ({ whistles, cycle }: IncidentState): boolean =>
  whistles.some((whistle) => whistle.cycle === cycle && whistle.blownAt !== '');

/** Minutes of work that a unit has booked on a task by now. */
export const minutesBookedBy = ({ booked }: Task, unitId: string): number =>
  booked.find((known) => known.unitId === unitId)?.minutes ?? 0;

/** The return of a task that waits for its decision. */
export const openReturnOf = (state: IncidentState, taskId: string): ReturnRequest | undefined =>
  state.returns.find((request) => request.taskId === taskId && request.outcome === 'OPEN');

export const openArbitrationOf = (state: IncidentState, taskId: string): Arbitration | undefined =>
  state.arbitrations.find((arbitration) => arbitration.taskId === taskId && !arbitration.decided);

export const openExtensionOf = (state: IncidentState, taskId: string): Extension | undefined =>
  state.extensions.find((extension) => extension.taskId === taskId && extension.outcome === 'OPEN');

/** The state in which the extensions of a task that nobody has decided are asked for no more. */
export const withoutOpenExtensions = (state: IncidentState, taskId: string): IncidentState => ({
  ...state,
  extensions: state.extensions.map((extension) =>
    extension.taskId === taskId && extension.outcome === 'OPEN'
      ? { ...extension, outcome: 'LAPSED' }
      : extension,
  ),
});

/** Policy of the targets that came with an imported case: no policy of ours set them. */
export const IMPORTED_POLICY = 'imported';

/** Whether a deadline belongs to a past in which this system was not there: nothing comes of it (domain.md §6, 33). */
export const cameWithImport = ({ policyId }: Pick<AnyDeadline, 'policyId'>): boolean =>
  policyId === IMPORTED_POLICY;

/** Every deadline of the incident, whoever has it. */
export function everyDeadline(state: IncidentState): AnyDeadline[] {
  return [
    ...state.deadlines,
    ...state.tasks.flatMap((task) => task.deadlines),
    ...state.whistles.flatMap((whistle) => whistle.deadlines),
    ...state.supervisions.flatMap((order) => order.deadlines),
  ];
}

/** One thing said at one moment. The same again is nothing new. */
export const wordOf = ({ type, occurredAt, data }: IncidentEvent): string =>
  `${type} ${occurredAt} ${JSON.stringify(data)}`;
