import { Client } from 'pg';

/** What each setting does when it is off, to whoever was told that something is recorded. */
const HARM: Readonly<Record<string, string>> = {
  fsync: 'a power failure loses or destroys what was acknowledged',
  full_page_writes: 'a power failure in the middle of a write destroys pages that no log can mend',
  synchronous_commit: 'what was acknowledged in the last moments is lost by a crash',
};

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Settings by which a PostgreSQL acknowledges what it may lose, a sentence each, as they hold for whoever connects by this
 * URL: a database or a role may have settings of its own.
 * @throws what pg throws when it cannot be asked
 */
export async function lossySettings(url: string): Promise<readonly string[]> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: CONNECT_TIMEOUT_MS,
    application_name: 'shaoying-start',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `SELECT name FROM pg_settings WHERE name = ANY($1::text[]) AND setting = 'off' ORDER BY name`,
      [Object.keys(HARM)],
    );
    return rows.map(({ name }) => `${name} is off there: ${HARM[name] ?? ''}. Turn it on.`);
  } finally {
    await client.end().catch(() => undefined);
  }
}
