import { CONDITION_FIELDS } from './deadline-policy.choice.js';
import {
  type DeadlinePolicy,
  type DeadlineRule,
  type HandlingRules,
  type RuleConditions,
  TIMER_KINDS,
} from './deadline-policy.js';
import type { Category, DispatchCatalogue } from './dispatch-catalogue.js';
import type { EscalationLadder, LadderStep } from './escalation-ladder.js';
import { type Grid, type GridMap, type LonLat, polygonsOf } from './grid.js';
import { dayOfIsoDate } from './local-date.js';
import { type MetricDefinition, metricProblems } from './metric-definition.js';
import { AREA_KINDS, type OrgUnit } from './org-unit.js';
import { OrgUnitLives, orgUnitProblems } from './org-unit.validation.js';
import type { Duration, WorkingCalendar } from './working-calendar.js';
import { calendarProblems } from './working-calendar.validation.js';
import { DURATION_LIMITS } from './working-time.js';

/** Everything that would be in force together. */
export interface Jurisdiction {
  /** Every version of every unit that holds or held. */
  readonly orgUnits: readonly OrgUnit[];
  readonly gridMaps: readonly GridMap[];
  readonly catalogues: readonly DispatchCatalogue[];
  readonly policies: readonly DeadlinePolicy[];
  readonly ladders: readonly EscalationLadder[];
  readonly calendars: readonly WorkingCalendar[];
  readonly metricDefinitions: readonly MetricDefinition[];
}

/**
 * What is wrong with a jurisdiction as a whole, one plain sentence each, empty when it may be published. Checks each
 * document by itself and every reference between documents; an incident must never meet a gap that could have been
 * seen here.
 * @param today ISO date in the city's own time: who has ended by then answers for nothing any more. Without it no end
 * is held against a document.
 */
export function jurisdictionProblems(jurisdiction: Jurisdiction, today?: string): string[] {
  const lives = new OrgUnitLives(jurisdiction.orgUnits);
  const calendarIds = new Set(jurisdiction.calendars.map((calendar) => calendar.calendarId));
  const ladderIds = new Set(jurisdiction.ladders.map((ladder) => ladder.ladderId));
  const categoryCodes = new Set(
    jurisdiction.catalogues.flatMap(({ categories }) => categories.map((c) => c.code)),
  );
  return [
    ...orgUnitProblems(lives),
    ...gridProblems(jurisdiction.gridMaps, lives, today),
    ...jurisdiction.catalogues.flatMap((catalogue) => catalogueProblems(catalogue, lives, today)),
    ...jurisdiction.policies.flatMap((policy) =>
      policyProblems(policy, { calendarIds, ladderIds, categoryCodes }),
    ),
    ...jurisdiction.ladders.flatMap(ladderProblems),
    ...jurisdiction.calendars.flatMap((calendar) =>
      calendarProblems(calendar).map((problem) => `calendar ${calendar.calendarId}: ${problem}`),
    ),
    ...duplicates(jurisdiction.metricDefinitions.map(({ metricId }) => metricId)).map(
      (id) => `metric ${id} is defined twice`,
    ),
    ...jurisdiction.metricDefinitions.flatMap((definition) =>
      metricProblems(definition).map((problem) => `metric ${definition.metricId}: ${problem}`),
    ),
  ];
}

/**
 * What may be published and will be wrong one day: units with an end to come that a catalogue or a map still names.
 * @param today ISO date in the city's own time
 */
export function jurisdictionWarnings(jurisdiction: Jurisdiction, today: string): string[] {
  const lives = new OrgUnitLives(jurisdiction.orgUnits);
  const toEnd = (id: string): string | undefined => {
    const end = lives.end(id);
    return end !== undefined && end > today ? end : undefined;
  };
  return [
    ...jurisdiction.catalogues.flatMap(({ catalogueId, categories }) =>
      categories.flatMap((category) =>
        unitsNamedBy(category).flatMap((id) => {
          const end = category.active ? toEnd(id) : undefined;
          return end === undefined
            ? []
            : [`catalogue ${catalogueId}: category ${category.code} names ${id}, which ends on ${end}`];
        }),
      ),
    ),
    ...jurisdiction.gridMaps.flatMap(({ grids }) =>
      grids.flatMap(({ id, orgUnitId }) => {
        const end = toEnd(orgUnitId);
        return end === undefined ? [] : [`grid ${id}: its org unit ${orgUnitId} ends on ${end}`];
      }),
    ),
  ];
}

