import type { OrgUnit } from '@shaoying/jurisdiction-domain';
import type { PublishedJurisdiction } from './published-jurisdiction.js';

/** A unit as it will stand, and which of its versions are news. */
export interface LifeAfter {
  readonly phases: readonly OrgUnit[];
  readonly news: readonly OrgUnit[];
  /** Set when the versions handed in cannot follow those that are there. */
  readonly problem?: string;
}

/**
 * The life of one unit after publishing the versions handed in, which are all of one id. What is there already is no
 * news; a version dated like one that is there corrects it. A correction is the latest word from its first day on, so
 * it must bring the later versions with it: nobody undoes a renaming by mending the name before.
 */
export function lifeAfter(current: readonly OrgUnit[], handedIn: readonly OrgUnit[]): LifeAfter {
  const wanted = handedIn.toSorted((a, b) => (a.effectiveFrom < b.effectiveFrom ? -1 : 1));
  const known = new Set(current.map((phase) => JSON.stringify(phase)));
  const firstNew = wanted.findIndex((phase) => !known.has(JSON.stringify(phase)));
  const first = wanted[firstNew];
  if (!first) return { phases: current, news: [] };
  const news = wanted.slice(firstNew);
  const phases = [...current.filter((phase) => phase.effectiveFrom < first.effectiveFrom), ...news];
  const undone = current.find((phase) => phase.effectiveFrom > news.at(-1)!.effectiveFrom);
  const problem = undone && {
    problem:
      `org unit ${first.id}: it has a version from ${undone.effectiveFrom}, which one from ` +
      `${first.effectiveFrom} would undo; give that later one too`,
  };
  return { phases, news, ...problem };
}

/** Every unit after publication, for validation as a whole. */
export function orgUnitsAfter(
  current: PublishedJurisdiction,
  handedIn: readonly OrgUnit[],
): readonly OrgUnit[] {
  const lives = [...byId(handedIn)];
  const replaced = new Set(lives.map(([id]) => id));
  return [
    ...current.inForce().orgUnits.filter(({ id }) => !replaced.has(id)),
    ...lives.flatMap(([id, units]) => lifeAfter(current.orgUnitPhases(id), units).phases),
  ];
}

export function lifeProblems(current: PublishedJurisdiction, handedIn: readonly OrgUnit[]): string[] {
  return [...byId(handedIn)].flatMap(
    ([id, units]) => lifeAfter(current.orgUnitPhases(id), units).problem ?? [],
  );
}

/** One version of a unit that is news. */
export interface OrgUnitNews {
  readonly orgUnit: OrgUnit;
  readonly version: number;
}

/**
 * What is new, in stages: parents before children, so that no unit is ever in the log before the one it stands under,
 * and the versions of one unit one after the other.
 */
export function orgUnitStages(
  current: PublishedJurisdiction,
  handedIn: readonly OrgUnit[],
): readonly (readonly OrgUnitNews[])[] {
  const depths: readonly OrgUnit['kind'][][] = [
    ['CITY'],
    ['DISTRICT'],
    ['SUBDISTRICT'],
    ['COMMUNITY', 'DEPARTMENT'],
    ['ESTATE'],
  ];
  const lives = [...byId(handedIn)].map(([id, units]) => {
    const before = current.orgUnitVersion(id);
    return lifeAfter(current.orgUnitPhases(id), units).news.map((orgUnit, i) => ({
      orgUnit,
      version: before + i + 1,
    }));
  });
  return depths.flatMap((kinds) => {
    const ofDepth = lives.filter((news) => news[0] && kinds.includes(news[0].orgUnit.kind));
    const longest = Math.max(0, ...ofDepth.map((news) => news.length));
    return Array.from({ length: longest }, (_, i) => ofDepth.flatMap((news) => news[i] ?? []));
  });
}

function byId(units: readonly OrgUnit[]): Map<string, OrgUnit[]> {
  const lives = new Map<string, OrgUnit[]>();
  for (const unit of units) {
    const life = lives.get(unit.id);
    if (life) life.push(unit);
    else lives.set(unit.id, [unit]);
  }
  return lives;
}
