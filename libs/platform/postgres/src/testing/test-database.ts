import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** Drops the database, cutting off whoever is still connected. */
  drop(): Promise<void>;
}

async function asAdmin(sql: string): Promise<void> {
  const connectionString = process.env['TEST_POSTGRES_URL'];
  if (!connectionString)
    throw new Error(
      'TEST_POSTGRES_URL is not set: run through jest.config.mjs, whose set-up starts PostgreSQL',
    );
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** An empty database of its own for one spec file (about 30 ms), on the PostgreSQL that the test run started. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await asAdmin(`CREATE DATABASE ${name} TEMPLATE template0 STRATEGY file_copy`);
  const url = new URL(process.env['TEST_POSTGRES_URL'] ?? '');
  url.pathname = `/${name}`;
  return { name, url: url.href, drop: () => asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}
