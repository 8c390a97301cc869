import type { OrgUnit, OrgUnitKind } from '@shaoying/jurisdiction-domain';

interface UnitLife {
  /** Version of the stream: how many events it has. */
  version: number;
  /** What is known today of its life, by first day; a correction takes the place of what it corrects. */
  phases: OrgUnit[];
}

/** What was said of a unit, and when the log learnt of it. */
interface Word {
  readonly orgUnit: OrgUnit;
  readonly version: number;
  readonly at: string;
}

/** Every org unit through time: what it was called and where it hung on a day, when it ended, who took over. */
export class OrgUnitHistory {
  private readonly lives = new Map<string, UnitLife>();
  private readonly words: Word[] = [];
  /** When the log learnt of the last of them. */
  private lastAt = '';
  /** Who reads the pages of an answer asks for one instant again and again. */
  private asKnown: { readonly instant: string; readonly history: OrgUnitHistory } | undefined;

  /**
   * The latest word counts from its first day on; what held before that day stays.
   * @param at when the log learnt of it, ISO 8601, UTC; without it, it was known all along
   */
  add(orgUnit: OrgUnit, version: number, at = ''): void {
    this.words.push({ orgUnit, version, at });
    if (at > this.lastAt) this.lastAt = at;
    this.asKnown = undefined;
    const life = this.lives.get(orgUnit.id);
    if (!life) {
      this.lives.set(orgUnit.id, { version, phases: [orgUnit] });
      return;
    }
    life.version = version;
    life.phases = [...life.phases.filter((phase) => phase.effectiveFrom < orgUnit.effectiveFrom), orgUnit];
  }

  /** What the log knew at an instant. ISO 8601, UTC. */
  knownAt(instant: string): OrgUnitHistory {
    if (this.lastAt <= instant) return this;
    if (this.asKnown?.instant === instant) return this.asKnown.history;
    const history = new OrgUnitHistory();
    for (const { orgUnit, version, at } of this.words) if (at <= instant) history.add(orgUnit, version, at);
    this.asKnown = { instant, history };
    return history;
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