function gridProblems(
  gridMaps: readonly GridMap[],
  lives: OrgUnitLives,
  today: string | undefined,
): string[] {
  const grids = gridMaps.flatMap((map) => map.grids);
  return [
    ...duplicates(grids.map((grid) => grid.id)).map((id) => `grid ${id} is given twice`),
    ...gridMaps.flatMap(({ gridMapId, effectiveFrom }) =>
      effectiveFrom !== undefined && dayOfIsoDate(effectiveFrom) === null
        ? [`grid map ${gridMapId}: effectiveFrom ${effectiveFrom} is not a date`]
        : [],
    ),
    ...gridMaps.flatMap((map) =>
      map.grids.flatMap((grid) => [
        ...gridUnitProblems(grid, lives, laterOf(map.effectiveFrom, today)),
        ...boundaryProblems(grid),
      ]),
    ),
  ];
}

/** The day from which a map is asked: it may be published before it holds. */
function laterOf(effectiveFrom: string | undefined, today: string | undefined): string | undefined {
  if (today === undefined || effectiveFrom === undefined) return today;
  return effectiveFrom > today ? effectiveFrom : today;
}

function gridUnitProblems(grid: Grid, lives: OrgUnitLives, day: string | undefined): string[] {
  const unit = lives.latest(grid.orgUnitId);
  if (!unit) return [`grid ${grid.id}: its org unit ${grid.orgUnitId} does not exist`];
  if (unit.kind === 'DEPARTMENT') return [`grid ${grid.id}: its org unit ${unit.id} is a department`];
  if (day === undefined || lives.existsOn(unit.id, day)) return [];
  return [`grid ${grid.id}: its org unit ${unit.id} ${absence(unit.id, lives, day)}`];
}

function absence(id: string, lives: OrgUnitLives, day: string): string {
  const first = lives.firstDay(id);
  return first !== undefined && first > day ? `does not exist before ${first}` : `ended on ${lives.end(id)}`;
}

function boundaryProblems(grid: Grid): string[] {
  const polygons = polygonsOf(grid.boundary);
  if (polygons.length === 0 || polygons.some((rings) => rings.length === 0)) {
    return [`grid ${grid.id}: the boundary has no ring`];
  }
  return polygons
    .flat()
    .flatMap((ring) => ringProblems(ring).map((problem) => `grid ${grid.id}: ${problem}`));
}

function ringProblems(ring: readonly LonLat[]): string[] {
  const [first, last] = [ring[0], ring.at(-1)];
  if (ring.length < 4 || !first || !last) return ['a ring needs four points, the last the first'];
  const problems: string[] = [];
  if (first[0] !== last[0] || first[1] !== last[1]) problems.push('a ring is not closed');
  if (ring.some(([lon, lat]) => !(Math.abs(lon) <= 180 && Math.abs(lat) <= 90))) {
    problems.push('a point lies outside longitude ±180, latitude ±90');
  }
  return problems;
}

function catalogueProblems(
  catalogue: DispatchCatalogue,
  lives: OrgUnitLives,
  today: string | undefined,
): string[] {
  const where = `catalogue ${catalogue.catalogueId}`;
  return [
    ...duplicates(catalogue.categories.map(({ code }) => code)).map(
      (code) => `${where}: category ${code} is given twice`,
    ),
    ...catalogue.categories.flatMap((category) =>
      categoryProblems(category, lives, today).map(
        (problem) => `${where}: category ${category.code} ${problem}`,
      ),
    ),
  ];
}

/** Sums of weights are kept as whole hundredths: 0.29 is 28.999… of them where it is multiplied out. */
const isInHundredths = (weight: number): boolean => Number(weight.toFixed(2)) === weight;

