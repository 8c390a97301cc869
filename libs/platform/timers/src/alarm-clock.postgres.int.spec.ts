import { randomBytes } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import { openAlarmClock } from './open-alarm-clock.js';
import { TIMERS_SCHEMA } from './postgres-engine.js';
import { alarmClockContract } from './testing/index.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
});

async function query<Row extends object>(sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

alarmClockContract('the alarm clock on PostgreSQL', async () => {
  const name = `test-${randomBytes(6).toString('hex')}`;
  return {
    open: (options) => openAlarmClock({ url: database.url, name, ...options }),
    wipe: async () => {
      await query(`TRUNCATE ${TIMERS_SCHEMA}.job, ${TIMERS_SCHEMA}.event CASCADE`);
    },
  };
});

describe('opening on PostgreSQL', () => {
  it('migrates its own schema once, however many processes open it at the same time', async () => {
    const fresh = await createTestDatabase();
    try {
      const clocks = await Promise.all([1, 2, 3].map(() => openAlarmClock({ url: fresh.url })));
      await Promise.all(clocks.map((clock) => clock.close()));
    } finally {
      await fresh.drop();
    }
  });

  it('respects other options in the URL beside its search path', async () => {
    const url = new URL(database.url);
    url.searchParams.set('options', '-c statement_timeout=5000');
    const clock = await openAlarmClock({ url: url.toString(), name: 'with-options' });
    try {
      await clock.arm([{ deadlineId: 'd', tier: 'BREACH', dueAt: '2999-01-01T00:00:00Z' }]);
      const rows = await query<{ id: string }>(
        `SELECT id FROM ${TIMERS_SCHEMA}.job WHERE queue = 'with-options'`,
      );
      expect(rows).toEqual([{ id: 'd-BREACH' }]);
    } finally {
      await clock.close();
    }
  });

  it('stores the deadline id, the tier and instants, and nothing else', async () => {
    const clock = await openAlarmClock({ url: database.url, name: 'no-personal-data' });
    try {
      await clock.arm([{ deadlineId: 'd', tier: 'BREACH', dueAt: '2999-01-01T08:00:00+08:00' }]);
      const rows = await query<{ data: object }>(
        `SELECT data FROM ${TIMERS_SCHEMA}.job WHERE queue = 'no-personal-data'`,
      );
      const dueAt = '2999-01-01T00:00:00.000Z';
      expect(rows).toEqual([{ data: { deadlineId: 'd', tier: 'BREACH', dueAt, attempt: 1 } }]);
    } finally {
      await clock.close();
    }
  });

  it('says that it is not available, without repeating the password, when nobody answers', async () => {
    const attempt = openAlarmClock({ url: 'postgres://me:secret-word@127.0.0.1:1/none' });
    const error = await attempt.then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).toMatchObject({ code: 'ALARM_CLOCK_UNAVAILABLE' });
    expect(String((error as Error).stack)).not.toContain('secret-word');
  });
});
