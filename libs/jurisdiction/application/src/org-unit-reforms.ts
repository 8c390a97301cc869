import {
  mergerShape,
  type NewOrgUnit,
  parseShape,
  renamingShape,
  type Shape,
  splittingShape,
} from '@shaoying/jurisdiction-contracts';
import type { Category, OrgUnit } from '@shaoying/jurisdiction-domain';
import { JurisdictionInvalid } from './jurisdiction.errors.js';
import {
  type JurisdictionDocuments,
  NO_DOCUMENTS,
  one,
  withCategories,
  withoutVersion,
} from './jurisdiction-documents.js';
import type { PublishedJurisdiction } from './published-jurisdiction.js';

// Reforms of the administration (机构改革) as the documents that carry them out: each is published like any other
// documents, validated as a whole and told by OrgUnitEstablished and OrgUnitRevised.

/** A unit under another name, or with another division code, from a day on. @throws JurisdictionInvalid */
export function renaming(current: PublishedJurisdiction, body: unknown): JurisdictionDocuments {
  const { from, ...changes } = read(renamingShape, body);
  const unit = existing(current, changes.id, from);
  if (changes.name === undefined && changes.divisionCode === undefined) {
    throw new JurisdictionInvalid(['a renaming needs a name or a divisionCode']);
  }
  return { ...NO_DOCUMENTS, orgUnits: [ordered({ ...unit, ...changes, effectiveFrom: from })] };
}

/**
 * Units that become one, which may be new or be there already. What hangs on them moves with them: units below them,
 * grids, and from the day itself their part in the catalogues.
 * @param today ISO date in the city's own time
 * @throws JurisdictionInvalid
 */
export function merger(current: PublishedJurisdiction, body: unknown, today: string): JurisdictionDocuments {
  const { unitIds, into, from } = read(mergerShape, body);
  const units = unitIds.map((unitId) => existing(current, unitId, from));
  const [first] = units as [OrgUnit, ...OrgUnit[]];
  if (unitIds.includes(into.id)) throw new JurisdictionInvalid([`${into.id} cannot take over from itself`]);
  const successor = current.orgUnit(into.id) ? [] : [founded(into, first, from)];
  const ended = units.map((unit) => ending(unit, from, [into.id]));
  const replaced = new Map(unitIds.map((unitId) => [unitId, into.id]));
  return {
    ...NO_DOCUMENTS,
    orgUnits: [...successor, ...ended, ...movedChildren(current, replaced, from)],
    gridMaps: movedGrids(current, replaced, from),
    catalogues: from <= today ? movedCatalogues(current, replaced) : [],
  };
}

/**
 * A unit that becomes several. Where its grids, its part in the catalogues and the units below it go only people can
 * say: `gridMap` and `categories` are documents as they are published by themselves, `children` says it for the units.
 * @throws JurisdictionInvalid
 */
