import type { Projection } from '../projection.js';
import {
  expectSameTablesForAnyBatching,
  expectSameTablesWhenDeliveredTwice,
  projectionSpec,
  recordedEvents,
} from './index.js';
import { tally } from './sample-projections.js';

const history = recordedEvents(
  Array.from({ length: 40 }, (_, index) => ({
    streamId: `s-${index % 3}`,
    type: 'Counted',
    data: { index },
  })),
);

/** Keyed by stream and revision: the same whatever is delivered, in whatever batches. */
const latest: Projection = {
  name: 'latest-revision',
  version: 1,
  schema: 'create table latest (stream_id text primary key, revision integer not null)',
  eventTypes: ['Counted'],
  async apply(events, tx) {
    const revisions = new Map(events.map((event) => [event.streamId, event.revision]));
    await tx.query(
      `insert into latest select * from unnest($1::text[], $2::int[])
       on conflict (stream_id) do update set revision = greatest(latest.revision, excluded.revision)`,
      [[...revisions.keys()], [...revisions.values()]],
    );
  },
};

const batchCounter: Projection = {
  ...latest,
  schema: 'create table batches (events integer)',
  apply: async (events, tx) => void (await tx.query('insert into batches values ($1)', [events.length])),
};

describe('projectionSpec', () => {
  const spec = projectionSpec(latest);

  it('applies what is given and shows the rows', async () => {
    await spec.givenEvents(history);
    expect(await spec.thenRows('select * from latest order by 1')).toEqual([
      { stream_id: 's-0', revision: 13 },
      { stream_id: 's-1', revision: 12 },
      { stream_id: 's-2', revision: 12 },
    ]);
  });

  it('starts every test with empty tables', async () => {
    expect(await spec.tables()).toEqual({ latest: [] });
  });
});

describe('expectSameTablesForAnyBatching', () => {
  const folding = projectionSpec(latest);
  const counting = projectionSpec(batchCounter);

  it('passes a projection that folds properly', () => expectSameTablesForAnyBatching(folding, history));

  it('catches one that depends on the batches', async () => {
    await expect(expectSameTablesForAnyBatching(counting, history)).rejects.toThrow('batchSize');
  });
});

describe('expectSameTablesWhenDeliveredTwice', () => {
  const keyed = projectionSpec(latest);
  const counting = projectionSpec(batchCounter);
  const inserting = projectionSpec(tally());

  it('passes a projection keyed by its events', () => expectSameTablesWhenDeliveredTwice(keyed, history));

  it('catches one that counts blindly', async () => {
    await expect(expectSameTablesWhenDeliveredTwice(counting, history)).rejects.toThrow();
  });

  it('catches one that inserts blindly', async () => {
    await expect(expectSameTablesWhenDeliveredTwice(inserting, history)).rejects.toThrow('duplicate key');
  });
});
