import type { EventEmitter } from 'node:events';
import type { ClientBase, ClientConfig } from 'pg';
import { atMost, StoreUnavailable } from '@shaoying/event-store';

/** Hears what an operator should know but no caller can act upon: a lost connection, a server that is not durable. */
export type Warn = (message: string, cause?: unknown) => void;

const connectTimeoutMs = 5_000;
/** The server gives up a statement first, so that the client normally hears a definite no. */
const statementTimeoutMs = 10_000;
export const answerTimeoutMs = 15_000;

/**
 * Planner settings for reading: every read follows an index; see the note on plans in log.schema.ts. Instants are read as
 * text, so its form must not depend on the database's or the role's settings.
 */
const readerOptions =
  '-c enable_seqscan=off -c enable_bitmapscan=off -c enable_sort=off -c jit=off -c timezone=UTC -c datestyle=ISO';

/** The order of the log rests on it; a database or role may have another default. */
const writerOptions = '-c default_transaction_isolation=read\\ committed';

/** Told above where they are wanted; the listener and the set-up have none. */
const neverOfUrl = ['options', 'statement_timeout', 'query_timeout'];

/**
 * What a URL says wins over what `pg` is told beside it, without a word: a URL with `options` would take ours away, and instants
 * would be read in the time zone of the database. So what this program sets is taken out of the URL, and its `options` come after
 * those of the URL, of which PostgreSQL takes the last.
 */
function configFor(url: string, role: string, own: ClientConfig = {}): ClientConfig {
  const config: ClientConfig = {
    application_name: `shaoying log ${role}`,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...own,
  };
  const [address = '', query] = url.split(/\?(.*)/s, 2);
  if (query === undefined) return { connectionString: url, ...config };
  const asked = new URLSearchParams(query);
  const options = [asked.get('options'), own.options].filter(
    (text) => typeof text === 'string' && text !== '',
  );
  for (const name of [...Object.keys(config), ...neverOfUrl]) asked.delete(name);
  const left = asked.toString();
  return {
    ...config,
    connectionString: left === '' ? address : `${address}?${left}`,
    ...(options.length > 0 && { options: options.join(' ') }),
  };
}

const bounded = { statement_timeout: statementTimeoutMs, query_timeout: answerTimeoutMs };

export const setupConfig = (url: string): ClientConfig => configFor(url, 'set-up');
export const writerConfig = (url: string): ClientConfig =>
  configFor(url, 'writer', { ...bounded, options: writerOptions });
/** Without `query_timeout`, which the reader sees to itself: see page.copy.ts. */
export const readerConfig = (url: string): ClientConfig =>
  configFor(url, 'reader', { statement_timeout: statementTimeoutMs, options: readerOptions });
/** Without time-outs: it waits for notifications for ever. */
export const listenerConfig = (url: string): ClientConfig => configFor(url, 'listener');

/**
 * Thrown where a server can only be read: a standby, or what was the primary before a fail-over. The log of such a one ends
 * somewhere in the past, and nobody there would ever know; so it is neither written nor read (docs/adr/0036-reads-follow-the-writer.md).
 */
export class ReadOnlyServer extends StoreUnavailable {
  constructor(cause?: unknown) {
    super('this PostgreSQL can only be read', { cause });
  }
}

/** What is `on` where a connection can write nothing, also one that was there before. */
export const readOnlySetting = `current_setting('transaction_read_only')`;

/** @throws ReadOnlyServer; whatever `pg` throws */
export async function requireWritable(client: ClientBase): Promise<void> {
  const question: { readonly text: string; readonly query_timeout: number } = {
    text: `SELECT ${readOnlySetting} AS read_only`,
    query_timeout: answerTimeoutMs,
  };
  const { rows } = await client.query<{ read_only: string }>(question);
  if (rows[0]?.read_only === 'on') throw new ReadOnlyServer();
}

/** Reported by PostgreSQL itself since version 14; of each `on` says that nothing can be written. */
const reportedReadOnly = new Set(['in_hot_standby', 'default_transaction_read_only']);

/**
 * Hears when the server of a connection says that it can only be read: it does so in the message that ends the answer in which that first
 * counted (docs/adr/0041-connections-leave-a-server-that-can-only-be-read.md). A connection that asks nothing hears nothing.
 */
export function whenReadOnly(client: ClientBase, hear: () => void): void {
  const { connection } = client as ClientBase & { readonly connection: EventEmitter };
  connection.on('parameterStatus', ({ parameterName, parameterValue }: ParameterStatus) => {
    if (reportedReadOnly.has(parameterName) && parameterValue === 'on') hear();
  });
}

interface ParameterStatus {
  readonly parameterName: string;
  readonly parameterValue: string;
}

/** A client that is still connecting to a server that says nothing would keep `close` waiting for the time-out. */
const endGraceMs = 1_000;

/** Ends a client or a pool; never rejects, and never waits longer than the grace. */
export function endConnection(connection: { end(): Promise<void> }): Promise<void> {
  return atMost(endGraceMs, connection.end());
}
