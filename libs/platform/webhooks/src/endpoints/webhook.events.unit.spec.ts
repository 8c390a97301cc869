import type { RecordedEvent } from '@shaoying/event-store';
import { goldenCorpusContract, readGolden, type Json } from '@shaoying/testing';
import { join } from 'node:path';
import { decodeWebhookEvent, webhookCatalogue } from './webhook.events.js';
import { foldWebhook, sealedSecretsAt } from './webhook.state.js';

const goldenDir = join(__dirname, '../../golden');
const golden = (type: string) => readGolden(goldenDir, `${type}.v1.json`) as unknown as RecordedEvent;

goldenCorpusContract(goldenDir, webhookCatalogue, (file: Json) => (file as unknown as RecordedEvent).data);

it('what the first release wrote about an endpoint is understood for ever', () => {
  const events = Object.keys(webhookCatalogue).map(golden).map(decodeWebhookEvent);
  const [registered, rotated] = events;
  const webhook = foldWebhook(events);
  expect(webhook).toEqual({
    ...{ webhookId: '0f1e2d3c4b5a6978', departmentId: 'dp-water', after: '4990' },
    ...{ url: 'https://hooks.example.gov.cn/shaoying', concurrency: 4, perSecond: 50 },
    secret: (rotated?.data as { secret: object }).secret,
    former: { secret: (registered?.data as { secret: object }).secret, endsAt: '2026-12-03T01:00:00.000Z' },
    ...{ disabled: null, deleted: true, revision: 4 },
    steps: [
      { what: 'REGISTERED', at: '2026-12-01T01:00:00.000Z', by: 'key-8f7e6d5c4b3a2918' },
      { what: 'ROTATED', at: '2026-12-02T01:00:00.000Z', by: 'key-8f7e6d5c4b3a2918' },
      { what: 'DISABLED', at: '2026-12-06T01:00:00.000Z', by: 'system:notifier' },
      { what: 'ENABLED', at: '2026-12-07T01:00:00.000Z', by: 'key-8f7e6d5c4b3a2918' },
      { what: 'DELETED', at: '2026-12-08T01:00:00.000Z', by: 'key-8f7e6d5c4b3a2918' },
    ],
  });
  expect(foldWebhook(events.slice(0, 3))?.disabled).toBe('FAILING');
});

it('both secrets sign until the former one ends', () => {
  const webhook = foldWebhook(
    ['WebhookRegistered', 'WebhookSecretRotated'].map(golden).map(decodeWebhookEvent),
  );
  const numberAt = (instant: string): number | undefined =>
    webhook && sealedSecretsAt(webhook, new Date(instant)).length;
  expect(numberAt('2026-12-03T00:59:59.999Z')).toBe(2);
  expect(numberAt('2026-12-03T01:00:00.000Z')).toBe(1);
});

it('an event of a later release is refused, not guessed at', () => {
  const event = golden('WebhookEnabled');
  for (const other of [{ schemaVersion: 2 }, { type: 'WebhookPainted' }, { data: { webhookId: '' } }])
    expect(() => decodeWebhookEvent({ ...event, ...other })).toThrow(/unknown to this release/);
});
