import { closingFolds } from './fold/closing.js';
import { flagFolds } from './fold/flags.js';
import type { FoldsOf } from './fold/folds.js';
import { handlingFolds } from './fold/handling.js';
import { intakeFolds } from './fold/intake.js';
import { personFolds } from './fold/persons.js';
import { pausingFolds } from './fold/pausing.js';
import { reschedulingFolds } from './fold/rescheduling.js';
import { responsibilityFolds } from './fold/responsibility.js';
import { supervisionFolds } from './fold/supervision.js';
import { taskFolds } from './fold/tasks.js';
import { whistleFolds } from './fold/whistles.js';
import type { IncidentEvent, IncidentEventType } from './incident.events.js';
import { NO_INCIDENT, type IncidentState } from './incident.state.js';

/** One fold for each event; the compiler asks for a new event's. */
const folds: FoldsOf<IncidentEventType> = {
  ...intakeFolds,
  ...flagFolds,
  ...handlingFolds,
  ...whistleFolds,
  ...taskFolds,
  ...responsibilityFolds,
  ...supervisionFolds,
  ...closingFolds,
  ...pausingFolds,
  ...reschedulingFolds,
  ...personFolds,
};

/** The state after one more event. Total: it never throws and never refuses what the log says. */
export function evolve(state: IncidentState, event: IncidentEvent): IncidentState {
  // The table is exhaustive by type; TypeScript cannot relate the type to its own fold's parameter.
  const fold = folds[event.type] as (state: IncidentState, event: IncidentEvent) => IncidentState;
  return fold(state, event);
}

export function foldIncident(
  events: Iterable<IncidentEvent>,
  from: IncidentState = NO_INCIDENT,
): IncidentState {
  let state = from;
  for (const event of events) state = evolve(state, event);
  return state;
}
