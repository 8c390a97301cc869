import { Injectable } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { isUuid } from '@shaoying/config';
import { StreamNotFound, type Position } from '@shaoying/event-store';
import type { Principal, Role } from '@shaoying/identity';
import { scopeOf, sees, type Scope } from '@shaoying/incident-application';
import { incidentStreamId } from '@shaoying/incident-contracts';
import type { IncidentView, Moment } from '@shaoying/incident-read-models';
import { Platform } from '../platform.js';
import { FindIncident } from '../queries/queries.js';
import { reachedPosition } from './read-your-writes.js';
import { Refused } from './refused.js';

const board = 'incident-board';

/** With everything the log has, also what a server has recorded whose clock is ahead of this one's. */
const whole: Moment = { asOf: '9999-12-31T23:59:59.999Z', knownAt: '9999-12-31T23:59:59.999Z', live: false };

/** What a caller may see of incidents, for every door that shows one. */
@Injectable()
export class VisibleIncidents {
  constructor(
    private readonly queries: QueryBus,
    private readonly platform: Platform,
  ) {}

  /**
   * @throws Refused INCIDENT_NOT_FOUND also of what is there, so that nobody learns what lies outside their scope;
   * READ_MODEL_BEHIND when the board has not come to it within 5 s
   */
  async find(principal: Principal, permitted: readonly Role[], id: string): Promise<IncidentView> {
    const scope = scopeOf(principal, permitted, this.platform.directory);
    const seen = (await this.seen(scope, id)) ?? (await this.seenBehindTheLog(scope, id));
    if (seen === null) throw new Refused('INCIDENT_NOT_FOUND');
    return seen;
  }

  private async seen(scope: Scope | null, id: string): Promise<IncidentView | null> {
    const view = await this.queries.execute(new FindIncident(id, null));
    return view !== null && (await this.isSeen(view, scope)) ? view : null;
  }

  /**
   * What is denied is what the log does not have, or does not show to the caller, never what the board has not come to yet:
   * whoever hears of an incident by a feed, a colleague or an answer has no position to wait for, and takes "not there" for
   * the truth. A department is in an incident by the whistle that its feed tells it of.
   */
  private async seenBehindTheLog(scope: Scope | null, id: string): Promise<IncidentView | null> {
    const position = await this.lastPositionOf(id);
    if (position === null) return null;
    if (await this.platform.gate.waitFor(board, position, 0)) return this.seen(scope, id);
    // Whoever may not see it does not wait, nor learn that there is something to wait for.
    const inTheLog = await this.queries.execute(new FindIncident(id, whole));
    if (inTheLog === null || !(await this.isSeen(inTheLog, scope))) return null;
    await reachedPosition(this.platform, board, position);
    return this.seen(scope, id);
  }

  /** Null where the log has no such incident. */
  private async lastPositionOf(id: string): Promise<Position | null> {
    if (!isUuid(id)) return null;
    try {
      const history = await this.platform.stores.log.readStream(incidentStreamId(id));
      return history.at(-1)?.position ?? null;
    } catch (error) {
      if (error instanceof StreamNotFound) return null;
      throw error;
    }
  }

  /** The incident that a duplicate goes on in; itself, where it is none. */
  async goingOn(view: IncidentView): Promise<IncidentView> {
    if (view.mergedInto === null) return view;
    return (await this.queries.execute(new FindIncident(view.mergedInto, null))) ?? view;
  }

  /** What was merged into an incident is seen by whoever sees that one. */
  private async isSeen(view: IncidentView, scope: Scope | null): Promise<boolean> {
    return sees(scope, view) || (view.mergedInto !== null && sees(scope, await this.goingOn(view)));
  }
}
