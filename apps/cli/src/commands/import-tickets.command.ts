import 'reflect-metadata';
import {
  ImportIncidentHandler,
  IncidentCommandService,
  IncidentJurisdiction,
  ReceiptCodes,
} from '@shaoying/incident-application';
import { comparePositions, type Position } from '@shaoying/event-store';
import {
  JurisdictionPublisher,
  type EventSourcedJurisdictionDirectory,
} from '@shaoying/jurisdiction-application';
import { readFile, stat } from 'node:fs/promises';
import { CommandFailed, EXIT, UsageError, type ExitCode } from '../cli.errors.js';
import { startProgress } from '../progress.js';
import { catchUpReadModels } from '../read-models.js';
import { show, table, type Terminal } from '../terminal.js';
import { RejectionReport } from '../tickets/rejection-report.js';
import { rejectionReasons, type Rejection } from '../tickets/rejections.js';
import { readTicketFile } from '../tickets/ticket-file.js';
import { importTickets, type ImportCounts, type ImportResult } from '../tickets/ticket-import.js';
import { readTicketMap, TicketMapInvalid, type TicketMap } from '../tickets/ticket-map.js';
import { TicketUnits } from '../tickets/ticket-units.js';
import { withDirectory, type Workplace } from '../workplace.js';

export interface ImportTicketsOptions {
  /** Absolute paths. */
  readonly file: string;
  readonly map: string;
  readonly report: string | null;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export interface ImportSummary extends ImportCounts {
  readonly source: string;
  readonly dryRun: boolean;
  /** False when it was stopped before the end of the file. */
  readonly complete: boolean;
  /** Org units published for it. */
  readonly unitsPublished: number;
  /** Up to where the log has been read by every read model; null when not waited for. */
  readonly position: Position | null;
  readonly seconds: number;
}

const mapBytesMax = 1024 * 1024;
/** Rejected rows told on the terminal; all of them are in the report. */
const toldMax = 20;

/** `import tickets`: see docs/how-to/import-tickets.md. */
export async function importTicketFile(
  options: ImportTicketsOptions,
  terminal: Terminal,
  signal: AbortSignal,
  workplace: Workplace | null,
): Promise<ExitCode> {
  const startedMs = performance.now();
  const map = await loadMap(options.map);
  const survey = await surveyFile(options.file, map, signal, workplace === null);
  const report = options.report === null ? null : await RejectionReport.open(options.report);
  const rejections = new Rejections(report, terminal);
  try {
    const result =
      workplace === null
        ? dryRun(survey, rejections)
        : await bring({ options, map, survey, terminal, signal, workplace, rejections });
    await report?.finish();
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    const summary: ImportSummary = {
      ...{ source: map.source, dryRun: workplace === null, complete: !signal.aborted },
      ...result,
      seconds,
    };
    rejections.tellRest(options.report);
    show(terminal, options.json, summary, () => linesOf(summary));
    if (!summary.complete) {
      terminal.note('stopped before the end; run the same import again and it goes on from here');
      return EXIT.failed;
    }
    return summary.rejected > 0 ? EXIT.someRejected : EXIT.ok;
  } catch (error) {
    await report?.discard();
    throw error;
  }
}

type Outcome = ImportCounts & Pick<ImportSummary, 'unitsPublished' | 'position'>;

interface Survey {
  readonly rows: number;
  /** Kept for a dry run alone; an import meets them again. */
  readonly rejections: readonly Rejection[];
  readonly repeated: number;
  readonly units: TicketUnits;
}

async function loadMap(path: string): Promise<TicketMap> {
  const { size } = await stat(path).catch(() => {
    throw new UsageError(`the map ${path} cannot be read`);
  });
  if (size > mapBytesMax) throw new UsageError(`the map ${path} is larger than ${mapBytesMax} bytes`);
  return readTicketMap(await readFile(path, 'utf8'));
}

/** Reads the file to its end before anything is written: how many rows there are, and which units they name. */
async function surveyFile(
  path: string,
  map: TicketMap,
  signal: AbortSignal,
  keepRejections: boolean,
): Promise<Survey> {
  const { isFile } = await stat(path).then(
    (found) => ({ isFile: found.isFile() }),
    () => ({ isFile: false }),
  );
  if (!isFile) throw new UsageError(`${path} is not a file that can be read (the import reads it twice)`);
  const units = new TicketUnits(map);
  const rejections: Rejection[] = [];
  let rows = 0;
  let repeated = 0;
  for await (const row of readTicketFile(path, map, Date.now(), signal)) {
    rows += 1;
    if ('rejection' in row) {
      if (keepRejections) rejections.push(row.rejection);
    } else {
      units.learn(row.ticket);
      if (row.repeated) repeated += 1;
    }
  }
  if (signal.aborted) throw new CommandFailed('stopped before anything was imported');
  const problems = units.nameProblems();
  if (problems.length > 0) throw new TicketMapInvalid(problems);
  return { rows, rejections, repeated, units };
}

function dryRun(survey: Survey, rejections: Rejections): Outcome {
  for (const rejection of survey.rejections) rejections.add(rejection);
  const { rows, repeated } = survey;
  const rejected = survey.rejections.length;
  return {
    ...{ rows, rejected, alreadyThere: repeated, imported: rows - rejected - repeated },
    ...{ eventsWritten: 0, unitsPublished: 0, position: null },
  };
}

interface Bringing {
  readonly options: ImportTicketsOptions;
  readonly map: TicketMap;
  readonly survey: Survey;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly workplace: Workplace;
  readonly rejections: Rejections;
}

async function bring(it: Bringing): Promise<Outcome> {
  const { workplace, terminal, signal } = it;
  const { result, unitsPublished, published } = await withDirectory(workplace, async (directory) => {
    const publication = await publishUnits(it, directory);
    // It knows all units now; following on, it would read back every event that is about to be written.
    await directory.stop();
    return { ...publication, result: await importRows(it, directory) };
  });
  const { position: last, ...counts } = result;
  const position = comparePositions(last, published) > 0 ? last : published;
  const progress = await startProgress(terminal, 'events into the read models');
  try {
    await catchUpReadModels(workplace, position, progress, signal);
  } finally {
    progress.stop();
  }
  return { ...counts, unitsPublished, position: signal.aborted ? null : position };
}

async function publishUnits(
  { survey, workplace }: Bringing,
  directory: EventSourcedJurisdictionDirectory,
): Promise<{ unitsPublished: number; published: Position }> {
  const { stores, clock } = workplace;
  const units = survey.units.missingFrom(directory);
  const publisher = new JurisdictionPublisher(stores.log, directory);
  const actor = { id: 'system:import', role: 'system', orgUnitId: null };
  const { published, position } = await publisher.publishOrgUnits(units, actor, clock.now().toISOString());
  return { unitsPublished: published.length, published: position };
}

async function importRows(
  { options, map, survey, terminal, signal, workplace, rejections }: Bringing,
  directory: EventSourcedJurisdictionDirectory,
): Promise<ImportResult> {
  const { stores, clock, config } = workplace;
  const receipts = await ReceiptCodes.open(config.dataDir);
  const handler = new ImportIncidentHandler(
    new IncidentCommandService(stores.log, clock),
    new IncidentJurisdiction(directory),
    receipts,
  );
  const progress = await startProgress(terminal, 'rows');
  try {
    return await importTickets(readTicketFile(options.file, map, clock.now().getTime(), signal), {
      ...{ handler, map, units: survey.units, clock, signal },
      onRejection: (rejection) => rejections.add(rejection),
      onProgress: ({ rows }) => progress.update(rows, survey.rows),
    });
  } finally {
    progress.stop();
  }
}

/** Sends rejected rows to the report, and the first ones to the terminal. */
class Rejections {
  private readonly first: Rejection[] = [];
  private count = 0;

