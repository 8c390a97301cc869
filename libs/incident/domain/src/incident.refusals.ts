import type { Lifecycle, WhistleState } from './incident.state.js';

/** Every answer of the decider that is not an event. The code is stable and reaches the client. */
export type Refusal =
  | { readonly code: 'INCIDENT_NOT_FOUND' }
  | { readonly code: 'INCIDENT_EXISTS' }
  | { readonly code: 'INCIDENT_STATE'; readonly state: Lifecycle; readonly allowed: readonly Lifecycle[] }
  | { readonly code: 'OCCURRED_AT_IN_FUTURE' }
  | { readonly code: 'INCIDENT_NOT_YOURS' }
  /** Somebody is there to be told why it is rejected. */
  | { readonly code: 'NOTICE_REQUIRED' }
  | { readonly code: 'VOID_BY_REPORTER' }
  // The reporter.
  /** Nobody has left a name, a number or anything else that is sealed. */
  | { readonly code: 'REPORTER_UNKNOWN' }
  | { readonly code: 'REPORTER_FORGOTTEN' }
  | { readonly code: 'REPORTER_WITHDREW' }
  | { readonly code: 'TOO_MANY_PHOTOS'; readonly max: number }
  /** Whoever asks has no part of the matter in hand, or not any more. */
  | { readonly code: 'REVEAL_WITHOUT_TASK' }
  | { readonly code: 'FLAG_UNDECIDED' }
  | { readonly code: 'FLAG_NOT_FOUND' }
  | { readonly code: 'FLAG_DECIDED' }
  /** Whoever proposed it, their own office, and the reporter do not decide it. */
  | { readonly code: 'FLAG_DECIDED_BY_PARTY' }
  // Handling.
  | { readonly code: 'LEVEL_NOT_HIGHER' }
  | { readonly code: 'LEVEL_TOO_LOW' }
  // Whistles.
  | { readonly code: 'WHISTLE_NOT_FOUND' }
  | {
      readonly code: 'WHISTLE_STATE';
      readonly state: WhistleState;
      readonly allowed: readonly WhistleState[];
    }
  | { readonly code: 'WHISTLE_NOT_YOURS' }
  | { readonly code: 'WHISTLE_NEEDS_ONE_LEAD' }
  | { readonly code: 'WHISTLE_NOT_PERMITTED' }
  | { readonly code: 'WHISTLE_NEEDS_NO_APPROVAL' }
  | { readonly code: 'APPROVER_IS_PROPOSER' }
  | { readonly code: 'APPROVER_NOT_PERMITTED' }
  | { readonly code: 'DEPARTMENT_TWICE'; readonly departmentId: string }
  | { readonly code: 'DEPARTMENT_NOT_SUMMONED' }
  | { readonly code: 'EVALUATION_RECORDED' }
  // Tasks.
  | { readonly code: 'TASK_NOT_FOUND' }
  | { readonly code: 'TASK_NOT_YOURS' }
  | { readonly code: 'TASK_STATE'; readonly state: string; readonly allowed: readonly string[] }
  | { readonly code: 'CONTACT_RECORDED' }
  | { readonly code: 'STAGE_UNKNOWN' }
  | { readonly code: 'STAGE_DONE' }
  | { readonly code: 'WORK_BEFORE_CHECK_IN' }
  /** Minutes that there are to take back: what the unit has booked on the task. */
  | { readonly code: 'MORE_THAN_BOOKED'; readonly bookedMinutes: number }
  | { readonly code: 'CORRECTION_NEEDS_NOTE' }
  | { readonly code: 'NOT_THE_LEAD' }
  | { readonly code: 'IS_THE_LEAD' }
  // Returns and arbitration.
  | { readonly code: 'RETURN_AFTER_CHECK_IN' }
  | { readonly code: 'RETURN_WINDOW_OVER' }
  | { readonly code: 'RETURN_OF_FINAL_DECISION' }
  | { readonly code: 'RETURN_DECIDED_BY_PARTY' }
  | { readonly code: 'RETURN_NEEDS_UNIT' }
  | { readonly code: 'RETURN_NEEDS_REASON' }
  | { readonly code: 'RETURNED_BEFORE'; readonly departmentId: string }
  | { readonly code: 'ARBITRATOR_IS_PARTY' }
  // Extensions.
  | { readonly code: 'EXTENSION_AFTER_DUE' }
  | { readonly code: 'EXTENSION_WITHOUT_DEADLINE' }
  | { readonly code: 'EXTENSION_UNDECIDED' }
  | { readonly code: 'EXTENSIONS_USED_UP'; readonly max: number }
  | { readonly code: 'EXTENSION_NOT_ASKED' }
  | { readonly code: 'EXTENSION_APPROVER'; readonly roles: readonly string[] }
  | { readonly code: 'EXTENSION_NEEDS_REASON' }
  // Check, feedback, closing.
  | { readonly code: 'CHECKER_IS_HANDLER' }
  | { readonly code: 'CHECKER_IS_REPORTER' }
  | { readonly code: 'CALLBACK_BY_SCORED_UNIT' }
  | { readonly code: 'RECEIPT_CODE_WRONG' }
  | { readonly code: 'FEEDBACK_RECORDED' }
  | { readonly code: 'FEEDBACK_NOT_RECORDED' }
  | { readonly code: 'FEEDBACK_WINDOW_OVER' }
  | { readonly code: 'FEEDBACK_OUTSTANDING'; readonly until: string }
  | { readonly code: 'REOPEN_WINDOW_OVER' }
  // Suspension.
  | { readonly code: 'APPROVER_NOT_ABOVE_HANDLER' }
  | { readonly code: 'REVIEW_NOT_AHEAD' }
  // Merging.
  | { readonly code: 'MERGE_INTO_ITSELF' }
  | { readonly code: 'MERGE_TARGET_ENDED' }
  /** The other incident lies in another street: that is for whoever stands above both. */
  | { readonly code: 'MERGE_ACROSS_STREETS' }
  | { readonly code: 'MERGE_NEEDS_TASKS_NAMED' }
  | { readonly code: 'HAS_DUPLICATES' }
  | { readonly code: 'DUPLICATE_NOT_JOINED' }
  // Supervision and appeals.
  | { readonly code: 'SUPERVISION_NOT_FOUND' }
  | { readonly code: 'SUPERVISION_LIFTED' }
  | { readonly code: 'SUPERVISION_ANSWERED' }
  | { readonly code: 'SUPERVISION_NOT_YOURS' }
  | { readonly code: 'APPEAL_NOT_FOUND' }
  | { readonly code: 'APPEAL_WINDOW_OVER' }
  | { readonly code: 'APPEAL_ITEM_UNKNOWN' }
  | { readonly code: 'APPEAL_FILED' }
  | { readonly code: 'APPEAL_DECIDED' }
  | { readonly code: 'APPEAL_BY_UNSCORED_UNIT' }
  | { readonly code: 'APPEAL_DECIDED_BY_PARTY' };

export type RefusalCode = Refusal['code'];
