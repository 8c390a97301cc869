import type { Config } from '@shaoying/config';
import type { EventStore } from '@shaoying/event-store';
import {
  AlternativeRules,
  knownNow,
  simulateWindow,
  WindowHelpers,
  type Difference,
  type InBothWorlds,
  type KnownAt,
  type RateRow,
  type WhatIfReport,
  type WhatIfWindow,
  type WindowRead,
} from '@shaoying/incident-application';
import {
  admitAlternative,
  documentsOf,
  JurisdictionPublisher,
  knowsVersions,
  readJurisdiction,
  type AlternativeDocuments,
} from '@shaoying/jurisdiction-application';
import { open, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Temporal } from 'temporal-polyfill';
import { parse } from 'yaml';
import { CommandFailed, UsageError } from '../cli.errors.js';
import { startProgress } from '../progress.js';
import { callerPath, show, table, type Terminal } from '../terminal.js';
import { withDirectory, type Workplace } from '../workplace.js';

export interface SimulateOptions {
  readonly from: string;
  readonly to: string;
  readonly policy?: string;
  readonly ladder?: string;
  readonly calendar?: string;
  readonly district?: string;
  readonly street?: string;
  readonly department?: string;
  readonly category?: string;
  readonly differences?: string;
  readonly json: boolean;
}

const actor = { id: 'cli', role: 'admin', orgUnitId: null };

/** What is to be lived again, as far as a thread can be given it. */
export interface SimulationAsked {
  readonly window: WhatIfWindow;
  readonly alternative: AlternativeDocuments;
  readonly knownAt: KnownAt;
}

export interface SimulateHelperData extends SimulationAsked {
  readonly config: Config;
}

/** @throws UsageError, JurisdictionInvalid, JurisdictionNotPublished */
export async function windowUnder(store: EventStore, asked: SimulationAsked): Promise<WindowRead> {
  const { window, alternative, knownAt } = asked;
  const directory = await readJurisdiction(store, knownAt.position);
  const { districtId, streetId, departmentId } = window;
  // A misspelt unit makes no difference, which would be told as what the rules come to.
  for (const [option, id] of Object.entries({
    district: districtId,
    street: streetId,
    department: departmentId,
  }))
    if (id !== undefined && directory.orgUnit(id) === undefined)
      throw new UsageError(`--${option}: there is no unit ${id}`);
  const rules = new AlternativeRules(directory, admitAlternative(directory, alternative));
  return { store, rules, window, knownAt };
}

/** `simulate`: a past window under other rules, in this process. */
export async function simulate(
  options: SimulateOptions,
  terminal: Terminal,
  signal: AbortSignal,
  workplace: Workplace,
): Promise<void> {
  const window = windowOf(options);
  const alternative = await alternativeOf(options);
  const { log } = workplace.stores;
  await assertSound(workplace, alternative);
  const knownAt = await knownNow(log);
  if (knownAt === null) throw new CommandFailed('the log is empty: there is nothing to simulate');
  const read = await windowUnder(log, { window, alternative, knownAt });
  const helpers = helpersOf(workplace, terminal, { window, alternative, knownAt });
  const progress = await startProgress(terminal, 'incidents');
  const told = options.differences === undefined ? null : await open(callerPath(options.differences), 'w');
  try {
    const report = await simulateWindow({
      ...{ ...read, signal, helpers: helpers.for },
      onProgress: ({ incidentsDone, incidentsTotal }) => progress.update(incidentsDone, incidentsTotal),
      ...(told && {
        onDifferences: async (differences: readonly Difference[]) => {
          await told.write(linesOf(differences));
        },
      }),
    });
    show(terminal, options.json, { window, knownAt, ...report }, () => reportLines(report));
  } catch (error) {
    if (signal.aborted) throw new CommandFailed('stopped; nothing was written to the log');
    throw error;
  } finally {
    progress.stop();
    await told?.close();
    await helpers.close();
  }
}

/** A thread of this process that lives a part of it. */
function helpersOf({ config, stores }: Workplace, terminal: Terminal, asked: SimulationAsked): WindowHelpers {
  const { eventStoreUrl, readModelUrl, timersUrl } = stores;
  const program = fileURLToPath(new URL('./simulate.helper.js', import.meta.url));
  const workerData: SimulateHelperData = {
    ...asked,
    config: { ...config, eventStoreUrl, readModelUrl, timersUrl },
  };
  const onFailed = ({ message }: Error): void =>
    terminal.note(`the thread that helps has failed (${message}); this one goes on alone`);
  return new WindowHelpers({ program, workerData, onFailed });
}

