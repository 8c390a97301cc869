/** Thrown by doors when a request is refused before any handler is asked. The code is registered as a problem. */
export class Refused extends Error {
  constructor(
    readonly code:
      | 'INCIDENT_NOT_FOUND'
      | 'RECEIPT_NOT_FOUND'
      | 'RECEIPT_CODE_REQUIRED'
      | 'DEPARTMENT_NOT_FOUND'
      | 'DEPARTMENT_NOT_YOURS'
      | 'METRIC_NOT_FOUND'
      | 'METRIC_VERSION_NOT_FOUND'
      | 'METRIC_DIMENSION'
      | 'CALENDAR_NOT_FOUND'
      | 'ORG_UNIT_NOT_FOUND'
      | 'CATEGORY_NOT_FOUND'
      | 'API_KEY_UNIT'
      | 'SUBJECT_NOT_FOUND'
      | 'READ_MODEL_BEHIND'
      | 'TOO_MANY_STREAMS'
      | 'TOO_MANY_OWN_STREAMS'
      | 'FILE_NOT_FOUND'
      | 'FILE_IS_PERSONAL'
      | 'SCHEMA_NOT_FOUND'
      | 'CONSUMER_GROUP_NOT_FOUND'
      | 'LEASE_NOT_FOUND'
      | 'SIMULATION_NOT_FOUND'
      | 'SIMULATION_WINDOW'
      | 'SIMULATION_SCOPE'
      | 'ALTERNATIVE_NOT_PUBLISHED'
      | 'REPLAY_WINDOW'
      | 'TOO_MANY_REPLAYS'
      | 'TOO_MANY_EXPORTS'
      | 'NO_CHECKPOINT_YET'
      | 'PURPOSE_REQUIRED',
  ) {
    super(code);
  }
}
