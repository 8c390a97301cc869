import type { IncidentEvent } from '../incident.events.js';
import type { Refusal } from '../incident.refusals.js';

export type Decision =
  | { readonly events: readonly IncidentEvent[]; readonly refusal?: undefined }
  | { readonly refusal: Refusal; readonly events?: undefined };

export const accept = (...events: IncidentEvent[]): Decision => ({ events });
export const refuse = (refusal: Refusal): Decision => ({ refusal });