function categoryProblems(category: Category, lives: OrgUnitLives, today: string | undefined): string[] {
  const { responsibleDepartmentId, assistingDepartmentIds = [], active, responsibleByArea = [] } = category;
  const problems: string[] = [];
  if (category.weight !== undefined && !isInHundredths(category.weight))
    problems.push('has a weight with more than two decimals');
  if (responsibleDepartmentId === undefined) {
    if (active) problems.push('has no responsible department');
  } else if (assistingDepartmentIds.includes(responsibleDepartmentId)) {
    problems.push(`has ${responsibleDepartmentId} both responsible and assisting`);
  }
  for (const id of duplicates(responsibleByArea.map(({ areaId }) => areaId))) {
    problems.push(`has two entries for the area ${id}`);
  }
  for (const { areaId, departmentId, assistingDepartmentIds: assisting } of responsibleByArea) {
    const area = lives.latest(areaId);
    if (!area) problems.push(`names the area ${areaId}, which does not exist`);
    else if (!AREA_KINDS.includes(area.kind)) problems.push(`names ${areaId}, a ${area.kind} and no area`);
    if (assisting?.includes(departmentId)) {
      problems.push(`has ${departmentId} both responsible and assisting in ${areaId}`);
    }
  }
  for (const id of departmentsNamedBy(category)) {
    const unit = lives.latest(id);
    if (!unit) problems.push(`names the department ${id}, which does not exist`);
    else if (unit.kind !== 'DEPARTMENT') problems.push(`names ${id}, a ${unit.kind} and no department`);
  }
  // What is out of use keeps the names it had.
  if (today === undefined || !active) return problems;
  for (const id of unitsNamedBy(category)) {
    if (!lives.latest(id) || lives.existsOn(id, today)) continue;
    problems.push(`names ${id}, which ${absence(id, lives, today)}: publish the catalogue with another`);
  }
  return problems;
}

function departmentsNamedBy(category: Category): readonly string[] {
  const { responsibleDepartmentId, assistingDepartmentIds = [], responsibleByArea = [] } = category;
  const named = [
    ...(responsibleDepartmentId === undefined ? [] : [responsibleDepartmentId]),
    ...assistingDepartmentIds,
    ...responsibleByArea.flatMap((area) => [area.departmentId, ...(area.assistingDepartmentIds ?? [])]),
  ];
  return [...new Set(named)];
}

function unitsNamedBy(category: Category): readonly string[] {
  const areas = (category.responsibleByArea ?? []).map(({ areaId }) => areaId);
  return [...departmentsNamedBy(category), ...areas];
}

interface PolicyReferences {
  readonly calendarIds: ReadonlySet<string>;
  readonly ladderIds: ReadonlySet<string>;
  readonly categoryCodes: ReadonlySet<string>;
}

function policyProblems(policy: DeadlinePolicy, published: PolicyReferences): string[] {
  const where = `policy ${policy.policyId}`;
  const problems: string[] = [];
  if (!published.calendarIds.has(policy.calendarId)) {
    problems.push(`${where}: its calendar ${policy.calendarId} does not exist`);
  }
  if (!published.ladderIds.has(policy.ladderId)) {
    problems.push(`${where}: its ladder ${policy.ladderId} does not exist`);
  }
  if (!isWarnPercent(policy.warnPercent)) problems.push(`${where}: warnPercent must be between 1 and 99`);
  if (!Number.isInteger(policy.returnsBeforeArbitration) || policy.returnsBeforeArbitration < 1) {
    problems.push(`${where}: returnsBeforeArbitration must be a whole number from 1`);
  }
  problems.push(...handlingProblems(policy).map((problem) => `${where}: ${problem}`));
  for (const timer of TIMER_KINDS) {
    const general = policy.rules.some((rule) => rule.timer === timer && conditionKey(rule.when) === '');
    if (!general) problems.push(`${where}: no rule without conditions for the timer ${timer}`);
  }
  const keys = policy.rules.map((rule) => `${rule.timer} ${conditionKey(rule.when)}`.trim());
  for (const key of duplicates(keys)) problems.push(`${where}: two rules for ${key}`);
  for (const rule of policy.rules) {
    const of = `${where}, rule for ${`${rule.timer} ${conditionKey(rule.when)}`.trim()}`;
    problems.push(...timeAllowedProblems(rule).map((problem) => `${of}: ${problem}`));
    if (rule.warnPercent !== undefined && !isWarnPercent(rule.warnPercent)) {
      problems.push(`${of}: warnPercent must be between 1 and 99`);
    }
    const code = rule.when?.category;
    if (code !== undefined && !published.categoryCodes.has(code)) {
      problems.push(`${of}: the category ${code} does not exist`);
    }
  }
  return problems;
}

