import { Injectable } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import type { Scope } from '@shaoying/incident-application';
import type { IncidentView, Moment } from '@shaoying/incident-read-models';
import { Platform } from '../platform.js';
import { ListIncidents } from '../queries/queries.js';

/** Said beside the answer to a whistle: it is never a reason to refuse one. */
export interface RepeatWarning {
  readonly code: 'REPEAT_WHISTLE';
  readonly incidentId: string;
  readonly whistleId: string;
  readonly blownAt: string;
}

/** Warnings told at most; who wants all of them lists the incidents of the estate. */
const warningsMax = 20;

const dayMs = 24 * 3_600_000;

/** 重复吹哨: earlier whistles on the same estate and category, within the days that the policy counts. */
@Injectable()
export class RepeatWhistles {
  constructor(
    private readonly queries: QueryBus,
    private readonly platform: Platform,
  ) {}

  /** By the moment as it is or was known then, and within scope; of the incident itself only, where it lies in no estate. */
  async around(view: IncidentView, scope: Scope | null, moment: Moment): Promise<RepeatWarning[]> {
    const { id, estateId, communityId, category, pins, whistles } = view;
    const own = repeatsOf(id, whistles, null);
    if (estateId === null || communityId === null) return own;
    const { directory } = this.platform;
    const { repeatWhistleDays } = directory.rules(pins ?? directory.pins());
    const from = new Date(Date.parse(moment.asOf) - repeatWhistleDays * dayMs).toISOString();
    const page = await this.queries.execute(
      new ListIncidents(
        { estateId, communityId, category, from },
        scope,
        { limit: warningsMax, after: null },
        moment,
      ),
    );
    const others = page.items.filter((other) => other.id !== id);
    return [...own, ...others.flatMap((other) => repeatsOf(other.id, other.whistles, null))].slice(
      0,
      warningsMax,
    );
  }
}

/**
 * Whistles of one incident that were blown, apart from this one. A proposal has not been. Of what the incident's own
 * stream says, so that a repeated request is warned of the same.
 */
export function repeatsOf(
  incidentId: string,
  whistles: readonly { readonly whistleId: string; readonly blownAt: string | null }[],
  except: string | null,
): RepeatWarning[] {
  return whistles.flatMap(({ whistleId, blownAt }) =>
    whistleId === except || blownAt === null || blownAt === ''
      ? []
      : [{ code: 'REPEAT_WHISTLE' as const, incidentId, whistleId, blownAt }],
  );
}
