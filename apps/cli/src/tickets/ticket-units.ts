import type { JurisdictionDirectory, OrgUnit } from '@shaoying/jurisdiction-contracts';
import { createHash } from 'node:crypto';
import { TicketMapInvalid, type TicketMap } from './ticket-map.js';
import type { Ticket } from './ticket-rows.js';

/** More departments than this means that the map names the wrong column. */
export const DEPARTMENTS_MAX = 500;
export const NEIGHBOURHOODS_MAX = 5_000;

type UnitSource = Pick<TicketMap['jurisdiction']['departments'], 'parentId' | 'idPrefix' | 'names' | 'ids'>;

/**
 * Units of the jurisdiction for the names of a file. An id follows from prefix and name alone, so that every import of
 * the same names, in whatever order, means the same units.
 */
export class TicketUnits {
  private readonly departments = new Map<string, string>();
  private readonly neighbourhoods = new Map<string, string>();

  constructor(private readonly map: TicketMap) {}

  /** Learns the names of a row. @throws TicketMapInvalid when there are too many */
  learn({ department, neighbourhood }: Ticket): void {
    const { departments, neighbourhoods } = this.map.jurisdiction;
    if (!this.departments.has(department)) {
      this.departments.set(department, idOf(departments, department));
      requireAtMost(DEPARTMENTS_MAX, this.departments.size, 'departments');
    }
    if (neighbourhood !== null && neighbourhoods && !this.neighbourhoods.has(neighbourhood)) {
      this.neighbourhoods.set(neighbourhood, idOf(neighbourhoods, neighbourhood));
      requireAtMost(NEIGHBOURHOODS_MAX, this.neighbourhoods.size, 'neighbourhoods');
    }
  }

  /** Undefined for a name that was never learnt. */
  departmentId(department: string): string | undefined {
    return this.departments.get(department);
  }

  /** Null: the case has no place. Undefined: a name that was never learnt. */
  placeId(neighbourhood: string | null): string | null | undefined {
    const { neighbourhoods } = this.map.jurisdiction;
    if (neighbourhood === null || neighbourhoods === undefined) return neighbourhoods?.whenEmpty ?? null;
    return this.neighbourhoods.get(neighbourhood);
  }

  /**
   * The units that the directory lacks; those it has are used as they are, never renamed or moved.
   * @throws TicketMapInvalid when a unit that is there is of another kind, or two names make one id
   */
  missingFrom(directory: JurisdictionDirectory): OrgUnit[] {
    const { units = [], departments, neighbourhoods, effectiveFrom } = this.map.jurisdiction;
    const problems = this.nameProblems();
    const wanted: OrgUnit[] = units.map((unit) => ({ ...unit, effectiveFrom }));
    for (const [value, id] of this.departments) {
      wanted.push({ ...unitOf(departments, value, id), kind: 'DEPARTMENT', effectiveFrom });
    }
    for (const [value, id] of neighbourhoods ? this.neighbourhoods : []) {
      if (neighbourhoods === undefined) continue;
      wanted.push({ ...unitOf(neighbourhoods, value, id), kind: neighbourhoods.kind, effectiveFrom });
    }
    problems.push(...wanted.flatMap((unit) => kindProblems(unit, directory)));
    problems.push(...this.placeProblems(wanted, directory));
    if (problems.length > 0) throw new TicketMapInvalid(problems.slice(0, 50));
    const byId = new Map(wanted.map((unit) => [unit.id, unit]));
    return [...byId.values()].filter(({ id }) => directory.orgUnit(id) === undefined);
  }

  /** Names that would make one id; asks no directory. */
  nameProblems(): string[] {
    const { departments, neighbourhoods } = this.map.jurisdiction;
    return [
      ...sameIds('departments', this.departments, departments.ids),
      ...sameIds('neighbourhoods', this.neighbourhoods, neighbourhoods?.ids),
    ];
  }

  private placeProblems(wanted: readonly OrgUnit[], directory: JurisdictionDirectory): string[] {
    const { neighbourhoods, whistlingUnitId } = this.map.jurisdiction;
    return [neighbourhoods?.whenEmpty, whistlingUnitId]
      .filter((id) => id !== undefined)
      .filter((id) => directory.orgUnit(id) === undefined && !wanted.some((unit) => unit.id === id))
      .map((id) => `jurisdiction: the unit ${id} does not exist and is not among the units of the map`);
  }
}

function requireAtMost(max: number, count: number, what: string): void {
  if (count > max) {
    throw new TicketMapInvalid([
      `the file has more than ${max} ${what}: does the map name the right column?`,
    ]);
  }
}

function unitOf(
  { parentId, names }: UnitSource,
  value: string,
  id: string,
): Omit<OrgUnit, 'kind' | 'effectiveFrom'> {
  const name = names && Object.hasOwn(names, value) ? names[value] : undefined;
  return { id, name: name ?? value, parentId };
}

function idOf({ idPrefix, ids }: UnitSource, value: string): string {
  const given = ids && Object.hasOwn(ids, value) ? ids[value] : undefined;
  return given ?? `${idPrefix}${slugOf(value)}`;
}

const slugCharsMax = 40;

/**
 * A name as part of an id: `Back Bay` is `back-bay`. What Latin letters and digits cannot carry whole (other scripts,
 * long names) gets eight digits of its hash behind it, so that two such names stay two.
 */
export function slugOf(name: string): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const carried = slug.length > 0 && slug.length <= slugCharsMax && !/[^\p{ASCII}]/u.test(name);
  if (carried) return slug;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return [slug.slice(0, slugCharsMax).replace(/-+$/, ''), digest].filter((part) => part !== '').join('-');
}

/** Two names may be one unit only where the map says so for both. */
function sameIds(
  where: string,
  byValue: ReadonlyMap<string, string>,
  given: Readonly<Record<string, string>> = {},
): string[] {
  const first = new Map<string, string>();
  const problems: string[] = [];
  for (const [value, id] of byValue) {
    const other = first.get(id) ?? value;
    first.set(id, other);
    const meant = Object.hasOwn(given, value) && Object.hasOwn(given, other);
    if (other !== value && !meant) {
      problems.push(
        `jurisdiction.${where}: "${other}" and "${value}" both make ${id}; tell them apart under ids`,
      );
    }
  }
  return problems;
}

function kindProblems({ id, kind }: OrgUnit, directory: JurisdictionDirectory): string[] {
  const there = directory.orgUnit(id);
  return there === undefined || there.kind === kind
    ? []
    : [`jurisdiction: ${id} is a ${there.kind} in this jurisdiction and cannot be the ${kind} of the map`];
}
