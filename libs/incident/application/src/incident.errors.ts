import type { Lifecycle, Refusal, TaskState } from '@shaoying/incident-domain';

/** Thrown when the decider refuses. `code` is the refusal's and reaches the client; so do the messages. */
export class IncidentRefused extends Error {
  readonly code: Refusal['code'];
  readonly messageZh: string;
  constructor(readonly refusal: Refusal) {
    super(messageOf(refusal));
    this.code = refusal.code;
    this.messageZh = messageZhOf(refusal);
  }
}

function messageOf(refusal: Refusal): string {
  if (refusal.code !== 'INCIDENT_STATE' && refusal.code !== 'TASK_STATE') return refusal.code;
  return `It is ${refusal.state}; this needs ${refusal.allowed.join(' or ') || 'another way of handling'}.`;
}

function messageZhOf(refusal: Refusal): string {
  if (refusal.code !== 'INCIDENT_STATE' && refusal.code !== 'TASK_STATE') return refusal.code;
  const allowed = refusal.allowed.map(stateZh).join('或');
  return `当前状态为${stateZh(refusal.state)}，此操作要求${allowed || '其他处置方式'}。`;
}

const STATES_ZH: Readonly<Record<Lifecycle | TaskState, string>> = {
  REPORTED: '已上报',
  FILED: '已立案',
  HANDLING: '处置中',
  CHECKING: '核查中',
  FEEDBACK: '待评价',
  CLOSED: '已结案',
  NOTIFIED: '待签收',
  ACKNOWLEDGED: '已签收',
  CHECKED_IN: '已报到',
  DONE: '已办结',
};

/** With the wire name beside it, which the reader finds in the answers. */
function stateZh(state: string): string {
  const name = Object.hasOwn(STATES_ZH, state) ? STATES_ZH[state as keyof typeof STATES_ZH] : undefined;
  return name === undefined ? state : `“${name}”（${state}）`;
}

/** Thrown when an Idempotency-Key comes back with another body. */
export class IdempotencyKeyReused extends Error {
  readonly code = 'IDEMPOTENCY_KEY_REUSED';
}

/** Thrown when the revision in If-Match is not the incident's. */
export class PreconditionFailed extends Error {
  readonly code = 'PRECONDITION_FAILED';
  constructor(readonly actualRevision: number) {
    super(`the incident is at revision ${actualRevision}`);
  }
}

/** Thrown when a command lost against concurrent ones more often than it may try again. */
export class TooMuchContention extends Error {
  readonly code = 'TOO_MUCH_CONTENTION';
}

/** Thrown when a command names something the jurisdiction does not have. */
export class UnknownReference extends Error {
  constructor(
    readonly code:
      | 'UNKNOWN_CATEGORY'
      | 'UNKNOWN_ESTATE'
      | 'UNKNOWN_GRID'
      | 'UNKNOWN_DEPARTMENT'
      | 'UNKNOWN_ORG_UNIT'
      | 'PLACE_CONTRADICTS_ITSELF',
    readonly id: string,
  ) {
    super(`${code}: ${id}`);
  }
}
