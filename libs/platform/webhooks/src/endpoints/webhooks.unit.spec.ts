import { SimulatedClock } from '@shaoying/config';
import { InMemoryEventStore, START, type EventStore } from '@shaoying/event-store';
import { InMemoryPersonalDataVault } from '@shaoying/personal-data/testing';
import { verified } from '../testing/index.js';
import { openSecrets, signatureOf, WEBHOOK_SECRETS_IN_TEXT } from './webhook-secret.js';
import { sealedSecretsAt } from './webhook.state.js';
import { Webhooks, type NewWebhook, type WebhookCommand } from './webhooks.js';

const NOW = '2026-12-01T00:00:00.000Z';
const hourMs = 3_600_000;
const wanted: NewWebhook = {
  ...{ departmentId: 'dp-water', url: 'https://hooks.example.gov.cn/a', after: '0' },
  ...{ concurrency: 4, perSecond: 50 },
};
const actor = { id: 'key-1', role: 'department', orgUnitId: 'dp-water' };

let store: EventStore;
let clock: SimulatedClock;
let vault: InMemoryPersonalDataVault;
let webhooks: Webhooks;
let commands = 0;

beforeEach(() => {
  store = new InMemoryEventStore();
  clock = new SimulatedClock(NOW);
  vault = new InMemoryPersonalDataVault();
  webhooks = new Webhooks({ store, vault, clock, addresses: { localAddresses: [], httpsOnly: true } });
});

function command(requestHash = 'a'.repeat(64)): WebhookCommand {
  commands += 1;
  const commandId = `6f1d3c52-8a0e-4d7b-9c41-${String(commands).padStart(12, '0')}`;
  return { commandId, correlationId: commandId, causationId: commandId, requestHash, actor };
}
async function registered(): Promise<{ id: string; secret: string }> {
  const { webhook, secret } = await webhooks.register(wanted, command());
  return { id: webhook.webhookId, secret: secret as string };
}
const secretsOf = async (id: string): Promise<readonly string[]> =>
  openSecrets(vault, sealedSecretsAt(await webhooks.find(id), clock.now()));
const refusal = (code: string) => expect.objectContaining({ code }) as unknown;