const linesOf = (differences: readonly Difference[]): string =>
  differences.map((difference) => `${JSON.stringify(difference)}\n`).join('');

/** A day begins when it does in Asia/Shanghai. @throws UsageError */
export function instantOf(option: string, given: string): string {
  try {
    const instant = /^\d{4}-\d{2}-\d{2}$/.test(given)
      ? Temporal.PlainDate.from(given).toZonedDateTime('Asia/Shanghai').toInstant()
      : Temporal.Instant.from(given);
    return new Date(instant.epochMilliseconds).toISOString();
  } catch {
    throw new UsageError(
      `--${option} must be a day such as 2026-01-01 or an instant such as 2026-01-01T08:00:00+08:00`,
    );
  }
}

function windowOf({ from, to, district, street, department, category }: SimulateOptions): WhatIfWindow {
  const window = { from: instantOf('from', from), to: instantOf('to', to) };
  if (window.from >= window.to) throw new UsageError('--from must lie before --to');
  return { ...window, districtId: district, streetId: street, departmentId: department, category };
}

async function alternativeOf({ policy, ladder, calendar }: SimulateOptions): Promise<AlternativeDocuments> {
  return {
    deadlinePolicy: await documentAt('policyId', policy),
    ladder: await documentAt('ladderId', ladder),
    calendar: await documentAt('calendarId', calendar),
  };
}

async function documentAt(idName: string, given: string | undefined): Promise<unknown> {
  if (given === undefined) return undefined;
  const version = /^([\w.-]+)@(\d{1,9})$/.exec(given);
  if (version !== null) return { [idName]: version[1], version: Number(version[2]) };
  try {
    return parse(await readFile(callerPath(given), 'utf8'));
  } catch (error) {
    throw new UsageError(
      `${given} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** What would not be published is not simulated. @throws UsageError, JurisdictionInvalid */
async function assertSound(workplace: Workplace, alternative: AlternativeDocuments): Promise<void> {
  await withDirectory(workplace, async (directory) => {
    if (!knowsVersions(directory, alternative))
      throw new UsageError('a version that is named is not published');
    const now = workplace.clock.now().toISOString();
    const publisher = new JurisdictionPublisher(workplace.stores.log, directory);
    const { problems = [] } = await publisher.publish(documentsOf(alternative), actor, now, { dryRun: true });
    if (problems.length > 0) throw new UsageError(problems.join('\n'));
  });
}

function reportLines(report: WhatIfReport): string[] {
  const { incidents, events, incidentsAffected, differences, byCause, kept, text } = report;
  return [
    `${incidents} incidents, ${events} events; ${incidentsAffected} incidents would have been different in ${differences} things` +
      ` (${byCause.RULES} by the rules, ${byCause.CLOCK} only because the recorded clock was late)`,
    ...counts('BREACHES 超期', report.breaches),
    ...counts('REMINDERS 催办提醒', report.reminders),
    ...counts('SUPERVISION ORDERS 督办', report.supervisionOrders),
    ...rates(report.onTime),
    '',
    `kept as recorded: ${kept.NOT_BY_RULE} deadlines that no rule had set, ${kept.IMPORTED} imported ones`,
    ...['', text.zh, text.en],
  ];
}

function counts(title: string, counted: Readonly<Record<string, InBothWorlds>>): string[] {
  const rows = Object.entries(counted).map(([name, { recorded, simulated, difference }]) => [
    ...[name, String(recorded), String(simulated), signed(difference)],
  ]);
  return ['', ...table([[title, 'recorded', 'simulated', 'difference'], ...rows])];
}

function rates(rows: readonly RateRow[]): string[] {
  const told = ({ numerator, denominator, value }: RateRow['recorded']): string =>
    value === null ? '—' : `${(100 * value).toFixed(2)} % (${numerator}/${denominator})`;
  return [
    '',
    ...table([
      ['ON TIME 按时率', 'of', 'recorded', 'simulated'],
      ...rows.map(({ metric, key, recorded, simulated }) => [
        ...[metric, key ?? '—', told(recorded), told(simulated)],
      ]),
    ]),
  ];
}

const signed = (difference: number): string => (difference > 0 ? `+${difference}` : String(difference));
