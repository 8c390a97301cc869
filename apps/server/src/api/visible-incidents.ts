import { Injectable } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import type { Principal, Role } from '@shaoying/identity';
import { scopeOf, sees, type Scope } from '@shaoying/incident-application';
import type { IncidentView } from '@shaoying/incident-read-models';
import { Platform } from '../platform.js';
import { FindIncident } from '../queries/queries.js';
import { Refused } from './refused.js';

/** What a caller may see of incidents, for every door that shows one. */
@Injectable()
export class VisibleIncidents {
  constructor(
    private readonly queries: QueryBus,
    private readonly platform: Platform,
  ) {}

  /** @throws Refused INCIDENT_NOT_FOUND also of what is there, so that nobody learns what lies outside their scope */
  async find(principal: Principal, permitted: readonly Role[], id: string): Promise<IncidentView> {
    const scope = scopeOf(principal, permitted, this.platform.directory);
    const view = await this.queries.execute(new FindIncident(id, null));
    if (view === null || !(await this.isSeen(view, scope))) throw new Refused('INCIDENT_NOT_FOUND');
    return view;
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