function handlingProblems(rules: HandlingRules): string[] {
  const { refusalsBeforeArbitration, extensions, whistles, repeatWhistleDays } = rules;
  const problems: string[] = [];
  if (!Number.isInteger(refusalsBeforeArbitration) || refusalsBeforeArbitration < 1) {
    problems.push('refusalsBeforeArbitration must be a whole number from 1');
  }
  if (extensions.approvers.length !== extensions.max) {
    problems.push(
      `extensions names approvers for ${extensions.approvers.length} extensions and allows ${extensions.max}`,
    );
  }
  if (extensions.approvers.some((roles) => roles.length === 0)) {
    problems.push('extensions has one that nobody may approve');
  }
  for (const [kind, { proposers, approvers }] of Object.entries(whistles)) {
    if (proposers.length === 0) problems.push(`nobody may propose a whistle of kind ${kind}`);
    if (approvers.length === 0) problems.push(`nobody may approve a whistle of kind ${kind}`);
  }
  if (!(repeatWhistleDays >= 1)) problems.push('repeatWhistleDays must be 1 or more');
  return problems;
}

function timeAllowedProblems({ duration, stages }: DeadlineRule): string[] {
  if (stages === undefined) {
    if (duration === undefined) return ['it has neither a duration nor stages'];
    return duration === null ? [] : durationProblems(duration);
  }
  if (duration !== undefined) return ['it has both a duration and stages'];
  const problems = stages.length === 0 ? ['its list of stages is empty'] : [];
  stages.forEach((stage, i) => {
    problems.push(...durationProblems(stage.duration).map((problem) => `stage ${stage.name}: ${problem}`));
    const before = stages[i - 1]?.duration;
    if (!before) return;
    if (stage.duration.unit !== before.unit) {
      problems.push(`stage ${stage.name} is counted in another unit than the one before it`);
    } else if (!(stage.duration.amount > before.amount)) {
      problems.push(`stage ${stage.name} does not end after the one before it`);
    }
  });
  for (const name of duplicates(stages.map((stage) => stage.name))) {
    problems.push(`two stages are called ${name}`);
  }
  return problems;
}

function ladderProblems(ladder: EscalationLadder): string[] {
  const where = `ladder ${ladder.ladderId}`;
  if (ladder.steps.length === 0) return [`${where} has no first step: a breach would be answered by nobody`];
  return [
    ...stepProblems(ladder.steps, where),
    ...Object.entries(ladder.byTimer ?? {}).flatMap(([timer, steps]) =>
      stepProblems(steps, `${where} for ${timer}`),
    ),
  ];
}

const TRIGGER_PERCENT_MAX = 1_000;

function stepProblems(steps: readonly LadderStep[], where: string): string[] {
  const problems: string[] = [];
  let previous = -1;
  if (steps.length > 0 && steps[0]!.trigger !== 0) {
    problems.push(`${where}: the first step must be triggered by the breach itself (trigger 0)`);
  }
  for (const step of steps) {
    if (!(step.trigger >= 0 && step.trigger <= TRIGGER_PERCENT_MAX)) {
      problems.push(`${where}: trigger ${step.trigger} is not between 0 and ${TRIGGER_PERCENT_MAX} percent`);
    } else if (step.trigger <= previous) {
      problems.push(`${where}: trigger ${step.trigger} does not come after ${previous}`);
    }
    if (step.notify.length === 0) problems.push(`${where}: the step at ${step.trigger} % notifies nobody`);
    problems.push(...durationProblems(step.respondWithin).map((problem) => `${where}: ${problem}`));
    previous = step.trigger;
  }
  return problems;
}

/** What is wrong with a duration; the same limits as `addDuration` throws for. */
export function durationProblems({ amount, unit }: Duration): string[] {
  if (!(amount >= 0)) return [`the amount ${amount} is not 0 or more`];
  const inDays = unit === 'WORKING_DAY' || unit === 'CALENDAR_DAY';
  if (inDays && !Number.isInteger(amount)) return [`${amount} ${unit}: days are whole numbers`];
  const max = inDays ? DURATION_LIMITS.daysMax : DURATION_LIMITS.hoursMax;
  return amount > max ? [`${amount} ${unit} is more than ${max}`] : [];
}

function isWarnPercent(percent: number): boolean {
  return percent >= 1 && percent <= 99;
}

function conditionKey(when: RuleConditions | undefined): string {
  return CONDITION_FIELDS.filter((field) => when?.[field] !== undefined)
    .map((field) => `${field}=${when?.[field]}`)
    .join(' ');
}

function duplicates(values: readonly string[]): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const value of values) (seen.has(value) ? twice : seen).add(value);
  return [...twice];
}
