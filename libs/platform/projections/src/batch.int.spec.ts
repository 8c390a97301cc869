import { createTestDatabase } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import { liveBatchWriter, writeIsolatingPoison } from './batch.js';
import { createProjection, ensureControlSchema, moveShadow, placeOf, readCheckpoint } from './checkpoints.js';
import { isTransient } from './projections.errors.js';
import { Session } from './session.js';
import { recordedEvents } from './testing/recorded-events.js';
import { tally } from './testing/sample-projections.js';

const [event] = recordedEvents([{ streamId: 'a', type: 'Counted', data: {} }]);
const at = new Date('2026-03-02T01:00:00.000Z');

it('a batch of one event that waits too long for its checkpoint is written later: the event is no poison', async () => {
  const database = await createTestDatabase();
  const holder = new Client({ connectionString: database.url });
  await holder.connect();
  const session = await Session.open(database.url, 'writer');
  try {
    await ensureControlSchema(session);
    await createProjection(session, tally(), at);
    const { generation, position } = (await readCheckpoint(session, 'tally'))!;
    const write = liveBatchWriter(session, tally(), generation, () => at, new Set());
    const writing = () => writeIsolatingPoison('tally', position, [event!], write, () => undefined);
    await session.query('set statement_timeout = 200');
    await holder.query('begin; select from projections.checkpoints for update');
    const failure = await writing().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'CHECKPOINT_UNMOVED', cause: { code: '57014' } });
    expect(isTransient(failure)).toBe(true);

    await holder.query(`lock table projections.shadows in access exclusive mode`);
    const shadow = session.inTransaction('tally', (tx) => moveShadow(tx, 'tally', '0', placeOf(event!), at));
    await expect(shadow).rejects.toMatchObject({ code: 'CHECKPOINT_UNMOVED', cause: { code: '57014' } });

    await holder.query('rollback');
    expect(await writing()).toBe('1');
    expect(await readCheckpoint(session, 'tally')).toMatchObject({ status: 'running', position: '1' });
  } finally {
    await session.close();
    await holder.end();
    await database.drop();
  }
});