  constructor(
    private readonly report: RejectionReport | null,
    private readonly terminal: Terminal,
  ) {}

  add(rejection: Rejection): void {
    this.count += 1;
    if (this.first.length < toldMax) this.first.push(rejection);
    this.report?.add(rejection);
  }

  /** After the progress bar has gone. */
  tellRest(path: string | null): void {
    for (const { line, column, code } of this.first) {
      this.terminal.note(
        `line ${line}${column === null ? '' : `, ${column}`}: ${code}: ${rejectionReasons[code]}`,
      );
    }
    if (this.count > this.first.length) this.terminal.note(`… and ${this.count - this.first.length} more`);
    if (path !== null) this.terminal.note(`rejected rows: ${path}`);
    else if (this.count > this.first.length) this.terminal.note('use --report <file> to get all of them');
  }
}

function linesOf(summary: ImportSummary): string[] {
  const { rows, imported, alreadyThere, rejected, eventsWritten, unitsPublished, seconds } = summary;
  return [
    summary.dryRun ? `${summary.source}: nothing was written (dry run)` : summary.source,
    ...table([
      ['  rows', String(rows)],
      [summary.dryRun ? '  good' : '  imported', String(imported)],
      [summary.dryRun ? '  repeated in the file' : '  already there', String(alreadyThere)],
      ['  rejected', String(rejected)],
      ['  events written', String(eventsWritten)],
      ['  units published', String(unitsPublished)],
      ['  seconds', seconds.toFixed(1)],
    ]),
  ];
}