describe('the secret of an endpoint', () => {
  it('is shown once, is nowhere in the log, and is what deliveries are signed by', async () => {
    const { id, secret } = await registered();
    expect(secret).toMatch(new RegExp(`^${WEBHOOK_SECRETS_IN_TEXT.source}$`));
    const log = JSON.stringify(await store.readAll(START));
    expect(log).not.toContain(secret.slice('whsec_'.length, -1));
    expect(await secretsOf(id)).toEqual([secret]);
  });

  it('of a rotation signs beside the former one, which ends; whoever has either can check', async () => {
    const { id, secret } = await registered();
    const { secret: second } = await webhooks.rotate(id, hourMs, command());
    expect(await secretsOf(id)).toEqual([second, secret]);
    const at = new Date();
    const signature = signatureOf(await secretsOf(id), { id: 'e-1', at, body: '{"a":1}' });
    expect(signature.split(' ')).toHaveLength(2);
    const headers = {
      ...{ 'webhook-id': 'e-1', 'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)) },
      'webhook-signature': signature,
    };
    const came = { headers, body: '{"a":1}', path: '/', atMs: 0 };
    expect([secret, second as string].map((known) => verified(known, came))).toEqual([{ a: 1 }, { a: 1 }]);
    expect(() => verified(secret, { ...came, body: '{"a":2}' })).toThrow(/signature/);
    clock.advanceMs(hourMs);
    expect(await secretsOf(id)).toEqual([second]);
  });

  it('is forgotten with its endpoint, in every copy of the log', async () => {
    const { id } = await registered();
    const before = await webhooks.find(id);
    const request = command();
    await webhooks.remove(id, request);
    expect(await openSecrets(vault, [before.secret])).toEqual([]);
    await expect(webhooks.find(id)).rejects.toEqual(refusal('WEBHOOK_NOT_FOUND'));
    expect(await webhooks.remove(id, request)).toMatchObject({ replayed: true });
    await expect(webhooks.remove(id, command())).rejects.toEqual(refusal('WEBHOOK_NOT_FOUND'));
  });
});

describe('an endpoint', () => {
  it('is registered once for a repeated request, which is not told the secret again', async () => {
    const request = command();
    const first = await webhooks.register(wanted, request);
    const again = await webhooks.register(wanted, request);
    expect(again).toMatchObject({ webhook: first.webhook, secret: null, replayed: true });
    const other = { ...request, requestHash: 'b'.repeat(64) };
    await expect(webhooks.register(wanted, other)).rejects.toEqual(refusal('IDEMPOTENCY_KEY_REUSED'));
    expect(await store.readAll(START)).toHaveLength(1);
  });

  it('with an address that may not be called is not registered', async () => {
    const inside = { ...wanted, url: 'https://10.0.0.1/' };
    await expect(webhooks.register(inside, command())).rejects.toEqual(refusal('WEBHOOK_URL_REFUSED'));
    expect(await store.readAll(START)).toEqual([]);
  });

  it('is disabled and enabled on record, each once', async () => {
    const { id } = await registered();
    await webhooks.disable(id, 'BY_HAND', command());
    expect(await webhooks.disable(id, 'GONE', command())).toMatchObject({ replayed: true });
    expect((await webhooks.find(id)).disabled).toBe('BY_HAND');
    await webhooks.enable(id, command());
    const { disabled, steps } = await webhooks.find(id);
    expect(disabled).toBeNull();
    expect(steps.map(({ what, by }) => [what, by])).toEqual([
      ...[
        ['REGISTERED', 'key-1'],
        ['DISABLED', 'key-1'],
        ['ENABLED', 'key-1'],
      ],
    ]);
  });

  it('gives a repeated request its first answer, though it was changed by that request and others since', async () => {
    const { id } = await registered();
    const asSeen = (ifMatch: number) => ({ ...command(), ifMatch });
    const [rotation, disabling] = [asSeen(0), asSeen(1)];
    const acts = [() => webhooks.rotate(id, 0, rotation), () => webhooks.disable(id, 'BY_HAND', disabling)];
    const answers = [];
    for (const act of acts) answers.push(await act());
    await webhooks.enable(id, command());
    const before = await store.head();
    for (const [nth, act] of acts.entries()) {
      const { revision, position } = answers[nth]!;
      const again = await act();
      expect(again).toMatchObject({ revision, position, secret: null, replayed: true });
      // As it was then, under the revision that is told with it.
      expect(again.webhook).toEqual(answers[nth]!.webhook);
      expect(again.webhook.revision).toBe(revision);
      expect(again.current).toMatchObject({ revision: 3, disabled: null });
    }
    const other = { ...rotation, requestHash: 'b'.repeat(64) };
    await expect(webhooks.rotate(id, 0, other)).rejects.toEqual(refusal('IDEMPOTENCY_KEY_REUSED'));
    expect(await store.head()).toBe(before);
  });

  it('is changed as the caller saw it, where that is said', async () => {
    const { id } = await registered();
    await webhooks.rotate(id, 0, { ...command(), ifMatch: 0 });
    const stale = () => ({ ...command(), ifMatch: 0 });
    const acts = [
      () => webhooks.rotate(id, 0, stale()),
      () => webhooks.disable(id, 'BY_HAND', stale()),
      () => webhooks.remove(id, stale()),
    ];
    for (const act of acts) await expect(act()).rejects.toEqual(refusal('REVISION_CONFLICT'));
  });

  it('is registered at no revision: there is none yet; a repetition is answered all the same', async () => {
    const registering = command();
    const matching = { ...registering, ifMatch: 0 };
    await expect(webhooks.register(wanted, matching)).rejects.toEqual(refusal('NOTHING_TO_MATCH'));
    const first = await webhooks.register(wanted, registering);
    expect(await webhooks.register(wanted, matching)).toEqual({ ...first, secret: null, replayed: true });
  });

  it.each(['0123456789abcdef', '../x', '', 'x'.repeat(300)])('%j, never registered, is told', async (id) => {
    await expect(webhooks.find(id)).rejects.toEqual(refusal('WEBHOOK_NOT_FOUND'));
  });
});
