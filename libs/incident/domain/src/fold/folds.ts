import type { IncidentEventOf, IncidentEventType } from '../incident.events.js';
import type { IncidentState } from '../incident.state.js';

/** The state after an event of one type. Total: it never throws and never refuses what the log says. */
export type FoldsOf<Types extends IncidentEventType> = {
  readonly [Type in Types]: (state: IncidentState, event: IncidentEventOf<Type>) => IncidentState;
};
