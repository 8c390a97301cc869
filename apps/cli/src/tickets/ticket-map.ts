import Type from 'typebox';
import { Errors } from 'typebox/value';
import { ISO_FORMAT, LOCAL_TIME_RULES, timeFormatProblem } from './local-time.js';

/** Thrown when a map cannot be used; `problems` says where and why, one sentence each. */
export class TicketMapInvalid extends Error {
  readonly code = 'TICKET_MAP_INVALID';
  constructor(readonly problems: readonly string[]) {
    super(`the map cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

export const MAP_FORMAT = 'shaoying-ticket-map/1';

const closed = <Properties extends Type.TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });

// The same limits as the jurisdiction's own documents and the incident's events.
const unitId = Type.String({ maxLength: 80, pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' });
const idPrefix = Type.String({ maxLength: 30, pattern: '^([A-Za-z0-9][A-Za-z0-9._-]*)?$' });
const name = Type.String({ minLength: 1, maxLength: 200 });
const column = Type.String({ minLength: 1, maxLength: 200 });
const text = Type.String({ minLength: 1, maxLength: 200 });
const severity = Type.Enum(['MINOR', 'MAJOR', 'GROUP']);
const dictionary = <Schema extends Type.TSchema>(schema: Schema) =>
  Type.Record(Type.String({ maxLength: 200 }), schema);

const translation = closed({
  values: dictionary(text),
  /** What becomes of a value that is not listed. Default `keep`. */
  otherwise: Type.Optional(Type.Enum(['keep', 'reject'])),
});

const unitSource = {
  parentId: unitId,
  idPrefix,
  names: Type.Optional(dictionary(name)),
  /** Value of the file → id of the unit; for units that exist, and for values that would make the same id. */
  ids: Type.Optional(dictionary(unitId)),
};

const schema = closed({
  format: Type.Enum([MAP_FORMAT]),
  source: Type.String({ maxLength: 60, pattern: '^[a-z0-9][a-z0-9-]*$' }),
  timeZone: text,
  timeFormat: Type.Union([text, Type.Array(text, { minItems: 1, maxItems: 10 })]),
  localTimes: Type.Optional(Type.Enum([...LOCAL_TIME_RULES])),
  delimiter: Type.Optional(Type.Enum([',', ';', '\t', '|'])),
  coordinateSystem: Type.Optional(Type.Enum(['WGS84', 'GCJ02', 'BD09'])),
  columns: closed({
    externalId: column,
    openedAt: column,
    targetAt: Type.Optional(column),
    closedAt: Type.Optional(column),
    department: column,
    neighbourhood: Type.Optional(column),
    category: column,
    description: Type.Optional(column),
    lon: Type.Optional(column),
    lat: Type.Optional(column),
    address: Type.Optional(column),
    channel: Type.Optional(column),
  }),
  severity: Type.Union([
    severity,
    closed({ column, values: dictionary(severity), otherwise: Type.Optional(severity) }),
  ]),
  /** Used where the cell is empty or there is no such column; without one, an empty cell of a needed field is a bad row. */
  defaults: Type.Optional(
    closed({
      department: Type.Optional(text),
      category: Type.Optional(text),
      channel: Type.Optional(text),
    }),
  ),
  valueMaps: Type.Optional(
    closed({
      department: Type.Optional(translation),
      neighbourhood: Type.Optional(translation),
      category: Type.Optional(translation),
      channel: Type.Optional(translation),
    }),
  ),
  jurisdiction: closed({
    effectiveFrom: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }),
    units: Type.Optional(
      Type.Array(
        closed({
          id: unitId,
          kind: Type.Enum(['CITY', 'DISTRICT', 'SUBDISTRICT', 'COMMUNITY']),
          name,
          parentId: Type.Union([unitId, Type.Null()]),
        }),
        { maxItems: 1_000 },
      ),
    ),
    departments: closed(unitSource),
    neighbourhoods: Type.Optional(
      closed({
        kind: Type.Enum(['SUBDISTRICT', 'COMMUNITY']),
        ...unitSource,
        /** Unit of a case whose neighbourhood is empty; without it such a case has no place. */
        whenEmpty: Type.Optional(unitId),
      }),
    ),
    /** Unit on record as having summoned the departments; absent: nobody. */
    whistlingUnitId: Type.Optional(unitId),
  }),
});

/** How a file of another system is read. Documented field by field in docs/how-to/import-tickets.md. */
export type TicketMap = Type.Static<typeof schema>;

const problemsMax = 50;

/** @throws TicketMapInvalid */
export function readTicketMap(json: string): TicketMap {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new TicketMapInvalid([`it is not JSON: ${error instanceof Error ? error.message : String(error)}`]);
  }
  const problems = shapeProblems(value);
  if (problems.length > 0) throw new TicketMapInvalid(problems);
  const map = value as TicketMap;
  const meaning = meaningProblems(map);
  if (meaning.length > 0) throw new TicketMapInvalid(meaning);
  return map;
}

function shapeProblems(value: unknown): string[] {
  // An unknown field is told twice, once as the field itself and once as its parent's fault: the first is clearer.
  const found = Errors(schema, value).filter(({ keyword }) => keyword !== 'additionalProperties');
  const sentences = found.map(({ instancePath, keyword, message, params }) => {
    const where = instancePath.slice(1).replaceAll('/', '.') || 'the map';
    if (keyword === 'boolean') return `${where}: there is no such field`;
    if (keyword === 'enum') return `${where} must be one of ${listOf(params, 'allowedValues')}`;
    if (keyword === 'required') return `${where}: ${listOf(params, 'requiredProperties')} is missing`;
    return `${where} ${message}`;
  });
  return [...new Set(sentences)].slice(0, problemsMax);
}

function listOf(params: object, key: string): string {
  const list: unknown = Object.entries(params).find(([name]) => name === key)?.[1];
  return Array.isArray(list) ? list.map(String).join(', ') : '?';
}

function meaningProblems(map: TicketMap): string[] {
  const problems: string[] = [];
  if (!isTimeZone(map.timeZone)) {
    problems.push(`timeZone: ${map.timeZone} is not a time zone such as America/New_York or Asia/Shanghai`);
  }
  for (const format of timeFormatsOf(map)) {
    const problem = timeFormatProblem(format);
    if (problem !== null) problems.push(`timeFormat "${format}" ${problem}; or use ${ISO_FORMAT}`);
  }
  const { columns, jurisdiction } = map;
  if ((columns.lon === undefined) !== (columns.lat === undefined)) {
    problems.push('columns: lon and lat go together');
  }
  if (columns.neighbourhood !== undefined && jurisdiction.neighbourhoods === undefined) {
    problems.push('jurisdiction.neighbourhoods is missing, though columns.neighbourhood is there');
  }
  const ids = (jurisdiction.units ?? []).map(({ id }) => id);
  for (const id of ids.filter((id, index) => ids.indexOf(id) !== index)) {
    problems.push(`jurisdiction.units: ${id} is given twice`);
  }
  return problems;
}

export function timeFormatsOf({ timeFormat }: TicketMap): readonly string[] {
  return typeof timeFormat === 'string' ? [timeFormat] : timeFormat;
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
