import {
  expectSameTablesForAnyBatching,
  expectSameTablesWhenDeliveredTwice,
  projectionSpec,
  recordedEvents,
} from '@shaoying/projections/testing';
import { allWebhooks, webhookIndex, webhooksOf } from './webhook-index.js';

const spec = projectionSpec(webhookIndex);

/** Of 20 endpoints of two departments, each disabled; every fourth is deleted at once, every other one at the end. */
const events = (n: number, types: readonly string[]) =>
  types.map((type) => ({
    streamId: `webhook-w-${n}`,
    type,
    data: { webhookId: `w-${n}`, departmentId: n % 2 === 0 ? 'dp-gas' : 'dp-water' },
  }));
const numbers = Array.from({ length: 20 }, (_, n) => n);
const isDeletedAtOnce = (n: number): boolean => n % 4 === 0;
const isDeletedLater = (n: number): boolean => n % 4 === 2;
const history = recordedEvents([
  ...numbers.flatMap((n) =>
    events(n, ['WebhookRegistered', 'WebhookDisabled', ...(isDeletedAtOnce(n) ? ['WebhookDeleted'] : [])]),
  ),
  ...numbers.filter(isDeletedLater).flatMap((n) => events(n, ['WebhookDeleted'])),
]);
const left = numbers.filter((n) => !isDeletedAtOnce(n) && !isDeletedLater(n)).map((n) => `w-${n}`);

it('has the same endpoints for any batching', () => expectSameTablesForAnyBatching(spec, history));

it('has each endpoint that is left once when all events are delivered again', async () => {
  await expectSameTablesWhenDeliveredTwice(spec, history);
  const reader = {
    query: async <Row>(text: string, values?: unknown[]) => ({
      rows: await spec.thenRows<Row>(text, values),
    }),
  };
  expect(await allWebhooks(reader)).toEqual(left);
  expect(await webhooksOf(reader, 'dp-water')).toEqual(left);
  expect(await webhooksOf(reader, 'dp-gas')).toEqual([]);
});
