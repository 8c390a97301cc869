import {
  CLOCK_ON_RETURN,
  DURATION_UNITS,
  GRID_KINDS,
  LADDER_CONSEQUENCES,
  METRIC_IDS,
  ORG_UNIT_KINDS,
  SEVERITIES,
  SUPERVISION_LEVELS,
  TASK_ROLES,
  TIMER_KINDS,
  type TimerKind,
  URGENCIES,
  WHISTLE_KINDS,
  WORKING_DAY_RULES,
} from '@shaoying/jurisdiction-domain';
import {
  flag,
  integer,
  list,
  mapOf,
  nullable,
  number,
  oneOf,
  optional,
  pair,
  record,
  type Shape,
  type Shaped,
  taggedBy,
  text,
} from './shape.js';

/**
 * A whole prefecture fits (Shanghai: 16 districts, 220 streets, 6,000 communities, 13,000 estates is several files).
 * The byte limit of one event, 1 MiB, is the harder one for grid maps: publish one map per street.
 */
export const DOCUMENT_LIMITS = {
  orgUnitsMax: 5_000,
  gridsPerMapMax: 5_000,
  polygonsPerGridMax: 50,
  ringsPerGridMax: 20,
  pointsPerRingMax: 2_000,
  categoriesMax: 5_000,
  assistingDepartmentsMax: 20,
  areasPerCategoryMax: 500,
  basisCharsMax: 500,
  successorsMax: 50,
  rulesMax: 2_000,
  stagesPerRuleMax: 10,
  rolesPerRuleMax: 20,
  extensionsMax: 10,
  ladderStepsMax: 20,
  notifiedPerStepMax: 20,
  calendarYearsMax: 100,
  datesPerYearMax: 366,
  formulaCharsMax: 1_000,
  weightsMax: 50,
  idCharsMax: 80,
  nameCharsMax: 200,
} as const;

const L = DOCUMENT_LIMITS;
const VERSION_MAX = 1_000_000_000;

/** Opaque ids: what every engine accepts in a stream name, every URL in a path and every shell without quotes. */
const id = text(L.idCharsMax, /^[A-Za-z0-9][A-Za-z0-9._-]*$/);
/** Codes of other systems may hold letters of any script. */
const code = text(L.idCharsMax, /^[\p{L}\p{N}][\p{L}\p{N} ._/&()-]*$/u);
const name = text(L.nameCharsMax);
const isoDate = text(10, /^\d{4}-\d{2}-\d{2}$/);
const version = integer(1, VERSION_MAX);

const duration = record({ amount: number(0, 1_000_000), unit: oneOf(DURATION_UNITS) });

const orgUnitFields = {
  id,
  kind: oneOf(ORG_UNIT_KINDS),
  name,
  parentId: nullable(id),
  divisionCode: optional(text(20, /^\d+$/)),
  effectiveFrom: isoDate,
  effectiveTo: optional(isoDate),
  successorIds: optional(list(id, L.successorsMax, 1)),
};

const polygon = list(list(pair(number(-180, 180), number(-90, 90)), L.pointsPerRingMax), L.ringsPerGridMax);

const gridMapFields = {
  gridMapId: id,
  name,
  effectiveFrom: optional(isoDate),
  grids: list(
    record({
      id,
      kind: oneOf(GRID_KINDS),
      name,
      orgUnitId: id,
      code: optional(text(30, /^\d+$/)),
      boundary: taggedBy('type', {
        Polygon: record({ type: oneOf(['Polygon']), coordinates: polygon }),
        MultiPolygon: record({
          type: oneOf(['MultiPolygon']),
          coordinates: list(polygon, L.polygonsPerGridMax),
        }),
      }),
    }),
    L.gridsPerMapMax,
  ),
};

const catalogueFields = {
  catalogueId: id,
  name,
  categories: list(
    record({
      code,
      name,
      responsibleDepartmentId: optional(id),
      assistingDepartmentIds: optional(list(id, L.assistingDepartmentsMax)),
      basis: optional(text(L.basisCharsMax)),
      responsibleByArea: optional(
        list(
          record({
            areaId: id,
            departmentId: id,
            assistingDepartmentIds: optional(list(id, L.assistingDepartmentsMax)),
            basis: optional(text(L.basisCharsMax)),
          }),
          L.areasPerCategoryMax,
        ),
      ),
      hazard: optional(flag),
      urgency: optional(oneOf(URGENCIES)),
      weight: optional(number(0.01, 100)),
      active: flag,
    }),
    L.categoriesMax,
  ),
};

const roles = list(text(L.idCharsMax), L.rolesPerRuleMax, 1);

const whistleRule = record({ proposers: roles, approvers: roles, actsFirst: flag, fourEyes: flag });