export function splitting(current: PublishedJurisdiction, body: unknown): JurisdictionDocuments {
  const { categories, catalogueId, gridMap, ...split } = isObject(body) ? body : { body };
  const { id: unitId, into, from, children = [] } = read(splittingShape, split);
  const unit = existing(current, unitId, from);
  const founding = into.filter((successor) => !current.orgUnit(successor.id));
  return {
    ...NO_DOCUMENTS,
    orgUnits: [
      ...founding.map((successor) => founded(successor, unit, from)),
      ending(
        unit,
        from,
        into.map((successor) => successor.id),
      ),
      ...children.map((child) =>
        ordered({ ...existing(current, child.id, from), parentId: child.parentId, effectiveFrom: from }),
      ),
    ],
    gridMaps: gridMap === undefined ? [] : one('gridMaps', gridMap).gridMaps,
    catalogues:
      categories === undefined
        ? []
        : withCategories(current, {
            ...(catalogueId !== undefined && { catalogueId }),
            categories,
          }).catalogues,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function read<T>(shape: Shape<T>, body: unknown): T {
  const result = parseShape(shape, body);
  if (result.ok) return result.value;
  throw new JurisdictionInvalid(result.problems.map(({ path, message }) => `${path} ${message}`.trim()));
}

/** @param from day of the reform: a unit that ends on it has been reformed already, by the same request sent twice */
function existing(current: PublishedJurisdiction, unitId: string, from: string): OrgUnit {
  const unit = current.orgUnit(unitId);
  if (!unit) throw new JurisdictionInvalid([`there is no org unit ${unitId}`]);
  if (unit.effectiveTo !== undefined && unit.effectiveTo !== from) {
    throw new JurisdictionInvalid([`org unit ${unitId} ends on ${unit.effectiveTo} already`]);
  }
  return unit;
}

/** A new unit in the place of another: of its kind and under its parent unless said otherwise. */
function founded(unit: NewOrgUnit, before: OrgUnit, from: string): OrgUnit {
  if (unit.name === undefined) throw new JurisdictionInvalid([`the new unit ${unit.id} needs a name`]);
  return ordered({
    id: unit.id,
    kind: unit.kind ?? before.kind,
    name: unit.name,
    parentId: unit.parentId ?? before.parentId,
    ...(unit.divisionCode !== undefined && { divisionCode: unit.divisionCode }),
    effectiveFrom: from,
  });
}

function ending(unit: OrgUnit, from: string, successorIds: readonly string[]): OrgUnit {
  return ordered({ ...unit, effectiveTo: from, successorIds });
}

function movedChildren(
  current: PublishedJurisdiction,
  replaced: ReadonlyMap<string, string>,
  from: string,
): OrgUnit[] {
  return current.orgUnits().flatMap((child) => {
    const parentId = child.parentId === null ? undefined : replaced.get(child.parentId);
    const goesOn = child.effectiveTo === undefined || child.effectiveTo > from;
    return parentId !== undefined && goesOn && !replaced.has(child.id)
      ? [ordered({ ...child, parentId, effectiveFrom: from })]
      : [];
  });
}

function movedGrids(
  current: PublishedJurisdiction,
  replaced: ReadonlyMap<string, string>,
  from: string,
): JurisdictionDocuments['gridMaps'] {
  return current
    .gridMaps()
    .filter((map) => map.grids.some(({ orgUnitId }) => replaced.has(orgUnitId)))
    .map(({ gridMapId, name: mapName, effectiveFrom, grids }) => ({
      gridMapId,
      name: mapName,
      // A map that holds from a later day on was drawn for what comes after.
      effectiveFrom: effectiveFrom !== undefined && effectiveFrom > from ? effectiveFrom : from,
      grids: grids.map((grid) => ({
        ...grid,
        orgUnitId: replaced.get(grid.orgUnitId) ?? grid.orgUnitId,
      })),
    }));
}

function movedCatalogues(
  current: PublishedJurisdiction,
  replaced: ReadonlyMap<string, string>,
): JurisdictionDocuments['catalogues'] {
  return current
    .catalogues()
    .map((catalogue) => ({
      ...withoutVersion(catalogue),
      categories: catalogue.categories.map((category) => movedCategory(category, replaced)),
    }))
    .filter(
      (moved) =>
        JSON.stringify(moved.categories) !== JSON.stringify(current.catalogue(moved.catalogueId)?.categories),
    );
}

function movedCategory(category: Category, replaced: ReadonlyMap<string, string>): Category {
  // What is out of use keeps the names it had.
  if (!category.active) return category;
  const now = (unitId: string): string => replaced.get(unitId) ?? unitId;
  const assisting = (unitIds: readonly string[], lead: string | undefined): string[] => [
    ...new Set(unitIds.map(now).filter((unitId) => unitId !== lead)),
  ];
  const { responsibleDepartmentId, assistingDepartmentIds, responsibleByArea } = category;
  const lead = responsibleDepartmentId === undefined ? undefined : now(responsibleDepartmentId);
  const byArea = responsibleByArea?.map((entry) => {
    const departmentId = now(entry.departmentId);
    const { assistingDepartmentIds: helpers } = entry;
    return {
      ...entry,
      areaId: now(entry.areaId),
      departmentId,
      ...(helpers && { assistingDepartmentIds: assisting(helpers, departmentId) }),
    };
  });
  return {
    ...category,
    ...(lead !== undefined && { responsibleDepartmentId: lead }),
    ...(assistingDepartmentIds && {
      assistingDepartmentIds: assisting(assistingDepartmentIds, lead),
    }),
    // Two areas that became one may have had entries of their own; the first one's stays.
    ...(byArea && {
      responsibleByArea: byArea.filter(
        (entry, i) => byArea.findIndex(({ areaId }) => areaId === entry.areaId) === i,
      ),
    }),
  };
}

/** Fields in the order in which they are read from the log, so that equal units are equal JSON. */
function ordered(unit: OrgUnit): OrgUnit {
  const { id: unitId, kind, name: unitName, parentId, divisionCode: code } = unit;
  return {
    id: unitId,
    kind,
    name: unitName,
    parentId,
    ...(code !== undefined && { divisionCode: code }),
    effectiveFrom: unit.effectiveFrom,
    ...(unit.effectiveTo !== undefined && { effectiveTo: unit.effectiveTo }),
    ...(unit.successorIds && { successorIds: unit.successorIds }),
  };
}
