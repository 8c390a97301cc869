import type { Lifecycle, Refusal, TaskState, WhistleState } from '@shaoying/incident-domain';

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
  switch (refusal.code) {
    case 'INCIDENT_STATE':
    case 'TASK_STATE':
    case 'WHISTLE_STATE':
      return `It is ${refusal.state}; this needs ${refusal.allowed.join(' or ') || 'another way of handling'}.`;
    case 'RETURNED_BEFORE':
      return `${refusal.departmentId} has returned it in this cycle already; arbitration can be opened instead.`;
    case 'EXTENSIONS_USED_UP':
      return `A task can be extended ${refusal.max} times.`;
    case 'EXTENSION_APPROVER':
      return `This extension is decided by ${refusal.roles.join(' or ')}.`;
    case 'FEEDBACK_OUTSTANDING':
      return `It can be closed once feedback is recorded, or after ${refusal.until}.`;
    default:
      return refusal.code;
  }
}

function messageZhOf(refusal: Refusal): string {
  switch (refusal.code) {
    case 'INCIDENT_STATE':
    case 'TASK_STATE':
    case 'WHISTLE_STATE': {
      const allowed = refusal.allowed.map(stateZh).join('或');
      return `当前状态为${stateZh(refusal.state)}，此操作要求${allowed || '其他处置方式'}。`;
    }
    case 'RETURNED_BEFORE':
      return `${refusal.departmentId} 在本轮处置中已退回过此事项，可改为提请裁定。`;
    case 'EXTENSIONS_USED_UP':
      return `每项任务最多可延期 ${refusal.max} 次。`;
    case 'EXTENSION_APPROVER':
      return `本次延期须由 ${refusal.roles.join('或')} 审批。`;
    case 'FEEDBACK_OUTSTANDING':
      return `记录评价后，或 ${refusal.until} 之后方可结案。`;
    default:
      return refusal.code;
  }
}

const STATES_ZH: Readonly<Record<Lifecycle | TaskState | WhistleState, string>> = {
  REPORTED: '已上报',
  VERIFYING: '核实中',
  FILED: '已立案',
  HANDLING: '处置中',
  CHECKING: '核查中',
  FEEDBACK: '待评价',
  CLOSED: '已结案',
  SUSPENDED: '挂账',
  REJECTED: '不予受理',
  MERGED: '已并案',
  WITHDRAWN: '已撤回',
  VOIDED: '已作废',
  NOTIFIED: '待签收',
  ACKNOWLEDGED: '已签收',
  CHECKED_IN: '已报到',
  WORKING: '办理中',
  DONE: '已办结',
  RETURN_REQUESTED: '申请退单',
  RETURNED: '已退单',
  IN_ARBITRATION: '裁定中',
  RELEASED: '已解除',
  PROPOSED: '待审批',
  BLOWN: '已吹哨',
  COMPLETED: '已应哨',
  EVALUATED: '已评哨',
  REFUSED: '未批准',
  CANCELLED: '已取消',
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

/** Thrown when If-Match names a revision of an incident that is only to be opened: it has none. */
export class NothingToMatch extends Error {
  readonly code = 'NOTHING_TO_MATCH';
  constructor() {
    super('there is no incident yet');
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
      | 'UNKNOWN_INCIDENT'
      | 'UNKNOWN_POLICY'
      | 'PLACE_CONTRADICTS_ITSELF'
      | 'PLACE_NOT_FOUND',
    readonly id: string,
  ) {
    super(`${code}: ${id}`);
  }
}

/** Thrown when a unit that no longer exists is given something to do. Says who has taken over from it. */
export class UnitEnded extends Error {
  readonly code = 'UNIT_ENDED';
  readonly messageZh: string;
  constructor(
    readonly unitId: string,
    readonly successors: readonly string[],
  ) {
    super(`${unitId} no longer exists; its successors: ${successors.join(', ') || 'none'}.`);
    this.messageZh = `${unitId} 已撤销，承继单位：${successors.join('、') || '无'}。`;
  }
}

/** Thrown when the open tasks of a unit cannot be moved as asked. The message names whom they could go to. */
export class TransferRefused extends Error {
  readonly messageZh: string;
  constructor(
    readonly code: 'UNIT_NOT_ENDED' | 'NO_SUCCESSOR' | 'SUCCESSOR_NOT_NAMED',
    unitId: string,
    successors: readonly string[],
  ) {
    super(`${unitId}: ${successors.join(', ') || 'nobody'}`);
    this.messageZh = `${unitId}：${successors.join('、') || '无承继单位'}`;
  }
}

/** Thrown when the incident that goes on has no whistle that a kept department could join. */
export class MergeTargetWithoutWhistle extends Error {
  readonly code = 'MERGE_TARGET_WITHOUT_WHISTLE';
}

/** Thrown when a date lies further ahead than anybody should plan. */
export class ReviewTooFar extends Error {
  readonly code = 'REVIEW_TOO_FAR';
}
