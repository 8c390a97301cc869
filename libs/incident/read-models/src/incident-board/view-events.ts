import type {
  IncidentEventOf,
  IncidentEventType,
  Lifecycle,
  SealedReporter,
} from '@shaoying/incident-domain';

/**
 * What the view is made of, event by event. Nothing else of an event reaches the board: of a reporter a reference and not
 * even the ciphertext, nothing a reporter gives as a reason, no account, no receipt, no evidence.
 */
const shownFields = {
  IncidentReported: [
    ...(['incidentId', 'category', 'severity', 'description', 'location', 'place', 'channel'] as const),
    ...(['anonymous', 'imported', 'externalId', 'recurrenceOf', 'deadlines', 'reporter'] as const),
  ],
  ReportSupplemented: [],
  IncidentLocated: [
    ...(['location', 'place', 'gridMapId', 'gridMapVersion', 'method'] as const),
    ...(['suggestedDepartmentId', 'reason'] as const),
  ],
  IncidentVerified: ['verifyingUnitId', 'note'],
  IncidentRejected: ['reasonCode', 'reason', 'notice'],
  IncidentFiled: ['cycle', 'pins', 'deadlines'],
  SelfHandlingStarted: ['level', 'handlingUnitId', 'parties'],
  ReporterContactedBySelfHandler: ['reached', 'late'],
  IncidentEscalated: ['from', 'to', 'unitId', 'reason'],
  WhistleProposed: ['whistleId', 'kind', 'reason', 'origin', 'proposingUnitId', 'summons'],
  WhistleApproved: ['whistleId', 'approvingUnitId'],
  WhistleRefused: ['whistleId', 'refusingUnitId', 'reason'],
  WhistleBlown: [
    ...(['whistleId', 'kind', 'reason', 'whistlingUnitId', 'origin', 'reverse', 'approval'] as const),
    ...(['repeats', 'tasks', 'deadlines'] as const),
  ],
  WhistleRatified: ['whistleId', 'ratifyingUnitId', 'late'],
  WhistleFlagged: ['whistleId', 'reason'],
  WhistleCancelled: ['whistleId', 'cancellingUnitId', 'reason', 'taskIds'],
  TaskEvaluated: ['evaluationId', 'whistleId', 'taskId', 'evaluatingUnitId', 'score', 'comment'],
  TaskAcknowledged: ['taskId', 'late', 'implied'],
  DepartmentCheckedIn: ['taskId', 'late', 'disputed'],
  ReporterContacted: ['taskId', 'reached', 'late'],
  ProgressReported: ['taskId', 'note'],
  TaskStageCompleted: ['taskId', 'stage', 'late'],
  ReturnRequested: [
    ...(['returnId', 'taskId', 'departmentId', 'reasonCode', 'basis', 'suggestedUnitId'] as const),
    ...(['ordinal', 'late', 'deadlines'] as const),
  ],
  ReturnAccepted: ['returnId', 'taskId', 'decidingUnitId', 'note', 'newTask', 'lostTime'],
  ReturnRejected: ['returnId', 'taskId', 'decidingUnitId', 'reason', 'lostTime'],
  ArbitrationOpened: ['arbitrationId', 'taskId', 'cause', 'parties', 'deadlines'],
  ResponsibilityDecided: [
    ...(['arbitrationId', 'taskId', 'arbitratingUnitId', 'responsibleUnitId', 'rule', 'reason'] as const),
    ...(['newTask', 'lostTime', 'catalogueProposal'] as const),
  ],
  DepartmentAdded: ['whistleId', 'task', 'reason'],
  LeadChanged: [
    ...(['whistleId', 'fromTaskId', 'fromDepartmentId', 'toTaskId', 'toDepartmentId'] as const),
    ...(['newTask', 'formerLead', 'reason', 'lostTime'] as const),
  ],
  ReleaseRequested: ['taskId', 'leadDepartmentId', 'reason'],
  TaskReleased: ['taskId', 'reasonCode', 'reason', 'counted'],
  TaskTransferred: ['taskId', 'fromDepartmentId', 'toDepartmentId', 'level', 'reason'],
  TaskUrged: ['taskId', 'urgingUnitId'],
  WorkBooked: ['taskId', 'workedMinutes'],
  ExtensionRequested: [
    ...(['extensionId', 'taskId', 'departmentId', 'ordinal', 'amount', 'unit', 'reason'] as const),
    'deadlines',
  ],
  ExtensionGranted: ['extensionId', 'approvingUnitId', 'moves'],
  ExtensionRefused: ['extensionId', 'refusingUnitId', 'reason'],
  TaskCompleted: ['taskId', 'late'],
  HandlingCompleted: ['deadlines'],
  EvidenceFlagged: [],
  DeadlineWarned: [],
  DeadlinesRescheduled: ['cause', 'reason', 'pins', 'moves'],
  TaskOverdue: ['taskId', 'deadlineId'],
  IncidentOverdue: ['deadlineId'],
  SupervisionIssued: [
    ...(['supervisionId', 'taskId', 'departmentId', 'deadlineId', 'dueAt', 'step', 'level'] as const),
    ...(['issuedBy', 'reason', 'deadlines'] as const),
  ],
  SupervisionResponded: ['supervisionId', 'respondingUnitId', 'response', 'late'],
  SupervisionLifted: ['supervisionId', 'reason'],
  CheckPassed: ['checkingUnitId', 'note', 'feedbackUntil', 'deadlines'],
  CheckFailed: ['checkingUnitId', 'note', 'rework', 'taskIds', 'reworks'],
  FeedbackRecorded: ['cycle', 'solved', 'satisfaction', 'comment', 'source', 'rework', 'taskIds', 'reworks'],
  FeedbackCorrected: ['cycle', 'solved', 'satisfaction', 'comment', 'source', 'reason'],
  IncidentClosed: ['resolutionLevel', 'reopenUntil', 'appealUntil'],
  IncidentReopened: ['cycle', 'by', 'unitId'],
  IncidentSuspended: ['reasonCode', 'reason', 'approvingUnitId', 'reviewAt', 'usedPercent', 'deadlines'],
  SuspensionRenewed: ['approvingUnitId', 'reason', 'reviewAt', 'deadlines'],
  IncidentResumed: ['moves'],
  IncidentMerged: ['into'],
  IncidentUnmerged: ['moves'],
  DuplicateJoined: ['incidentId'],
  DuplicateLeft: ['incidentId'],
  IncidentWithdrawn: ['goesOn', 'taskIds'],
  IncidentVoided: ['unitId', 'reason'],
  AppealFiled: ['appealId', 'unitId', 'item', 'itemId', 'cycle', 'reason'],
  ScoreExcluded: ['appealId', 'decidingUnitId', 'reason'],
  AppealRefused: ['appealId', 'decidingUnitId', 'reason'],
  ReporterFlagProposed: ['flagId', 'proposingUnitId', 'reason'],
  ReporterFlagApproved: ['flagId', 'approvingUnitId', 'reason'],
  ReporterFlagRefused: ['flagId', 'refusingUnitId', 'reason'],
  ReporterFlagged: ['unitId', 'reason'],
  PersonalDataSealed: ['about', 'fields', 'sealed'],
  ReporterIdentityRevealed: ['unitId', 'taskId', 'purpose', 'fields'],
  ReporterForgotten: ['subjectIds'],
} as const satisfies { [Type in IncidentEventType]: readonly (keyof IncidentEventOf<Type>['data'])[] };

