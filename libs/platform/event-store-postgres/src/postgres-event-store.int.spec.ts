import { eventStoreContract } from '@shaoying/event-store/testing';
import type { RecordedEvent } from '@shaoying/event-store';
import { createTestDatabase } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import { PostgresEventStore } from './postgres-event-store.js';

eventStoreContract('PostgreSQL', async () => {
  const database = await createTestDatabase();
  const handles: PostgresEventStore[] = [];
  const another = async (): Promise<PostgresEventStore> => {
    const handle = await PostgresEventStore.open({ url: database.url, poolSize: 4 });
    handles.push(handle);
    return handle;
  };
  const spoil = async ({ position }: RecordedEvent): Promise<void> => {
    const admin = new Client({ connectionString: database.url });
    await admin.connect();
    await admin.query('ALTER TABLE log.events DISABLE TRIGGER append_only');
    await admin.query(`UPDATE log.events SET data = '{"half' WHERE position = $1`, [position]);
    await admin.query('ALTER TABLE log.events ENABLE TRIGGER append_only');
    await admin.end();
  };
  const close = async (): Promise<void> => {
    await Promise.all(handles.map((handle) => handle.close()));
    await database.drop();
  };
  return { store: await another(), another, spoil, close };
});
