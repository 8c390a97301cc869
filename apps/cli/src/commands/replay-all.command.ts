import { comparePositions, isPosition, START, type Position } from '@shaoying/event-store';
import { createPool } from '@shaoying/postgres';
import { asPage, skipsOf, type Projection } from '@shaoying/projections';
import type { PoolClient } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandFailed, EXIT, UsageError, type ExitCode } from '../cli.errors.js';
import { FreshTables, freshSchema, servingSchema } from '../fresh/fresh-tables.js';
import { firstDifference, tableSums, type RowDifference, type TableSum } from '../fresh/table-difference.js';
import { startProgress, type Progress } from '../progress.js';
import { allProjections } from '../read-models.js';
import { show, table, type Terminal } from '../terminal.js';
import type { Workplace } from '../workplace.js';

export interface ReplayAllOptions {
  readonly projections: readonly Projection[];
  /** Null: compare with what serves. Else up to this position, and tell what the tables are then. */
  readonly until: Position | null;
  readonly json: boolean;
}

/** @throws UsageError */
export function comparisonOptions(texts: {
  readonly compare: boolean;
  readonly only?: string;
  readonly until?: string;
  readonly json: boolean;
}): ReplayAllOptions {
  const { compare, only, until = null, json } = texts;
  if (compare === (until !== null)) throw new UsageError('with --all give --compare or --until <position>');
  if (until !== null && !isPosition(until)) throw new UsageError('--until must be a position of the log');
  const projections = allProjections.filter(({ name }) => only === undefined || name === only);
  if (projections.length === 0) {
    const known = allProjections.map(({ name }) => name).join(', ');
    throw new UsageError(`no read model is called ${only}; there are ${known}`);
  }
  return { projections, until, json };
}

interface ComparedTable extends TableSum {
  /** As it serves; null where it was not compared. */
  readonly serving: Omit<TableSum, 'table'> | null;
  readonly firstDifference: RowDifference | null;
}

interface Replayed {
  readonly name: string;
  readonly version: number;
  /** Up to here both were compared, or this one was filled. */
  readonly position: Position;
  readonly same: boolean | null;
  readonly tables: readonly ComparedTable[];
}

const pageSize = 1_000;
/** For whoever fills the serving tables to be as far as the fresh ones. */
const evenMsMax = 60_000;
/** Counting the largest table of a city takes minutes, not half a minute. */
const answerMsMax = 30 * 60_000;

/**
 * `replay --all`: every read model once more from the first event, in tables of their own that are dropped at the end,
 * whatever that is. With `--compare` each is brought to exactly the position of its serving tables, which are looked at in
 * one snapshot: rows, sums, and the first row that differs. Nothing that serves is touched or held up.
 */
export async function replayAll(
  { projections, until, json }: ReplayAllOptions,
  terminal: Terminal,
  signal: AbortSignal,
  workplace: Workplace,
): Promise<ExitCode> {
  const pool = createPool(workplace.stores.readModelUrl, { max: 2, answerMsMax });
  const [filling, looking] = [await pool.connect(), await pool.connect()];
  const made: FreshTables[] = [];
  try {
    await filling.query('set statement_timeout = 0');
    await looking.query('set statement_timeout = 0');
    for (const projection of projections) {
      const skipped = await skipsOf(workplace.stores.log, projection);
      made.push(await FreshTables.create(projection, filling, skipped));
    }
    const filled = await fillUntil(made, until, { terminal, signal, workplace });
    const replayed =
      until === null
        ? await compared(made, filled, { filling, looking, workplace, signal })
        : await summed(made, filled, filling);
    show(terminal, json, replayed, () => linesOf(replayed));
    return replayed.some(({ same }) => same === false) ? EXIT.failed : EXIT.ok;
  } finally {
    await looking.query('rollback');
    for (const fresh of made) await fresh.drop();
    filling.release();
    looking.release();
    await pool.end();
  }
}

interface Surroundings {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly workplace: Workplace;
}

/** One pass over the log for all of them. @returns the last position filled */
async function fillUntil(
  made: readonly FreshTables[],
  until: Position | null,
  { terminal, signal, workplace }: Surroundings,
): Promise<Position> {
  const { log } = workplace.stores;
  const end = until ?? (await log.head());
  const progress = await startProgress(terminal, 'events');
  try {
    return await pass(made, START, end, { workplace, signal, progress });
  } finally {
    progress.stop();
  }
}

async function pass(
  made: readonly FreshTables[],
  after: Position,
  end: Position,
  { workplace, signal, progress }: Pick<Surroundings, 'workplace' | 'signal'> & { progress?: Progress },
): Promise<Position> {
  let reached = after;
  for (let events = 0; ;) {
    if (signal.aborted) throw new CommandFailed('stopped before the end; nothing that is served has changed');
    const page = await workplace.stores.log.readAll(reached, { limit: pageSize }).catch(asPage);
    const wanted = page.filter(({ position }) => comparePositions(position, end) <= 0);
    for (const fresh of made) await fresh.fill(wanted);
    events += wanted.length;
    reached = wanted.at(-1)?.position ?? reached;
    progress?.update(events, Math.max(events, Number(end)));
    if (page.length === 0 || wanted.length < page.length) return reached;
  }
}

