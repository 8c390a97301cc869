import { eventStoreContract } from '@shaoying/event-store/testing';
import { createTestDatabase } from '@shaoying/postgres/testing';
import { PostgresEventStore } from './postgres-event-store.js';

eventStoreContract('PostgreSQL', async () => {
  const database = await createTestDatabase();
  const handles: PostgresEventStore[] = [];
  const another = async (): Promise<PostgresEventStore> => {
    const handle = await PostgresEventStore.open({ url: database.url, poolSize: 4 });
    handles.push(handle);
    return handle;
  };
  const close = async (): Promise<void> => {
    await Promise.all(handles.map((handle) => handle.close()));
    await database.drop();
  };
  return { store: await another(), another, close };
});
