import { foldView } from './evolve-view.js';
import type { IncidentView } from './incident-view.js';
import type { ViewEvent } from './view-events.js';

/** What the view of an incident is folded from. */
export interface StoryRow {
  readonly incident_id: string;
  readonly report: ViewEvent;
  /** What came later, in order. */
  readonly later: readonly ViewEvent[] | null;
}

/**
 * The columns of a {@link StoryRow}, for the incident of report `r`.
 * @param schema with its dot, or nothing inside a batch, where the search path names it
 */
export const storySql = (schema: 'incident_board.' | ''): string =>
  `r.incident_id, r.report, (
     select json_agg(e.event order by e.revision) from ${schema}events e where e.incident_id = r.incident_id
   ) as later`;

/** @param untilRevision of the first event that is left out; none by default */
export const viewOf = ({ report, later }: StoryRow, untilRevision = Infinity): IncidentView | null =>
  foldView([report, ...(later ?? []).filter(({ revision }) => revision < untilRevision)]);