interface Looking {
  readonly filling: PoolClient;
  readonly looking: PoolClient;
  readonly workplace: Workplace;
  readonly signal: AbortSignal;
}

async function compared(
  made: readonly FreshTables[],
  filled: Position,
  { filling, looking, workplace, signal }: Looking,
): Promise<Replayed[]> {
  await untilAsFar(made, filled, looking, signal);
  // One snapshot of everything that serves; whoever fills it goes on meanwhile.
  await looking.query('begin isolation level repeatable read read only');
  const replayed: Replayed[] = [];
  for (const fresh of made) {
    const { name, version } = fresh.projection;
    const position = (await placeOf(fresh.projection, looking)).position;
    await pass([fresh], filled, position, { workplace, signal });
    await fresh.complete();
    await filling.query('begin isolation level repeatable read read only');
    const sides = {
      serving: { client: looking, schema: servingSchema(name) },
      fresh: { client: filling, schema: freshSchema(name) },
    };
    const serving = new Map((await tableSums(sides.serving)).map((sum) => [sum.table, sum]));
    const tables: ComparedTable[] = [];
    for (const sum of await tableSums(sides.fresh)) {
      const served = serving.get(sum.table);
      const isSame = served?.checksum === sum.checksum && served.rows === sum.rows;
      const difference =
        isSame || served === undefined ? null : await firstDifference(sides.serving, sides.fresh, sum.table);
      tables.push({ ...sum, serving: served ?? null, firstDifference: difference });
    }
    await filling.query('rollback');
    const same = tables.every(({ serving: served, checksum, rows }) => {
      return served?.checksum === checksum && served.rows === rows;
    });
    replayed.push({ name, version, position, same, tables });
  }
  return replayed;
}

async function summed(
  made: readonly FreshTables[],
  position: Position,
  client: PoolClient,
): Promise<Replayed[]> {
  const replayed: Replayed[] = [];
  for (const fresh of made) {
    await fresh.complete();
    const { projection } = fresh;
    const sums = await tableSums({ client, schema: freshSchema(projection.name) });
    const tables = sums.map((sum) => ({ ...sum, serving: null, firstDifference: null }));
    replayed.push({ name: projection.name, version: projection.version, position, same: null, tables });
  }
  return replayed;
}

/** @throws CommandFailed where there is nothing to compare with, or nobody fills it */
async function untilAsFar(
  made: readonly FreshTables[],
  filled: Position,
  client: PoolClient,
  signal: AbortSignal,
): Promise<void> {
  const patience = Date.now() + evenMsMax;
  for (const { projection } of made) {
    for (;;) {
      const { position, status } = await placeOf(projection, client);
      if (comparePositions(position, filled) >= 0) break;
      if (status === 'stopped' || Date.now() > patience || signal.aborted)
        throw new CommandFailed(
          `${projection.name} is at ${position} and the log at ${filled}: run a server, or projections status`,
        );
      await sleep(100);
    }
  }
}

/** @throws CommandFailed */
async function placeOf(
  { name, version }: Projection,
  client: PoolClient,
): Promise<{ position: Position; status: string }> {
  const { rows: there } = await client.query(
    `select 1 where to_regclass('projections.checkpoints') is not null`,
  );
  const { rows } =
    there.length === 0
      ? { rows: [] }
      : await client.query<{ position: Position; version: number; status: string }>(
          `select position, version, status from projections.checkpoints where name = $1`,
          [name],
        );
  const [row] = rows;
  if (row?.version !== version)
    throw new CommandFailed(
      `${name} ${row === undefined ? 'is not there yet' : `serves version ${row.version}, this release has ${version}`}`,
    );
  return row;
}

function linesOf(replayed: readonly Replayed[]): string[] {
  const rows = replayed.flatMap(({ name, position, tables }) =>
    tables.map((it) => [
      ...[`${name}.${it.table}`, position, String(it.rows), it.checksum],
      it.serving === null ? '—' : isEven(it) ? 'same' : `DIFFERS: ${it.serving.rows} rows serve`,
    ]),
  );
  const differing = replayed.flatMap(({ name, tables }) =>
    tables.flatMap(({ table: of, firstDifference: found }) =>
      found === null ? [] : [`${name}.${of}: first difference ${told(found)}`],
    ),
  );
  return [...table([['TABLE', 'POSITION', 'ROWS', 'CHECKSUM', 'SERVING'], ...rows]), ...differing];
}

const isEven = ({ serving, rows, checksum }: ComparedTable): boolean =>
  serving?.rows === rows && serving.checksum === checksum;

function told({ where, key, columns }: RowDifference): string {
  const row = JSON.stringify(key);
  if (where === 'BOTH') return `${row} in ${columns.join(', ')}`;
  return where === 'FRESH_ONLY' ? `${row} is missing where it serves` : `${row} is only where it serves`;
}
