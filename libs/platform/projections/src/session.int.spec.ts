import { type TestDatabase, createTestDatabase } from '@shaoying/postgres/testing';
import { isTransient } from './projections.errors.js';
import { Session } from './session.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function lostWithin(session: Session, ms: number): Promise<boolean> {
  for (let leftMs = ms; leftMs > 0 && !session.lost.aborted; leftMs -= 20) await sleep(20);
  return session.lost.aborted;
}

test('a session that shows no life loses its lock, so that a frozen process does not keep it', async () => {
  const frozen = await Session.open(database.url, 'frozen', { idleMsMax: 300, signOfLifeMs: 60_000 });
  const successor = await Session.open(database.url, 'successor');
  expect(await frozen.tryLock('projections/tally')).toBe(true);
  expect(await successor.tryLock('projections/tally')).toBe(false);
  expect(await lostWithin(frozen, 5_000)).toBe(true);
  expect(await successor.tryLock('projections/tally')).toBe(true);
  const failure = await frozen.query('select 1').catch((error: unknown) => error);
  expect(isTransient(failure)).toBe(true);
  await Promise.all([frozen.close(), successor.close()]);
});

test('an idle session of a process that lives keeps its lock', async () => {
  const session = await Session.open(database.url, 'idle', { idleMsMax: 500, signOfLifeMs: 50 });
  expect(await session.tryLock('projections/tally')).toBe(true);
  expect(await lostWithin(session, 1_500)).toBe(false);
  await session.close();
});
