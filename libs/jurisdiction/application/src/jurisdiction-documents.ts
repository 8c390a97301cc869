import {
  calendarDocumentShape,
  DEFAULT_HANDLING_RULES,
  catalogueDocumentShape,
  gridMapDocumentShape,
  jurisdictionStream,
  ladderDocumentShape,
  metricDocumentShape,
  orgUnitShape,
  parseShape,
  policyDocumentShape,
  type JurisdictionEvent,
  type Shape,
} from '@shaoying/jurisdiction-contracts';
import type {
  DeadlinePolicy,
  DispatchCatalogue,
  EscalationLadder,
  GridMap,
  Jurisdiction,
  MetricDefinition,
  OrgUnit,
  WorkingCalendar,
} from '@shaoying/jurisdiction-domain';
import { JurisdictionInvalid } from './jurisdiction.errors.js';
import { type OrgUnitNews, orgUnitsAfter, orgUnitStages } from './org-unit-changes.js';
import { DEFAULT_ID, type PublishedJurisdiction } from './published-jurisdiction.js';

export type Unversioned<D> = Omit<D, 'version'>;

/** Documents on their way to publication: no versions yet, any of the lists may be empty. */
export interface JurisdictionDocuments {
  readonly orgUnits: readonly OrgUnit[];
  readonly gridMaps: readonly Unversioned<GridMap>[];
  readonly catalogues: readonly Unversioned<DispatchCatalogue>[];
  readonly policies: readonly Unversioned<DeadlinePolicy>[];
  readonly ladders: readonly Unversioned<EscalationLadder>[];
  readonly calendars: readonly Unversioned<WorkingCalendar>[];
  readonly metricDefinitions: readonly Unversioned<MetricDefinition>[];
}

export const NO_DOCUMENTS: JurisdictionDocuments = {
  orgUnits: [],
  gridMaps: [],
  catalogues: [],
  policies: [],
  ladders: [],
  calendars: [],
  metricDefinitions: [],
};

/** Files hold one jurisdiction; more documents of a kind than this is a mistake. A prefecture has a map per street. */
const DOCUMENTS_PER_KIND_MAX = 500;
/** Versions of units. */
const ORG_UNITS_MAX = 10_000;

const DOCUMENT_KINDS = {
  orgUnits: { shape: orgUnitShape, max: ORG_UNITS_MAX },
  gridMaps: { shape: gridMapDocumentShape, max: DOCUMENTS_PER_KIND_MAX },
  catalogues: { shape: catalogueDocumentShape, max: DOCUMENTS_PER_KIND_MAX },
  policies: { shape: policyDocumentShape, max: DOCUMENTS_PER_KIND_MAX },
  ladders: { shape: ladderDocumentShape, max: DOCUMENTS_PER_KIND_MAX },
  calendars: { shape: calendarDocumentShape, max: DOCUMENTS_PER_KIND_MAX },
  metricDefinitions: { shape: metricDocumentShape, max: DOCUMENTS_PER_KIND_MAX },
} as const satisfies {
  [K in keyof JurisdictionDocuments]: { shape: Shape<JurisdictionDocuments[K][number]>; max: number };
};

/**
 * Documents of one kind out of anything at all, known fields only and in a fixed order (so that equal contents are
 * equal JSON). @throws JurisdictionInvalid naming each field that is wrong
 */
export function readDocuments<K extends keyof JurisdictionDocuments>(
  kind: K,
  values: unknown,
): JurisdictionDocuments[K] {
  const { shape, max } = DOCUMENT_KINDS[kind];
  if (!Array.isArray(values)) throw new JurisdictionInvalid([`${kind} must be a list`]);
  if (values.length > max)
    throw new JurisdictionInvalid([`${kind} has ${values.length} entries, more than ${max}`]);
  const problems: string[] = [];
  const documents = values.map((given, i) => {
    const value = kind === 'policies' ? withHandlingDefaults(given) : given;
    const result = parseShape<JurisdictionDocuments[keyof JurisdictionDocuments][number]>(shape, value);
    if (result.ok) return result.value;
    for (const { path, message } of result.problems) {
      problems.push(`${kind}[${i}]${path === '' ? '' : `.${path}`} ${message}`);
    }
    return undefined;
  });
  if (problems.length > 0) throw new JurisdictionInvalid(problems.slice(0, 100));
  // DOCUMENT_KINDS ties each list to its shape; the compiler cannot follow a look-up by a union.
  return documents as unknown as JurisdictionDocuments[K];
}

