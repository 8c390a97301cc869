import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { EventSourcedJurisdictionDirectory } from './event-sourced-jurisdiction-directory.js';
import { JurisdictionPublisher } from './jurisdiction-publisher.js';
import { lindongJurisdiction, lindongYaml } from './testing/index.js';

const actor = { id: 'admin-1', role: 'admin', orgUnitId: null };
const now = '2026-01-05T02:00:00.000Z';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** What a process does: opens the store, follows it, may publish. */
async function inProcess<T>(
  act: (
    publisher: JurisdictionPublisher,
    directory: EventSourcedJurisdictionDirectory,
    store: PostgresEventStore,
  ) => Promise<T>,
): Promise<T> {
  const store = await PostgresEventStore.open({ url: database.url });
  const directory = new EventSourcedJurisdictionDirectory(store);
  try {
    await directory.start();
    return await act(new JurisdictionPublisher(store, directory), directory, store);
  } finally {
    await directory.stop();
    await store.close();
  }
}

test('on PostgreSQL the sample city is published once, outlives the process and is never published twice', async () => {
  const first = await inProcess(async (publisher, directory) => {
    const { published, position } = await publisher.publishFile(lindongYaml(), actor, now);
    expect(published.length).toBeGreaterThan(40);
    expect(directory.status()).toEqual({ state: 'LIVE', position });
    return position;
  });
  await inProcess(async (publisher, directory, store) => {
    expect(directory.pins()).toEqual(lindongJurisdiction().pins());
    expect(directory.grids()).toEqual(lindongJurisdiction().grids());
    expect(await publisher.publishFile(lindongYaml(), actor, now)).toEqual({
      published: [],
      position: first,
      warnings: [],
    });
    expect(await store.head()).toBe(first);
  });
});
