import { Client, type ClientBase, type ClientConfig } from 'pg';

/*
 * After a fail-over the address of a database leads to another server, and what was the primary may go on answering whoever is
 * still connected: as a standby, or fenced off so that it can only be read. A write is refused there; a read is answered with
 * what was. Since version 14 PostgreSQL says both of a connection as it begins, and says it again when it changes, in the very
 * message that ends the answer in which the change first counted: nobody has to ask, and no answer is told that was given
 * on such a server. See docs/adr/0041-connections-leave-a-server-that-can-only-be-read.md.
 */

/** Settings that PostgreSQL reports by itself, of which `on` says that nothing can be written. */
const readOnlySettings = new Set(['in_hot_standby', 'default_transaction_read_only']);

/** Thrown where a server can only be read: a standby, or what was the primary before a fail-over. Passes by itself. */
export class ServerIsReadOnly extends Error {
  /** The state by which PostgreSQL refuses a write there. */
  readonly code = '25006';

  constructor() {
    super('this PostgreSQL can only be read; what is connected to it leaves it');
  }
}

/** All of this process that stay with a primary, whatever pool they are of. */
const staying = new Set<ClientBase>();

/**
 * A `pg` client that is connected to a server that can be written, or not at all: connecting to another one fails with
 * {@link ServerIsReadOnly}, and once its server can only be read it ends like a connection that broke. What waits for an answer
 * then, also for one that has just come, hears of `ServerIsReadOnly`; a write that was under way may have been done.
 * For pools: `Client: PrimaryClient`.
 */
export class PrimaryClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    watch(this);
  }

  override connect(): Promise<Client>;
  override connect(callback: ((error: Error) => void) | ((error: null, client: Client) => void)): void;
  override connect(callback?: (error: never, client: Client) => void): Promise<Client> | void {
    if (callback === undefined)
      return new Promise((resolve, reject) => {
        this.connect((error: Error | null) => (error ? reject(error) : resolve(this)));
      });
    const done = callback as (error: Error | null, client: Client) => void;
    super.connect((failure: Error | null) => {
      if (failure === null && isReadOnly(this)) void this.end().catch(() => undefined);
      done(failure ?? (isReadOnly(this) ? new ServerIsReadOnly() : null), this);
    });
  }
}

/**
 * The same for a client that another has connected, a library for instance. It must have a listener for `error`.
 * @throws ServerIsReadOnly, and what `pg` throws when it cannot be asked
 */
export async function stayWithPrimary(client: Client): Promise<void> {
  if (staying.has(client)) return;
  watch(client);
  staying.add(client);
  const { rows } = await client.query<{ on: boolean }>(
    `SELECT current_setting('transaction_read_only') = 'on' AS on`,
  );
  if (rows[0]?.on !== true) return;
  leave(client);
  throw new ServerIsReadOnly();
}

const saidReadOnly = new WeakMap<ClientBase, Set<string>>();
const isReadOnly = (client: ClientBase): boolean => (saidReadOnly.get(client)?.size ?? 0) > 0;

function watch(client: Client): void {
  const said = new Set<string>();
  saidReadOnly.set(client, said);
  client.connection.on('parameterStatus', ({ parameterName, parameterValue }: ParameterStatus) => {
    if (!readOnlySettings.has(parameterName)) return;
    if (parameterValue === 'on') said.add(parameterName);
    else said.delete(parameterName);
    if (isReadOnly(client) && staying.has(client)) leave(client);
  });
  client.on('connect', () => {
    if (!isReadOnly(client)) staying.add(client);
  });
  client.on('end', () => staying.delete(client));
}

/** The others look too, which one that is idle never does by itself; those that are of another server stay. */
function leave(client: Client): void {
  staying.delete(client);
  // As pg itself does where a connection breaks, and at once: the end of the answer is in the same packet.
  client.connection.emit('error', new ServerIsReadOnly());
  void client.end().catch(() => undefined);
  for (const other of staying) look(other);
}

/** Any answer says what has changed; one that is under way will. */
function look(client: ClientBase): void {
  const isBusy = Boolean((client as unknown as { readonly _activeQuery: unknown })._activeQuery);
  if (!isBusy) void client.query('').catch(() => undefined);
}

interface ParameterStatus {
  readonly parameterName: string;
  readonly parameterValue: string;
}