/** What a policy document does not say about handling is what places begin with; the event says all of it. */
function withHandlingDefaults(policy: unknown): unknown {
  if (typeof policy !== 'object' || policy === null || Array.isArray(policy)) return policy;
  return { ...DEFAULT_HANDLING_RULES, ...policy };
}

/** One document of any JSON. @throws JurisdictionInvalid */
export function one<K extends keyof JurisdictionDocuments>(
  kind: K,
  document: unknown,
): JurisdictionDocuments {
  return { ...NO_DOCUMENTS, [kind]: readDocuments(kind, [document]) };
}

/**
 * A catalogue with categories added, or put in the place of those with the same code; the others stay.
 * @param input `{catalogueId?, name?, categories}`
 * @throws JurisdictionInvalid
 */
export function withCategories(current: PublishedJurisdiction, input: unknown): JurisdictionDocuments {
  const { catalogueId = DEFAULT_ID, ...given } = asObject(input);
  const before = typeof catalogueId === 'string' ? current.catalogue(catalogueId) : undefined;
  const { name = before?.name, ...rest } = given;
  const [added] = readDocuments('catalogues', [{ catalogueId, name, ...rest }]);
  const byCode = new Map(before?.categories.map((category) => [category.code, category]));
  const codes = added!.categories.map(({ code }) => code);
  const twice = codes.filter((code, i) => codes.indexOf(code) !== i);
  if (twice.length > 0) {
    throw new JurisdictionInvalid(twice.map((code) => `category ${code} is given twice`));
  }
  for (const category of added!.categories) byCode.set(category.code, category);
  return one('catalogues', { ...added, categories: [...byCode.values()] });
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new JurisdictionInvalid(['the body must be a mapping with categories']);
}

/** One document that differs from what is in force, as the event that publishes it. */
export interface Change {
  readonly streamId: string;
  readonly documentId: string;
  readonly version: number;
  readonly event: JurisdictionEvent;
}

/**
 * What publishing `documents` would change, in stages: a later one refers to earlier ones.
 * @param today ISO date of the publication in the city's own time
 */
export function changesOf(
  documents: JurisdictionDocuments,
  current: PublishedJurisdiction,
  today: string,
): Change[][] {
  return [
    [
      ...documents.calendars.flatMap((it) => calendarChange(it, current)),
      ...documents.ladders.flatMap((it) => ladderChange(it, current)),
      ...documents.metricDefinitions.flatMap((it) => metricChange(it, current)),
    ],
    ...orgUnitStages(current, documents.orgUnits).map((stage) => stage.map(orgUnitChange)),
    documents.gridMaps.flatMap((it) => gridMapChange(it, current, today)),
    documents.catalogues.flatMap((it) => catalogueChange(it, current)),
    // Last, since `pins()` answers as soon as a policy is there: nobody files an incident under half a jurisdiction.
    documents.policies.flatMap((it) => policyChange(it, current)),
  ].filter((stage) => stage.length > 0);
}

/** The jurisdiction that would be in force after publishing, for validation as a whole. */
export function jurisdictionWith(
  documents: JurisdictionDocuments,
  published: PublishedJurisdiction,
): Jurisdiction {
  const current = published.inForce();
  return {
    orgUnits: orgUnitsAfter(published, documents.orgUnits),
    gridMaps: overlay(current.gridMaps, documents.gridMaps.map(unpublished), (map) => map.gridMapId),
    catalogues: overlay(current.catalogues, documents.catalogues.map(unpublished), (it) => it.catalogueId),
    policies: overlay(current.policies, documents.policies.map(unpublished), (policy) => policy.policyId),
    ladders: overlay(current.ladders, documents.ladders.map(unpublished), (ladder) => ladder.ladderId),
    calendars: overlay(current.calendars, documents.calendars.map(unpublished), (it) => it.calendarId),
    metricDefinitions: overlay(
      current.metricDefinitions,
      documents.metricDefinitions.map(unpublished),
      (it) => it.metricId,
    ),
  };
}

function unpublished<D extends object>(document: D): D & { readonly version: number } {
  return { ...document, version: 0 };
}