export interface ViewEventOf<Type extends IncidentEventType> {
  readonly type: Type;
  readonly revision: number;
  readonly occurredAt: string;
  readonly data: Pick<
    IncidentEventOf<Type>['data'],
    Extract<(typeof shownFields)[Type][number], keyof IncidentEventOf<Type>['data']>
  >;
}

/** An event, or what the board keeps of it. */
export type ViewEvent = { [Type in IncidentEventType]: ViewEventOf<Type> }[IncidentEventType];

/** Why feedback was corrected, where that is the word of whoever called back; what the reporter gives stays out. */
export const reasonShown = ({ source, reason }: ViewEventOf<'FeedbackCorrected'>['data']): string | null =>
  source === 'CALLBACK' ? reason : null;

/** Whose data it is, without the data. */
const referenceTo = (sealed: SealedReporter | null): Pick<SealedReporter, 'subjectId'> | null =>
  sealed && { subjectId: sealed.subjectId };

/** What the board keeps of an event: the view folded from these is the view folded from the events. */
export function shownOf(event: ViewEvent): ViewEvent {
  const { type, revision, occurredAt, data } = event;
  const shown = Object.fromEntries(
    shownFields[type].map((field) => [field, (data as Readonly<Record<string, unknown>>)[field]]),
  );
  if (event.type === 'IncidentReported') shown['reporter'] = referenceTo(event.data.reporter);
  if (event.type === 'PersonalDataSealed') shown['sealed'] = referenceTo(event.data.sealed);
  if (event.type === 'FeedbackCorrected') shown['reason'] = reasonShown(event.data);
  return { type, revision, occurredAt, data: shown } as unknown as ViewEvent;
}

/** Events whose next state depends on more than themselves: on where the incident was, or what else goes on in it. */
export const dependsOnView = (event: ViewEvent): boolean =>
  event.type === 'IncidentResumed' ||
  event.type === 'IncidentUnmerged' ||
  event.type === 'WhistleCancelled' ||
  (event.type === 'FeedbackRecorded' && event.data.solved === 'UNSOLVED');

const statesAfter: Partial<Record<IncidentEventType, Lifecycle>> = {
  IncidentReported: 'REPORTED',
  IncidentVerified: 'VERIFYING',
  IncidentRejected: 'REJECTED',
  IncidentFiled: 'FILED',
  SelfHandlingStarted: 'HANDLING',
  IncidentEscalated: 'FILED',
  WhistleBlown: 'HANDLING',
  HandlingCompleted: 'CHECKING',
  CheckPassed: 'FEEDBACK',
  CheckFailed: 'HANDLING',
  IncidentClosed: 'CLOSED',
  IncidentReopened: 'FILED',
  IncidentSuspended: 'SUSPENDED',
  IncidentMerged: 'MERGED',
  IncidentVoided: 'VOIDED',
};

/** The state an event leads to; null where it leaves the state as it was, or {@link dependsOnView}. */
export function stateAfter(event: ViewEvent): Lifecycle | null {
  if (event.type === 'IncidentWithdrawn') return event.data.goesOn ? null : 'WITHDRAWN';
  return statesAfter[event.type] ?? null;
}
