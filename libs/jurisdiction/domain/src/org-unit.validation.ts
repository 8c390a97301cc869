import { dayOfIsoDate } from './local-date.js';
import { type OrgUnit, PARENT_KINDS } from './org-unit.js';

/** Units by id, each with its versions by first day: what it was called and where it stood, through time. */
export class OrgUnitLives {
  private readonly byId = new Map<string, OrgUnit[]>();

  constructor(versions: readonly OrgUnit[]) {
    for (const version of versions) {
      const life = this.byId.get(version.id);
      if (life) life.push(version);
      else this.byId.set(version.id, [version]);
    }
    for (const life of this.byId.values()) life.sort((a, b) => (a.effectiveFrom < b.effectiveFrom ? -1 : 1));
  }

  entries(): readonly (readonly [id: string, life: readonly OrgUnit[]])[] {
    return [...this.byId];
  }

  latest(id: string): OrgUnit | undefined {
    return this.byId.get(id)?.at(-1);
  }

  firstDay(id: string): string | undefined {
    return this.byId.get(id)?.[0]?.effectiveFrom;
  }

  /** First day the unit exists no more; undefined while no end is known. */
  end(id: string): string | undefined {
    return this.latest(id)?.effectiveTo;
  }

  existsOn(id: string, day: string): boolean {
    const [first, end] = [this.firstDay(id), this.end(id)];
    return first !== undefined && first <= day && (end === undefined || end > day);
  }
}

/** What is wrong with the units by themselves, in plain words. */
export function orgUnitProblems(lives: OrgUnitLives): string[] {
  return lives
    .entries()
    .flatMap(([id, life]) =>
      [
        ...lifeProblems(life),
        ...life.flatMap((unit) => [...dateProblems(unit), ...parentProblems(unit, lives)]),
        ...endProblems(life.at(-1)!, lives),
      ].map((problem) => `org unit ${id}${problem}`),
    );
}

function lifeProblems(life: readonly OrgUnit[]): string[] {
  const problems: string[] = [];
  life.forEach((unit, i) => {
    const before = life[i - 1];
    if (!before) return;
    if (before.effectiveFrom === unit.effectiveFrom) problems.push(' is given twice');
    if (before.kind !== unit.kind) problems.push(`: a ${before.kind} never becomes a ${unit.kind}`);
    if (before.effectiveTo !== undefined) {
      problems.push(`: it ends on ${before.effectiveTo} and has a version from ${unit.effectiveFrom}`);
    }
  });
  return problems;
}

function dateProblems({ effectiveFrom, effectiveTo }: OrgUnit): string[] {
  const problems: string[] = [];
  if (dayOfIsoDate(effectiveFrom) === null) problems.push(`: effectiveFrom ${effectiveFrom} is not a date`);
  if (effectiveTo === undefined) return problems;
  if (dayOfIsoDate(effectiveTo) === null) problems.push(`: effectiveTo ${effectiveTo} is not a date`);
  else if (effectiveTo <= effectiveFrom) {
    problems.push(`: effectiveTo ${effectiveTo} does not lie after effectiveFrom ${effectiveFrom}`);
  }
  return problems;
}

function parentProblems(unit: OrgUnit, lives: OrgUnitLives): string[] {
  if (unit.kind === 'CITY') return unit.parentId === null ? [] : [': a city has no parent'];
  if (unit.parentId === null) return [': only a city has no parent'];
  const parent = lives.latest(unit.parentId);
  if (!parent) return [`: its parent ${unit.parentId} does not exist`];
  // Kinds rise strictly towards the city, so this also rules out every circle of parents.
  if (PARENT_KINDS[unit.kind].includes(parent.kind)) return [];
  return [`: a unit of kind ${unit.kind} cannot stand under ${parent.id} (${parent.kind})`];
}

function endProblems(unit: OrgUnit, lives: OrgUnitLives): string[] {
  const { effectiveTo, successorIds = [], parentId } = unit;
  const problems: string[] = [];
  const parentEnd = parentId === null ? undefined : lives.end(parentId);
  if (parentEnd !== undefined && (effectiveTo === undefined || effectiveTo > parentEnd)) {
    problems.push(
      `: its parent ${parentId} ends on ${parentEnd}; give it another from then on, or its own end`,
    );
  }
  if (effectiveTo === undefined) {
    if (successorIds.length > 0) problems.push(': it names successors and has no end (effectiveTo)');
    return problems;
  }
  if (new Set(successorIds).size !== successorIds.length) problems.push(': it names a successor twice');
  for (const id of successorIds) {
    const successor = lives.latest(id);
    if (id === unit.id) problems.push(': it cannot take over from itself');
    else if (!successor) problems.push(`: its successor ${id} does not exist`);
    else if (successor.kind !== unit.kind) {
      problems.push(`: its successor ${id} is a ${successor.kind}, not a ${unit.kind}`);
    } else if (!lives.existsOn(id, effectiveTo)) {
      // Each successor outlives whom it succeeds, so ends rise along every chain: this also rules out every circle.
      problems.push(`: its successor ${id} does not exist on ${effectiveTo}, the day it takes over`);
    }
  }
  return problems;
}
