import { setTimeout as sleep } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { advisoryLockKey } from './advisory-lock.js';
import { type Cluster, DATABASE, ROLE } from './cluster.js';
import type { Postmaster } from './postmaster.js';

const OCCUPANTS = advisoryLockKey('shaoying/embedded-postgres/occupants').toString();
const CONNECT_TIMEOUT_MS = 10_000;
/** How long an arrival waits behind someone who is just turning off the light. */
const ARRIVAL_TIMEOUT_MS = 20_000;
/** For any answer: a server that is held still, or whose disk is, must not hold up who comes or goes for ever. */
const ANSWER_TIMEOUT_MS = ARRIVAL_TIMEOUT_MS + 2_000;

/** One process's place among the users of the cluster. */
export interface Place {
  readonly client: Client;
  /** Resolves when the connection has ended, however long ago: an event could be missed by who looks later. */
  readonly ended: Promise<void>;
}

export function urlOf(cluster: Cluster, postmaster: Postmaster, database = DATABASE): string {
  return `postgres://${ROLE}:${encodeURIComponent(cluster.password)}@127.0.0.1:${postmaster.port}/${database}`;
}

async function connect(url: string): Promise<Place> {
  const client = new Client({
    connectionString: url,
    application_name: 'shaoying occupancy',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    keepAlive: true,
  });
  // The end of the connection is noticed through 'end'; without this handler 'error' would end the process.
  client.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => client.once('end', resolve));
  await client.connect();
  return { client, ended };
}

async function createDatabase(cluster: Cluster, postmaster: Postmaster): Promise<void> {
  const { client } = await connect(urlOf(cluster, postmaster, 'postgres'));
  try {
    await client.query(`CREATE DATABASE ${DATABASE} TEMPLATE template0`);
  } catch (error) {
    const alreadyThere = error instanceof DatabaseError && (error.code === '42P04' || error.code === '23505');
    if (!alreadyThere) throw error;
  } finally {
    await client.end();
  }
}

/**
 * Counts itself among the users of the cluster, by a shared advisory lock held as long as the returned place's
 * connection lives. A user that is killed is counted out by PostgreSQL itself.
 */
export async function enter(cluster: Cluster, postmaster: Postmaster): Promise<Place> {
  const url = urlOf(cluster, postmaster);
  const place = await connect(url).catch(async (error: unknown) => {
    if (!(error instanceof DatabaseError) || error.code !== '3D000') throw error;
    await createDatabase(cluster, postmaster);
    return connect(url);
  });
  const { client } = place;
  try {
    // Of the lock, not of the statement: waiting too long for one who leaves is then an error that passes.
    await client.query(`SET lock_timeout = ${ARRIVAL_TIMEOUT_MS}`);
    await client.query('SELECT pg_advisory_lock_shared($1::bigint)', [OCCUPANTS]);
    return place;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/**
 * Gives up the place. True when nobody else is there: then the exclusive lock is held on `client`, whoever arrives
 * now waits, and the caller has to stop the server before it lets the connection go.
 * @param patienceMs how long somebody may still be counted who is not there
 */
export async function leave({ client }: Place, patienceMs: number): Promise<boolean> {
  await client.query('SELECT pg_advisory_unlock_shared($1::bigint)', [OCCUPANTS]);
  for (const deadline = Date.now() + patienceMs; ; await sleep(50)) {
    const { rows } = await client.query<{ last: boolean }>(
      'SELECT pg_try_advisory_lock($1::bigint) AS last',
      [OCCUPANTS],
    );
    if (rows[0]?.last === true) return true;
    if (Date.now() >= deadline) return false;
  }
}
