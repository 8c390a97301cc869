import type { CalendarYear, Grid, LonLat } from '@shaoying/jurisdiction-domain';
import { Document, isCollection, isMap, isScalar, isSeq, parseDocument, visit } from 'yaml';
import { JurisdictionInvalid } from './jurisdiction.errors.js';
import {
  type JurisdictionDocuments,
  NO_DOCUMENTS,
  readDocuments,
  withoutVersion,
} from './jurisdiction-documents.js';
import type { PublishedJurisdiction } from './published-jurisdiction.js';
import { EVERY_DAY_SOURCE, everyDayYear, STATUTORY_SOURCE, statutoryYear } from './statutory-calendar.js';

/** First line of every file; the number rises with the next change that old readers would misread. */
export const FILE_FORMAT = 'shaoying-jurisdiction/1';

/** Characters. A district with 1,000 grids is about 300,000. */
export const FILE_CHARS_MAX = 8_000_000;

const KINDS = Object.keys(NO_DOCUMENTS) as readonly (keyof JurisdictionDocuments)[];

/**
 * The documents of a jurisdiction file. Two shorthands are written out here: a grid may give `bbox: [west, south, east,
 * north]` for its boundary, and a calendar year `source: chinese-days` or `source: every-day` for its dates.
 * @throws JurisdictionInvalid with a line number for broken YAML, a path for a wrong field
 */
export function readJurisdictionFile(yamlText: string): JurisdictionDocuments {
  if (yamlText.length > FILE_CHARS_MAX) {
    throw new JurisdictionInvalid([
      `the file has ${yamlText.length} characters, more than ${FILE_CHARS_MAX}`,
    ]);
  }
  const content = parseYaml(yamlText);
  if (!isObject(content)) throw new JurisdictionInvalid(['the file must be a mapping']);
  const { format, ...lists } = content;
  if (format !== FILE_FORMAT) throw new JurisdictionInvalid([`format must be ${FILE_FORMAT}`]);
  const unknown = Object.keys(lists).filter((key) => !(KINDS as readonly string[]).includes(key));
  if (unknown.length > 0) {
    throw new JurisdictionInvalid(
      unknown.map((key) => `${key.slice(0, 40)} is not a section of a jurisdiction file`),
    );
  }
  const problems: string[] = [];
  const read = <K extends keyof JurisdictionDocuments>(kind: K, value: unknown): JurisdictionDocuments[K] => {
    try {
      return readDocuments(kind, value ?? []);
    } catch (error) {
      if (!(error instanceof JurisdictionInvalid)) throw error;
      problems.push(...error.problems);
      return NO_DOCUMENTS[kind];
    }
  };
  const documents = {
    orgUnits: read('orgUnits', lists.orgUnits),
    gridMaps: read('gridMaps', mapEntries(lists.gridMaps, withBoundaries)),
    catalogues: read('catalogues', lists.catalogues),
    policies: read('policies', lists.policies),
    ladders: read('ladders', lists.ladders),
    calendars: read('calendars', mapEntries(lists.calendars, withStatutoryYears)),
    metricDefinitions: read('metricDefinitions', lists.metricDefinitions),
  };
  if (problems.length > 0) throw new JurisdictionInvalid(problems);
  return documents;
}

