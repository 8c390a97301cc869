import {
  fits,
  lastingPart,
  type BoardFilter,
  type BoardPage,
  type BoardPlace,
  type BoardScope,
  type IncidentBoardQuery,
  type IncidentView,
  type Moment,
} from '@shaoying/incident-read-models';
import type { IncidentHistory } from './incident-history.js';

/** Incidents of which the histories are read for one page, at most: some tenths of a second. */
const lookedAtMax = 1_000;
/** Histories read, and held, at the same time: as many as the log reads by one statement. One may be of 64 MiB. */
const together = 32;

/**
 * Lists incidents as they were at an instant, as far as the log knew at another: the board says which there are, the log
 * how each of them was, so that a list and the incident itself cannot differ. The board keeps no rows of how things
 * stood once: every event would cost one more, for lists that oversight asks for now and then.
 */
export class IncidentsAt {
  constructor(
    private readonly board: Pick<IncidentBoardQuery, 'places'>,
    private readonly history: Pick<IncidentHistory, 'viewAt'>,
  ) {}

  /**
   * Newest first, of those that the caller may see today. A page ends when it is full, or when {@link lookedAtMax}
   * incidents have been looked at: it may then have fewer items than asked for, and the next one goes on.
   */
  async list(
    filter: BoardFilter,
    scope: BoardScope | null,
    { asOf, knownAt }: Moment,
    { limit, after }: { readonly limit: number; readonly after: BoardPlace | null },
  ): Promise<BoardPage> {
    const lasting = reportedBy(asOf, lastingPart(filter));
    const items: IncidentView[] = [];
    let place = after;
    for (let lookedAt = 0; lookedAt < lookedAtMax;) {
      const places = await this.board.places(lasting, scope, { limit: together, after: place, now: asOf });
      const views = await Promise.all(places.map(({ id }) => this.history.viewAt(id, asOf, knownAt)));
      for (const [index, view] of views.entries()) {
        place = places[index] ?? place;
        if (view === null || !fits(view, filter, asOf)) continue;
        items.push(view);
        if (items.length === limit) return { items, next: place };
      }
      lookedAt += places.length;
      if (places.length < together) return { items, next: null };
    }
    return { items, next: place };
  }
}

/** What was reported later was not there yet. `to` is exclusive, an instant is one of milliseconds. */
function reportedBy(asOf: string, lasting: BoardFilter): BoardFilter {
  const end = new Date(Date.parse(asOf) + 1).toISOString();
  const { to } = lasting;
  return { ...lasting, to: to !== undefined && Date.parse(to) < Date.parse(end) ? to : end };
}
