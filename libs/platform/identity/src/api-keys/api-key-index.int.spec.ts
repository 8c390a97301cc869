import {
  expectSameTablesForAnyBatching,
  expectSameTablesWhenDeliveredTwice,
  projectionSpec,
  recordedEvents,
} from '@shaoying/projections/testing';
import { apiKeyIndex, apiKeyPage } from './api-key-index.js';
import { apiKeyStreamId } from './api-key.events.js';

const spec = projectionSpec(apiKeyIndex);

/** Of 20 keys, each rotated, every other one revoked. */
const history = recordedEvents(
  Array.from({ length: 20 }, (_, n) => `k-${n}`).flatMap((keyId, n) =>
    ['ApiKeyIssued', 'ApiKeyRotated', ...(n % 2 === 0 ? ['ApiKeyRevoked'] : [])].map((type) => ({
      ...{ streamId: apiKeyStreamId(keyId), type, data: { keyId } },
    })),
  ),
);

it('has the same keys for any batching', () => expectSameTablesForAnyBatching(spec, history));

it('has each key once when all events are delivered again', () =>
  expectSameTablesWhenDeliveredTwice(spec, history));

it('lists keys page by page in the order they were issued in, of which positions as texts are not', async () => {
  await spec.givenEvents(history);
  const reader = {
    query: async <Row>(text: string, values?: unknown[]) => ({
      rows: await spec.thenRows<Row>(text, values),
    }),
  };
  const listed: string[] = [];
  for (let after: string | undefined = '0'; after !== undefined;) {
    const page = await apiKeyPage(reader, after, 7);
    listed.push(...page.map(({ keyId }) => keyId));
    after = page.at(-1)?.position;
  }
  expect(listed).toEqual(Array.from({ length: 20 }, (_, n) => `k-${n}`));
});