/** The jurisdiction in force as a file that, published into an empty log, gives the same jurisdiction. */
export function writeJurisdictionFile(current: PublishedJurisdiction): string {
  const inForce = current.inForce();
  const document = new Document(
    {
      format: FILE_FORMAT,
      orgUnits: inForce.orgUnits,
      gridMaps: inForce.gridMaps.map((map) => ({ ...withoutVersion(map), grids: map.grids.map(withBbox) })),
      catalogues: inForce.catalogues.map(withoutVersion),
      policies: inForce.policies.map(withoutVersion),
      ladders: inForce.ladders.map(withoutVersion),
      calendars: inForce.calendars.map(withoutVersion),
      metricDefinitions: inForce.metricDefinitions.map(withoutVersion),
    },
    { aliasDuplicateObjects: false },
  );
  commentSections(document);
  visit(document, {
    Collection: (_key, node) => {
      // One line per unit, grid, category or rule: the file is read by people.
      if (isCollection(node) && (isLeaf(node) || JSON.stringify(node).length <= 200)) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

/** What a reader of the file needs to know; the sample's comments say more. */
const SECTION_COMMENTS: Readonly<Record<string, string>> = {
  orgUnits:
    ' A unit that was renamed, moved or ended has a line for each version, by its first day (effectiveFrom).',
  gridMaps: ' WGS-84 degrees: bbox is west, south, east, north; boundary is GeoJSON.',
  catalogues: ' Who is responsible for what, and where it is somebody else (responsibleByArea).',
  policies: ' The most specific rule wins: category, whistleKind, urgency, severity, role.',
  ladders: ' trigger: percent of the time allowed by which the deadline is past due.',
  calendars: ' Dates that differ from Monday to Friday.',
  metricDefinitions: ' What the published numbers mean.',
};

function commentSections(document: Document): void {
  if (!isMap(document.contents)) return;
  for (const { key } of document.contents.items) {
    const comment = isScalar(key) ? SECTION_COMMENTS[String(key.value)] : undefined;
    if (!isScalar(key) || comment === undefined) continue;
    key.spaceBefore = true;
    key.commentBefore = comment;
  }
}

function isLeaf(node: unknown): boolean {
  return (
    isSeq(node) &&
    node.items.length > 0 &&
    node.items.every((item) => isScalar(item) || (isSeq(item) && isLeaf(item)))
  );
}

function parseYaml(yamlText: string): unknown {
  const document = parseDocument(yamlText, { schema: 'core', strict: true, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new JurisdictionInvalid(
      document.errors.slice(0, 20).map((error) => error.message.split('\n')[0] ?? error.code),
    );
  }
  if (!isMap(document.contents)) return null;
  try {
    // Aliases are counted, since a few of them can unfold to gigabytes.
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new JurisdictionInvalid([error instanceof Error ? error.message : 'the YAML cannot be read']);
  }
}

const YEAR_SOURCES: Readonly<Record<string, (year: number) => CalendarYear | null>> = {
  [STATUTORY_SOURCE]: statutoryYear,
  [EVERY_DAY_SOURCE]: everyDayYear,
};

/** Writes out the `source` of the years of a calendar; anything else is left for the shape to judge. */
export function withStatutoryYears(calendar: unknown): unknown {
  if (!isObject(calendar) || !isObject(calendar.years)) return calendar;
  const years = Object.entries(calendar.years).map(([year, changes]) => {
    const source = isObject(changes) && Object.keys(changes).length === 1 ? changes.source : undefined;
    const written = typeof source === 'string' && Object.hasOwn(YEAR_SOURCES, source) ? source : null;
    if (written === null) return [year, changes] as const;
    const published = YEAR_SOURCES[written]?.(Number(year)) ?? null;
    if (!published) {
      throw new JurisdictionInvalid([
        `calendar year ${year.slice(0, 10)}: ${written} does not know it; list its dates`,
      ]);
    }
    return [year, published] as const;
  });
  return { ...calendar, years: Object.fromEntries(years) };
}

function withBoundaries(gridMap: unknown): unknown {
  if (!isObject(gridMap)) return gridMap;
  return { ...gridMap, grids: mapEntries(gridMap.grids, withBoundary) };
}

function withBoundary(grid: unknown): unknown {
  if (!isObject(grid) || !Array.isArray(grid.bbox) || grid.boundary !== undefined) return grid;
  const { bbox, ...rest } = grid;
  const [west, south, east, north, ...more] = bbox as unknown[];
  if (![west, south, east, north].every((edge) => typeof edge === 'number') || more.length > 0) return grid;
  return {
    ...rest,
    boundary: { type: 'Polygon', coordinates: [rectangle(bbox as [number, number, number, number])] },
  };
}

/** Counter-clockwise, as RFC 7946 wants outer rings. */
function rectangle([west, south, east, north]: readonly [number, number, number, number]): LonLat[] {
  return [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
}

function withBbox(grid: Grid): unknown {
  if (grid.boundary.type !== 'Polygon') return grid;
  const [ring, ...holes] = grid.boundary.coordinates;
  const [southWest, , northEast] = ring ?? [];
  if (!southWest || !northEast || holes.length > 0) return grid;
  const bbox = [...southWest, ...northEast] as [number, number, number, number];
  if (JSON.stringify(ring) !== JSON.stringify(rectangle(bbox))) return grid;
  const { boundary: _boundary, ...rest } = grid;
  return { ...rest, bbox };
}

function mapEntries(list: unknown, change: (entry: unknown) => unknown): unknown {
  return Array.isArray(list) ? list.map(change) : list;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
