import type { Lifecycle } from './incident.state.js';

/** Every answer of the decider that is not an event. The code is stable and reaches the client. */
export type Refusal =
  | { readonly code: 'INCIDENT_NOT_FOUND' }
  | { readonly code: 'INCIDENT_EXISTS' }
  | { readonly code: 'INCIDENT_STATE'; readonly state: Lifecycle; readonly allowed: readonly Lifecycle[] }
  | { readonly code: 'OCCURRED_AT_IN_FUTURE' }
  | { readonly code: 'TASK_NOT_FOUND' }
  | { readonly code: 'TASK_NOT_YOURS' }
  | { readonly code: 'TASK_STATE'; readonly state: string; readonly allowed: readonly string[] }
  | { readonly code: 'INCIDENT_NOT_YOURS' }
  | { readonly code: 'WHISTLE_NEEDS_ONE_LEAD' }
  | { readonly code: 'DEPARTMENT_TWICE'; readonly departmentId: string }
  | { readonly code: 'CHECKER_IS_HANDLER' }
  | { readonly code: 'CALLBACK_BY_SCORED_UNIT' }
  | { readonly code: 'RECEIPT_CODE_WRONG' }
  | { readonly code: 'FEEDBACK_RECORDED' }
  | { readonly code: 'FEEDBACK_WINDOW_OVER' }
  | { readonly code: 'FEEDBACK_OUTSTANDING'; readonly until: string };

export type RefusalCode = Refusal['code'];