const policyFields = {
  policyId: id,
  name,
  calendarId: id,
  ladderId: id,
  warnPercent: number(1, 99),
  clockOnReturn: oneOf(CLOCK_ON_RETURN),
  returnsBeforeArbitration: integer(1, 100),
  refusalsBeforeArbitration: integer(1, 100),
  extensions: record({ max: integer(0, L.extensionsMax), approvers: list(roles, L.extensionsMax) }),
  whistles: record({
    PUBLIC_DEMAND: whistleRule,
    KEY_WORK: whistleRule,
    JOINT_ENFORCEMENT: whistleRule,
    EMERGENCY: whistleRule,
  }),
  repeatWhistleDays: integer(1, 3_650),
  rules: list(
    record({
      timer: oneOf(TIMER_KINDS),
      when: optional(
        record({
          category: optional(code),
          whistleKind: optional(oneOf(WHISTLE_KINDS)),
          urgency: optional(oneOf(URGENCIES)),
          severity: optional(oneOf(SEVERITIES)),
          role: optional(oneOf(TASK_ROLES)),
        }),
      ),
      duration: optional(nullable(duration)),
      stages: optional(list(record({ name, duration }), L.stagesPerRuleMax, 1)),
      warnPercent: optional(number(1, 99)),
    }),
    L.rulesMax,
  ),
};

const ladderSteps = list(
  record({
    trigger: number(0, 1_000),
    level: oneOf(SUPERVISION_LEVELS),
    notify: list(text(L.idCharsMax), L.notifiedPerStepMax),
    respondWithin: duration,
    consequence: optional(oneOf(LADDER_CONSEQUENCES)),
  }),
  L.ladderStepsMax,
);

type StepsByTimer = {
  readonly [K in TimerKind]: ReturnType<
    typeof optional<typeof ladderSteps extends Shape<infer T> ? T : never>
  >;
};

const ladderFields = {
  ladderId: id,
  name,
  steps: ladderSteps,
  byTimer: optional(
    record(Object.fromEntries(TIMER_KINDS.map((timer) => [timer, optional(ladderSteps)])) as StepsByTimer),
  ),
};

const calendarFields = {
  calendarId: id,
  name: optional(name),
  utcOffsetMinutes: integer(-840, 840),
  workingHours: list(record({ from: text(5), to: text(5) }), 12, 1),
  years: mapOf(
    /^\d{4}$/,
    record({
      holidays: list(isoDate, L.datesPerYearMax),
      makeUpWorkdays: list(isoDate, L.datesPerYearMax),
    }),
    L.calendarYearsMax,
  ),
  workingDayRule: oneOf(WORKING_DAY_RULES),
};

const bilingual = record({ zh: text(L.formulaCharsMax), en: text(L.formulaCharsMax) });

const metricFields = <Id extends string>(metricId: Shape<Id>) => ({
  metricId,
  name: record({ zh: name, en: name }),
  formula: bilingual,
  numerator: bilingual,
  denominator: bilingual,
  weights: optional(list(record({ metricId, weight: number(0, 1) }), L.weightsMax, 1)),
  params: optional(
    record({
      weightBasicallySatisfied: optional(number(0, 1)),
      weightPartlySolved: optional(number(0, 1)),
      minimumSample: optional(integer(1, 1_000_000)),
      windowDays: optional(integer(1, 3_650)),
      thresholdPercent: optional(integer(1, 99)),
    }),
  ),
});

/** Documents as they are handed in: without a version, which publishing gives them. */
export const orgUnitShape = record(orgUnitFields);
export const gridMapDocumentShape = record(gridMapFields);
export const catalogueDocumentShape = record(catalogueFields);
export const policyDocumentShape = record(policyFields);
export const ladderDocumentShape = record(ladderFields);
export const calendarDocumentShape = record(calendarFields);
export const metricDocumentShape = record(metricFields(oneOf(METRIC_IDS)));

/** A unit that a reform founds, or one that is there already, named by its id alone. */
const newUnit = record({
  id,
  kind: optional(oneOf(ORG_UNIT_KINDS)),
  name: optional(name),
  parentId: optional(id),
  divisionCode: optional(text(20, /^\d+$/)),
});
export type NewOrgUnit = Shaped<typeof newUnit>;

/** Reforms of the administration, as they are handed in. */
export const renamingShape = record({
  id,
  name: optional(name),
  divisionCode: optional(text(20, /^\d+$/)),
  from: isoDate,
});
export const mergerShape = record({
  unitIds: list(id, L.successorsMax, 1),
  into: newUnit,
  from: isoDate,
});
export const splittingShape = record({
  id,
  into: list(newUnit, L.successorsMax, 1),
  from: isoDate,
  /** Where the units below it go. */
  children: optional(list(record({ id, parentId: id }), L.orgUnitsMax)),
});

/** Documents as published. */
export const gridMapShape = record({ ...gridMapFields, version });
export const catalogueShape = record({ ...catalogueFields, version });
export const policyShape = record({ ...policyFields, version });
export const ladderShape = record({ ...ladderFields, version });
export const calendarShape = record({ ...calendarFields, version });
/** Of whichever metrics the release that wrote it computes: one more of them is no other event (ADR 34). */
export const metricShape = record({ ...metricFields(id), version });
export const versionShape = version;
