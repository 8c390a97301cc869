import type { Location, Severity } from '@shaoying/incident-domain';
import { LocalTimeReader } from './local-time.js';
import type { Rejection, RejectionCode } from './rejections.js';
import { timeFormatsOf, type TicketMap } from './ticket-map.js';

/** A row understood: names as the file has them, times as instants. */
export interface Ticket {
  readonly externalId: string;
  readonly openedAt: string;
  readonly targetAt: string | null;
  readonly closedAt: string | null;
  /** Value of the file (or of `valueMaps`), not yet a unit. */
  readonly department: string;
  readonly neighbourhood: string | null;
  readonly category: string;
  readonly description: string;
  readonly severity: Severity;
  readonly location: Location | null;
  readonly channel: string;
}

type Columns = TicketMap['columns'];
type ColumnField = keyof Columns;
type TranslatedField = 'department' | 'neighbourhood' | 'category' | 'channel';

// The limits of the events these values end in.
const idCharsMax = 200;
const textCharsMax = 10_000;
/** Clocks of two systems differ; a case of the next minute is not a mistake. As for reports (domain.md §6, 25). */
const futureSkewMs = 30 * 60_000;

/** Thrown inside this file to leave a row; what the row held stays out of it. */
class BadRow extends Error {
  constructor(
    readonly problem: RejectionCode,
    readonly column: string | null = null,
  ) {
    super(problem);
  }
}

/** Reads rows of one file by its map. */
export class TicketRows {
  private readonly times: LocalTimeReader;
  private readonly indexes = new Map<string, number>();

  /** Columns that the map names and the header lacks; nothing can be read until it is empty. */
  readonly missingColumns: readonly string[];

  constructor(
    private readonly map: TicketMap,
    header: readonly string[],
    private readonly nowMs: number,
  ) {
    this.times = new LocalTimeReader(timeFormatsOf(map), map.timeZone, map.localTimes ?? 'reject');
    for (const [index, name] of header.entries()) {
      if (!this.indexes.has(name.trim())) this.indexes.set(name.trim(), index);
    }
    const severityColumn = typeof map.severity === 'string' ? [] : [map.severity.column];
    const named = [...Object.values(map.columns), ...severityColumn].filter((name) => name !== undefined);
    this.missingColumns = [...new Set(named)].filter((name) => !this.indexes.has(name));
  }

  read(line: number, fields: readonly string[]): Ticket | Rejection {
    let externalId: string | null = null;
    try {
      const id = this.required(fields, 'externalId', idCharsMax);
      externalId = id;
      return this.ticketOf(id, fields);
    } catch (error) {
      if (!(error instanceof BadRow)) throw error;
      return { line, column: error.column, code: error.problem, externalId };
    }
  }

  private ticketOf(externalId: string, fields: readonly string[]): Ticket {
    const { openedAt, targetAt, closedAt } = this.lifeOf(fields);
    const category = this.translated(fields, 'category') ?? this.missing('category');
    return {
      ...{ externalId, openedAt, targetAt, closedAt },
      department: this.translated(fields, 'department') ?? this.missing('department'),
      neighbourhood: this.translated(fields, 'neighbourhood'),
      category,
      description: this.optional(fields, 'description', textCharsMax) ?? category,
      severity: this.severityOf(fields),
      location: this.locationOf(fields),
      channel: this.translated(fields, 'channel') ?? 'IMPORT',
    };
  }

  /**
   * Opened, target, closed, in an order that can have happened. A target before the opening is refused rather than
   * taken: as a deadline it would count against the department for ever, and nobody could have met it.
   */
  private lifeOf(fields: readonly string[]): Pick<Ticket, 'openedAt' | 'targetAt' | 'closedAt'> {
    const openedAt = this.time(fields, 'openedAt') ?? this.missing('openedAt');
    const targetAt = this.time(fields, 'targetAt');
    const closedAt = this.time(fields, 'closedAt');
    const { columns } = this.map;
    const latest = this.nowMs + futureSkewMs;
    const openedMs = Date.parse(openedAt);
    if (openedMs > latest) throw new BadRow('TIME_IN_FUTURE', columns.openedAt);
    if (closedAt !== null) {
      if (Date.parse(closedAt) > latest) throw new BadRow('TIME_IN_FUTURE', columns.closedAt);
      if (Date.parse(closedAt) < openedMs) throw new BadRow('CLOSED_BEFORE_OPENED', columns.closedAt);
    }
    if (targetAt !== null && Date.parse(targetAt) < openedMs) {
      throw new BadRow('TARGET_BEFORE_OPENED', columns.targetAt);
    }
    return { openedAt, targetAt, closedAt };
  }

