import type { AnyDeadline, Pins } from '@shaoying/incident-domain';
import type { JurisdictionDirectory } from '@shaoying/jurisdiction-contracts';

/** Which versions are to have governed a past window. What is not named stays as each incident has it pinned. */
export interface Alternative {
  readonly policy: { readonly policyId: string; readonly policyVersion: number } | null;
  readonly ladder: { readonly ladderId: string; readonly ladderVersion: number } | null;
  readonly calendar: { readonly calendarId: string; readonly calendarVersion: number } | null;
}

/** The versions that govern an incident in the other world, instead of those that it has pinned. */
export class AlternativeRules {
  /** @param directory knows every version that was published, and those of the alternative */
  constructor(
    readonly directory: JurisdictionDirectory,
    private readonly alternative: Alternative,
  ) {}

  /**
   * What is pinned instead. A policy brings the calendar and the ladder that it names, where they are others, as a policy
   * does that open deadlines are moved under; a calendar or a ladder of the alternative's own comes before that.
   */
  pins(recorded: Pins): Pins {
    const { policy, ladder, calendar } = this.alternative;
    return { ...recorded, ...(policy && this.underPolicy(recorded, policy)), ...ladder, ...calendar };
  }

  /**
   * The versions a deadline is counted by instead.
   * @param city the incident's own pins; those in force before it has any
   */
  pinsOf(deadline: AnyDeadline, own: Pins, city: Pins): Pins {
    const pins = this.pins(own);
    if (deadline.calendarId === city.calendarId) return pins;
    // A department's own calendar, which no policy names: only an alternative of that one replaces it.
    const { calendar } = this.alternative;
    const { calendarId, calendarVersion } = deadline;
    return { ...pins, ...(calendar?.calendarId === calendarId ? calendar : { calendarId, calendarVersion }) };
  }

  private underPolicy(
    recorded: Pins,
    policy: { readonly policyId: string; readonly policyVersion: number },
  ): Partial<Pins> {
    const named = this.directory.policy(policy.policyId, policy.policyVersion);
    if (named === undefined) return policy;
    const { calendarId, ladderId } = named;
    const calendarVersion = this.directory.calendar(calendarId)?.version;
    const ladderVersion = this.directory.escalationLadder(ladderId)?.version;
    return {
      ...policy,
      ...(calendarId !== recorded.calendarId &&
        calendarVersion !== undefined && { calendarId, calendarVersion }),
      ...(ladderId !== recorded.ladderId && ladderVersion !== undefined && { ladderId, ladderVersion }),
    };
  }
}
