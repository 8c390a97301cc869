import type { Scope } from '@shaoying/incident-application';
import type { MetricDimension, MetricRow, TakenOver } from '@shaoying/incident-read-models';
import type { OrgUnitDirectory } from '@shaoying/jurisdiction-contracts';
import type { OrgUnitKind } from '@shaoying/jurisdiction-domain';

/** Whether a number is counted for the unit whose it was, or for who has taken that over (domain.md §6, 15). */
export const METRIC_UNITS = ['AS_THEN', 'AS_NOW'] as const;
export type MetricUnits = (typeof METRIC_UNITS)[number];

/** A row of units as they are now, with what is in it. */
export interface MetricRowNow extends MetricRow {
  /** Other units of before that are counted in it. */
  readonly includes?: readonly string[];
  /** Of a unit that is no more: who share what it had. Its cases are nobody's alone, so they stay its own. */
  readonly dividedAmong?: readonly string[];
}

const kinds: Readonly<Record<MetricDimension, readonly OrgUnitKind[]>> = {
  ...{ estate: ['ESTATE'], community: ['COMMUNITY'], street: ['SUBDISTRICT'], category: [] },
  // A street may be whistled to, too, and then has tasks like a department.
  department: ['DEPARTMENT', 'SUBDISTRICT'],
};

/** What has a row of its own. */
const own: Readonly<Record<MetricDimension, OrgUnitKind | null>> = {
  ...{ estate: 'ESTATE', community: 'COMMUNITY', street: 'SUBDISTRICT', department: 'DEPARTMENT' },
  category: null,
};

/**
 * The units of a dimension that exist at an instant, as far as they are known: each has a row, also without a case (domain.md §6, 38).
 * Streets and departments are few and told whole; of estates and communities those within the caller's area, all for who has none.
 * @param known units as far as the log knew at the moment of the number
 */
export function unitsThatExist(
  known: Pick<OrgUnitDirectory, 'orgUnits' | 'isWithin'>,
  by: MetricDimension | null,
  at: string,
  scope: Scope | null,
): readonly string[] {
  const kind = by === null ? null : own[by];
  if (kind === null) return [];
  const ids = known.orgUnits(kind, at).map(({ id }) => id);
  if (scope === null || kind === 'SUBDISTRICT' || kind === 'DEPARTMENT') return ids;
  const { streetIds = [], communityId, estateId } = scope;
  const areas = [...streetIds, communityId, estateId].filter((id) => id !== undefined);
  return ids.filter((id) => areas.some((area) => known.isWithin(id, area, at)));
}

/** Who answers at an instant for units that are no more, as far as it was known at the moment of the number. */
export class UnitsNow {
  private constructor(
    readonly takenOver: TakenOver,
    private readonly divided: ReadonlyMap<string, readonly string[]>,
  ) {}

  /** Every unit for itself: by no dimension, by one that is of no units, and as it was then. */
  static of(
    known: Pick<OrgUnitDirectory, 'orgUnits' | 'successors'>,
    units: MetricUnits,
    by: MetricDimension | null,
    at: string,
  ): UnitsNow {
    const takenOver: Record<string, string> = {};
    const divided = new Map<string, readonly string[]>();
    const meant = by === null || units === 'AS_THEN' ? [] : kinds[by];
    for (const { id } of meant.flatMap((kind) => known.orgUnits(kind))) {
      const [one, ...more] = known.successors(id, at);
      if (one === undefined || one === id) continue;
      if (more.length === 0) takenOver[id] = one;
      else divided.set(id, [one, ...more]);
    }
    return new UnitsNow(takenOver, divided);
  }

  /** Says of each row what is in it, and of a unit that was split among whom. */
  told(rows: readonly MetricRow[]): readonly MetricRowNow[] {
    const formerOf = Map.groupBy(Object.keys(this.takenOver), (id) => this.takenOver[id]);
    return rows.map((row) => {
      const includes = formerOf.get(row.key ?? '');
      const dividedAmong = this.divided.get(row.key ?? '');
      return { ...row, ...(includes && { includes }), ...(dividedAmong && { dividedAmong }) };
    });
  }
}
