import { InMemoryEventStore, type EventStore } from '@shaoying/event-store';
import {
  EventSourcedJurisdictionDirectory,
  FILE_CHARS_MAX,
  JurisdictionPublisher,
  type Publication,
} from '@shaoying/jurisdiction-application';
import { COORDINATE_SYSTEMS, type CoordinateSystem } from '@shaoying/jurisdiction-domain';
import { readFile, stat } from 'node:fs/promises';
import { Temporal } from 'temporal-polyfill';
import { CommandFailed, codeOf, EXIT, UsageError, type ExitCode } from '../cli.errors.js';
import { show, table, type Terminal } from '../terminal.js';
import { withDirectory, type Workplace } from '../workplace.js';

/** Four bytes at the most for a character; a file beyond that is refused before it is read. */
const FILE_BYTES_MAX = FILE_CHARS_MAX * 4;

const actor = { id: 'system:import', role: 'system', orgUnitId: null };

/** `jurisdiction export`: the jurisdiction in force as one readable file. */
export async function exportJurisdiction(terminal: Terminal, { stores }: Workplace): Promise<void> {
  await withPublisher(stores.log, async (publisher) => {
    const yaml = await publisher.exportYaml();
    terminal.out(yaml.trimEnd());
  });
}

export interface ImportOptions {
  readonly file: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** `jurisdiction import`: publishes a file; what is in force already stays as it is. */
export async function importJurisdiction(
  { file, dryRun, json }: ImportOptions,
  terminal: Terminal,
  { stores, clock }: Workplace,
): Promise<ExitCode> {
  const yaml = await readYaml(file);
  return withPublisher(stores.log, async (publisher) => {
    const now = clock.now().toISOString();
    try {
      return told(await publisher.publishFile(yaml, actor, now, { dryRun }), { dryRun, json }, terminal);
    } catch (error) {
      if (codeOf(error) !== 'JURISDICTION_INVALID') throw error;
      const { problems } = error as Error & { readonly problems: readonly string[] };
      return told({ published: [], position: '', warnings: [], problems }, { dryRun, json }, terminal);
    }
  });
}

/** `jurisdiction check`: what is wrong with a file by itself, as if published into an empty log; needs no log. */
export async function checkJurisdiction(
  { file, json }: Omit<ImportOptions, 'dryRun'>,
  terminal: Terminal,
): Promise<ExitCode> {
  const yaml = await readYaml(file);
  return withPublisher(new InMemoryEventStore(), async (publisher) => {
    const now = new Date().toISOString();
    return told(
      await publisher.publishFile(yaml, actor, now, { dryRun: true }),
      { dryRun: true, json },
      terminal,
    );
  });
}

export interface LocateOptions {
  readonly lon: string;
  readonly lat: string;
  readonly crs: string;
  /** Null: now. */
  readonly at: string | null;
  readonly json: boolean;
}

/** `jurisdiction locate`: the grid of a point; records nothing. */
export async function locatePoint(
  options: LocateOptions,
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  const lon = degrees(options.lon, 180, 'longitude');
  const lat = degrees(options.lat, 90, 'latitude');
  const crs = systemOf(options.crs);
  const at = options.at === null ? workplace.clock.now().toISOString() : instantOf(options.at);
  await withDirectory(workplace, async (directory) => {
    const located = directory.locate({ lon, lat, crs }, at);
    show(terminal, options.json, located, () => {
      if (located === null) return ['outside every grid: such a case waits to be located by hand'];
      const { gridId, orgUnitId, gridMapId, gridMapVersion, others } = located;
      const areas = [orgUnitId, ...directory.ancestors(orgUnitId).map(({ id }) => id)];
      return table([
        ['grid', `${gridId} ${directory.grid(gridId)?.name ?? ''}`.trimEnd()],
        ['areas', areas.join(' · ')],
        ['map', `${gridMapId} version ${gridMapVersion}`],
        ...(others.length > 0 ? [['also in', others.join(', ')]] : []),
      ]);
    });
  });
}

/** @returns exit code 1 when something is wrong */
function told(
  { published, warnings, problems = [] }: Publication,
  { dryRun, json }: Pick<ImportOptions, 'dryRun' | 'json'>,
  terminal: Terminal,
): ExitCode {
  show(terminal, json, { dryRun, published, warnings, problems }, () => [
    ...problems.map((problem) => `problem: ${problem}`),
    ...warnings.map((warning) => `warning: ${warning}`),
    ...published.map(({ type, documentId, version }) => `${type} ${documentId} version ${version}`),
    summaryOf(published.length, problems.length, dryRun),
  ]);
  return problems.length > 0 ? EXIT.failed : EXIT.ok;
}

function summaryOf(published: number, problems: number, dryRun: boolean): string {
  if (problems > 0) return `${problems} problems: nothing was published`;
  if (published === 0) return 'all of it is in force already';
  return dryRun ? `${published} documents would be published` : `${published} documents published`;
}

async function withPublisher<T>(
  log: EventStore,
  work: (publisher: JurisdictionPublisher) => Promise<T>,
): Promise<T> {
  const directory = new EventSourcedJurisdictionDirectory(log);
  await directory.start();
  try {
    return await work(new JurisdictionPublisher(log, directory));
  } finally {
    await directory.stop();
  }
}

async function readYaml(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > FILE_BYTES_MAX) throw new UsageError(`${file} has ${size} bytes, more than ${FILE_BYTES_MAX}`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new CommandFailed(`${file} cannot be read: ${codeOf(error) ?? String(error)}`);
  }
}

function degrees(text: string, max: number, what: string): number {
  const value = /^-?\d{1,3}(\.\d{1,15})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(Math.abs(value) <= max)) throw new UsageError(`the ${what} must be degrees from -${max} to ${max}`);
  return value;
}

function systemOf(text: string): CoordinateSystem {
  const system = COORDINATE_SYSTEMS.find((known) => known === text.toUpperCase().replace('-', ''));
  if (system === undefined) throw new UsageError(`--crs must be one of ${COORDINATE_SYSTEMS.join(', ')}`);
  return system;
}

function instantOf(text: string): string {
  try {
    return new Date(Temporal.Instant.from(text).epochMilliseconds).toISOString();
  } catch {
    throw new UsageError('--at must be an instant such as 2026-02-13T16:00:00+08:00');
  }
}
