import type { IncidentEventOf, IncidentEventType, Lifecycle } from '@shaoying/incident-domain';

/**
 * What the view is made of, event by event. Nothing else of an event reaches the board: no reporter, no receipt, no note
 * between colleagues, no evidence.
 */
const shownFields = {
  IncidentReported: [
    ...(['incidentId', 'category', 'severity', 'description', 'location', 'place', 'channel'] as const),
    ...(['anonymous', 'imported', 'externalId'] as const),
  ],
  IncidentFiled: ['cycle', 'pins', 'deadlines'],
  SelfHandlingStarted: [],
  WhistleBlown: ['whistleId', 'kind', 'reason', 'whistlingUnitId', 'tasks'],
  TaskAcknowledged: ['taskId', 'late'],
  DepartmentCheckedIn: ['taskId', 'late', 'disputed'],
  TaskCompleted: ['taskId', 'late'],
  HandlingCompleted: [],
  TaskOverdue: ['taskId', 'deadlineId'],
  IncidentOverdue: ['deadlineId'],
  SupervisionIssued: [
    ...(['supervisionId', 'taskId', 'departmentId', 'deadlineId', 'dueAt', 'step', 'level'] as const),
  ],
  SupervisionLifted: ['supervisionId'],
  CheckPassed: ['checkingUnitId', 'note'],
  CheckFailed: ['checkingUnitId', 'note', 'rework', 'taskIds'],
  FeedbackRecorded: ['solved', 'satisfaction', 'comment', 'source', 'rework', 'taskIds'],
  IncidentClosed: ['resolutionLevel'],
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

/** What the board keeps of an event: the view folded from these is the view folded from the events. */
export function shownOf({ type, revision, occurredAt, data }: ViewEvent): ViewEvent {
  const shown = Object.fromEntries(
    shownFields[type].map((field) => [field, (data as Readonly<Record<string, unknown>>)[field]]),
  );
  return { type, revision, occurredAt, data: shown } as unknown as ViewEvent;
}

/** The state an event leads to; null where it leaves the state as it was. */
export function stateAfter(event: ViewEvent): Lifecycle | null {
  switch (event.type) {
    case 'IncidentReported':
      return 'REPORTED';
    case 'IncidentFiled':
      return 'FILED';
    case 'SelfHandlingStarted':
    case 'WhistleBlown':
    case 'CheckFailed':
      return 'HANDLING';
    case 'HandlingCompleted':
      return 'CHECKING';
    case 'CheckPassed':
      return 'FEEDBACK';
    case 'FeedbackRecorded':
      return event.data.solved === 'UNSOLVED' ? 'HANDLING' : null;
    case 'IncidentClosed':
      return 'CLOSED';
    case 'TaskAcknowledged':
    case 'DepartmentCheckedIn':
    case 'TaskCompleted':
    case 'TaskOverdue':
    case 'IncidentOverdue':
    case 'SupervisionIssued':
    case 'SupervisionLifted':
      return null;
  }
}