  private time(fields: readonly string[], field: 'openedAt' | 'targetAt' | 'closedAt'): string | null {
    const text = this.optional(fields, field, idCharsMax);
    if (text === null) return null;
    const read = this.times.read(text);
    if (read.problem !== undefined) throw new BadRow(read.problem, this.map.columns[field]);
    return read.instant;
  }

  private severityOf(fields: readonly string[]): Severity {
    const { severity } = this.map;
    if (typeof severity === 'string') return severity;
    const value = this.cell(fields, severity.column, idCharsMax);
    const known =
      value !== null && Object.hasOwn(severity.values, value) ? severity.values[value] : undefined;
    const found = known ?? severity.otherwise;
    if (found === undefined) throw new BadRow('VALUE_UNKNOWN', severity.column);
    return found;
  }

  private locationOf(fields: readonly string[]): Location | null {
    const lon = this.degrees(fields, 'lon', 180);
    const lat = this.degrees(fields, 'lat', 90);
    if ((lon === null) !== (lat === null)) {
      throw new BadRow('COORDINATES_INCOMPLETE', this.map.columns[lon === null ? 'lon' : 'lat'] ?? null);
    }
    const address = this.optional(fields, 'address', textCharsMax);
    if (lon === null && address === null) return null;
    return { lon, lat, crs: this.map.coordinateSystem ?? 'WGS84', address };
  }

  private degrees(fields: readonly string[], field: 'lon' | 'lat', max: number): number | null {
    const text = this.optional(fields, field, idCharsMax);
    if (text === null) return null;
    const column = this.map.columns[field] ?? null;
    if (!/^[+-]?\d{1,3}(\.\d{1,20})?$/.test(text)) throw new BadRow('NUMBER_UNPARSABLE', column);
    const degrees = Number(text);
    if (Math.abs(degrees) > max) throw new BadRow('COORDINATES_OUT_OF_RANGE', column);
    return degrees;
  }

  private translated(fields: readonly string[], field: TranslatedField): string | null {
    const fallback = field === 'neighbourhood' ? undefined : this.map.defaults?.[field];
    const value = this.optional(fields, field, idCharsMax) ?? fallback ?? null;
    const translation = this.map.valueMaps?.[field];
    if (value === null || translation === undefined) return value;
    if (Object.hasOwn(translation.values, value)) return translation.values[value] ?? null;
    if (translation.otherwise === 'reject')
      throw new BadRow('VALUE_UNKNOWN', this.map.columns[field] ?? null);
    return value;
  }

  private required(fields: readonly string[], field: ColumnField, charsMax: number): string {
    return this.optional(fields, field, charsMax) ?? this.missing(field);
  }

  private missing(field: ColumnField): never {
    throw new BadRow('VALUE_MISSING', this.map.columns[field] ?? null);
  }

  private optional(fields: readonly string[], field: ColumnField, charsMax: number): string | null {
    const column = this.map.columns[field];
    return column === undefined ? null : this.cell(fields, column, charsMax);
  }

  /** A cell without blanks around it; null when empty. */
  private cell(fields: readonly string[], column: string, charsMax: number): string | null {
    const value = fields[this.indexes.get(column) ?? -1]?.trim() ?? '';
    if (value === '') return null;
    if (value.length > charsMax) throw new BadRow('VALUE_TOO_LONG', column);
    // Line ends belong into descriptions and addresses, which are the long texts; into names and ids nothing does.
    const control = charsMax === textCharsMax ? /[^\P{Cc}\n\r\t]/u : /\p{Cc}/u;
    if (control.test(value) || !value.isWellFormed()) throw new BadRow('CONTROL_CHARACTERS', column);
    return value;
  }
}
