import type { OrgUnit, OrgUnitKind } from '@shaoying/jurisdiction-domain';

interface UnitLife {
  /** Version of the stream: how many events it has. */
  version: number;
  /** What is known today of its life, by first day; a correction takes the place of what it corrects. */
  phases: OrgUnit[];
}

/** Every org unit through time: what it was called and where it hung on a day, when it ended, who took over. */
export class OrgUnitHistory {
  private readonly lives = new Map<string, UnitLife>();

  /** The latest word counts from its first day on; what held before that day stays. */
  add(orgUnit: OrgUnit, version: number): void {
    const life = this.lives.get(orgUnit.id);
    if (!life) {
      this.lives.set(orgUnit.id, { version, phases: [orgUnit] });
      return;
    }
    life.version = version;
    life.phases = [...life.phases.filter((phase) => phase.effectiveFrom < orgUnit.effectiveFrom), orgUnit];
  }

  has(id: string): boolean {
    return this.lives.has(id);
  }

  /** 0 while the unit does not exist. */
  version(id: string): number {
    return this.lives.get(id)?.version ?? 0;
  }

  latest(id: string): OrgUnit | undefined {
    return this.lives.get(id)?.phases.at(-1);
  }

  /** By first day. */
  phases(id: string): readonly OrgUnit[] {
    return this.lives.get(id)?.phases ?? [];
  }

  /** @param day ISO date; undefined before the first day of the unit, its last phase after its end */
  on(id: string, day: string): OrgUnit | undefined {
    return this.lives.get(id)?.phases.findLast((phase) => phase.effectiveFrom <= day);
  }

  all(kind: OrgUnitKind | undefined, day: string | undefined): readonly OrgUnit[] {
    const units: OrgUnit[] = [];
    for (const [id, { phases }] of this.lives) {
      const unit = day === undefined ? phases.at(-1) : this.on(id, day);
      if (!unit || (kind !== undefined && unit.kind !== kind)) continue;
      if (day === undefined || !hasEnded(unit, day)) units.push(unit);
    }
    return units;
  }

  /** Every phase of every unit, units in order of publication. */
  allPhases(): readonly OrgUnit[] {
    return [...this.lives.values()].flatMap(({ phases }) => phases);
  }

  isActive(id: string, day: string): boolean {
    const unit = this.on(id, day);
    return unit !== undefined && !hasEnded(unit, day);
  }

  successors(id: string, day: string): readonly string[] {
    const active = new Set<string>();
    const seen = new Set<string>();
    const open = [id];
    // Validation keeps successors free of circles; what was seen is not followed again in a log of another make.
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      const unit = this.on(next, day);
      if (!unit) continue;
      if (hasEnded(unit, day)) open.push(...(unit.successorIds ?? []));
      else active.add(next);
    }
    return [...active].toSorted();
  }
}

function hasEnded({ effectiveTo }: OrgUnit, day: string): boolean {
  return effectiveTo !== undefined && effectiveTo <= day;
}
