import { Injectable } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import type { CommandOutcome } from '@shaoying/incident-application';
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

  /** As far as the read model has got. Empty where nothing is known or it cannot be asked: the whistle is blown. */
  async before({ incidentId, state }: CommandOutcome, whistleId: string): Promise<RepeatWarning[]> {
    const { estateId, communityId } = state.place;
    const { category, pins } = state;
    const { directory, clock, logger } = this.platform;
    const { repeatWhistleDays } = directory.rules(pins ?? directory.pins());
    const now = clock.now();
    const from = new Date(now.getTime() - repeatWhistleDays * dayMs).toISOString();
    const own = repeatsOf(incidentId, state.whistles, whistleId, from);
    if (estateId === null || communityId === null) return own;
    try {
      const page = await this.queries.execute(
        new ListIncidents({ estateId, communityId, category, from }, null, {
          ...{ limit: warningsMax, after: null, now: now.toISOString() },
        }),
      );
      const others = page.items
        .filter(({ id }) => id !== incidentId)
        .flatMap(({ id, whistles }) => repeatsOf(id, whistles, whistleId, from));
      return [...own, ...others].slice(0, warningsMax);
    } catch (error) {
      logger.warn({ err: error, incidentId }, 'repeated whistles could not be looked up');
      return own;
    }
  }
}

/** Whistles that were blown since then, apart from this one. A proposal has not been blown. */
function repeatsOf(
  incidentId: string,
  whistles: readonly { readonly whistleId: string; readonly blownAt: string | null }[],
  except: string,
  from: string,
): RepeatWarning[] {
  return whistles.flatMap(({ whistleId, blownAt }) =>
    whistleId === except || blownAt === null || blownAt === '' || blownAt < from
      ? []
      : [{ code: 'REPEAT_WHISTLE' as const, incidentId, whistleId, blownAt }],
  );
}