/** Keeps duplicates among the new ones: finding them is validation's work. */
function overlay<D>(current: readonly D[], added: readonly D[], idOf: (document: D) => string): D[] {
  const replaced = new Set(added.map(idOf));
  return [...current.filter((document) => !replaced.has(idOf(document))), ...added];
}

function orgUnitChange({ orgUnit, version }: OrgUnitNews): Change {
  const type = version === 1 ? 'OrgUnitEstablished' : 'OrgUnitRevised';
  const event = { type, data: { orgUnit, version } } as const;
  return change(jurisdictionStream.orgUnit(orgUnit.id), orgUnit.id, version, event);
}

/** A redrawn map that does not say since when holds from today on: cases of before keep lying where they lay. */
function gridMapChange(
  document: Unversioned<GridMap>,
  current: PublishedJurisdiction,
  today: string,
): Change[] {
  const before = current.gridMap(document.gridMapId);
  const dated = (effectiveFrom: string | undefined): Unversioned<GridMap> => {
    if (document.effectiveFrom !== undefined || effectiveFrom === undefined) return document;
    const { gridMapId, name, grids } = document;
    return { gridMapId, name, effectiveFrom, grids };
  };
  if (before && nextVersion(dated(before.effectiveFrom), before) === null) return [];
  const gridMap = nextVersion(dated(before && today), before);
  if (!gridMap) return [];
  const streamId = jurisdictionStream.gridMap(gridMap.gridMapId);
  return [
    change(streamId, gridMap.gridMapId, gridMap.version, { type: 'GridMapPublished', data: { gridMap } }),
  ];
}

function metricChange(document: Unversioned<MetricDefinition>, current: PublishedJurisdiction): Change[] {
  const metric = nextVersion(document, current.metricDefinition(document.metricId));
  if (!metric) return [];
  const event = { type: 'MetricDefinitionPublished', data: { metric } } as const;
  return [change(jurisdictionStream.metric(metric.metricId), metric.metricId, metric.version, event)];
}

function catalogueChange(document: Unversioned<DispatchCatalogue>, current: PublishedJurisdiction): Change[] {
  const catalogue = nextVersion(document, current.catalogue(document.catalogueId));
  if (!catalogue) return [];
  const { catalogueId, version } = catalogue;
  const event = { type: 'DispatchCataloguePublished', data: { catalogue } } as const;
  return [change(jurisdictionStream.catalogue(catalogueId), catalogueId, version, event)];
}

function policyChange(document: Unversioned<DeadlinePolicy>, current: PublishedJurisdiction): Change[] {
  const policy = nextVersion(document, current.policy(document.policyId));
  if (!policy) return [];
  const event = { type: 'DeadlinePolicyPublished', data: { policy } } as const;
  return [change(jurisdictionStream.policy(policy.policyId), policy.policyId, policy.version, event)];
}

function ladderChange(document: Unversioned<EscalationLadder>, current: PublishedJurisdiction): Change[] {
  const ladder = nextVersion(document, current.escalationLadder(document.ladderId));
  if (!ladder) return [];
  const event = { type: 'EscalationLadderPublished', data: { ladder } } as const;
  return [change(jurisdictionStream.ladder(ladder.ladderId), ladder.ladderId, ladder.version, event)];
}

function calendarChange(document: Unversioned<WorkingCalendar>, current: PublishedJurisdiction): Change[] {
  const calendar = nextVersion(document, current.calendar(document.calendarId));
  if (!calendar) return [];
  const event = { type: 'WorkingCalendarPublished', data: { calendar } } as const;
  return [
    change(jurisdictionStream.calendar(calendar.calendarId), calendar.calendarId, calendar.version, event),
  ];
}

function change(streamId: string, documentId: string, version: number, event: JurisdictionEvent): Change {
  return { streamId, documentId, version, event };
}

/** The document as its next version, or `null` when it says what is in force already. */
function nextVersion<D extends { readonly version: number }>(
  document: Unversioned<D>,
  current: D | undefined,
): (Unversioned<D> & { version: number }) | null {
  if (current && sameContents(withoutVersion(current), document)) return null;
  return { ...document, version: (current?.version ?? 0) + 1 };
}

export function withoutVersion<D extends { readonly version: number }>(document: D): Unversioned<D> {
  const { version: _version, ...contents } = document;
  return contents;
}

function sameContents(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
