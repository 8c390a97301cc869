import { SimulatedClock } from '@shaoying/config';
import { InMemoryEventStore, START, type EventStore } from '@shaoying/event-store';
import { crc32 } from 'node:zlib';
import { API_KEYS_IN_TEXT, ApiKeys, type ApiKeyCommand, type NewApiKey } from './index.js';

const NOW = '2026-03-01T00:00:00.000Z';
const dayMs = 86_400_000;
const wanted: NewApiKey = {
  ...{ label: '供水调度系统', role: 'department', orgUnitId: 'dp-water', readOnly: false, days: 30 },
};

let store: EventStore;
let clock: SimulatedClock;
let keys: ApiKeys;
let used: string[];
let commands = 0;

beforeEach(() => {
  store = new InMemoryEventStore();
  clock = new SimulatedClock(NOW);
  used = [];
  keys = new ApiKeys({ store, clock, daysMax: 365, onUse: (keyId) => used.push(keyId) });
});

const admin = { id: 'u-admin', role: 'admin', orgUnitId: 'ct-lindong' };

function command(requestHash = 'a'.repeat(64)): ApiKeyCommand {
  commands += 1;
  const commandId = `6f1d3c52-8a0e-4d7b-9c41-${String(commands).padStart(12, '0')}`;
  return { commandId, correlationId: commandId, causationId: commandId, requestHash, actor: admin };
}

async function issued(more: Partial<NewApiKey> = {}): Promise<{ keyId: string; secret: string }> {
  const { key, secret } = await keys.issue({ ...wanted, ...more }, command());
  return { keyId: key.keyId, secret: secret as string };
}

const refusal = (code: string) => expect.objectContaining({ code }) as unknown;
const day = (overlapDays: number) => ({ overlapMs: overlapDays * dayMs, days: null });

/** With a checksum that fits, as whoever knows the form would make one. */
function forged(secret: string, change: (start: string) => string): string {
  const start = change(secret.slice(0, -8));
  return start + crc32(start).toString(16).padStart(8, '0');
}

const withOtherSecret = (secret: string): string =>
  forged(secret, (start) => `${start.slice(0, -1)}${start.endsWith('0') ? '1' : '0'}`);

describe('an API key', () => {
  it('is its system: the role and the unit it was issued for, until it ends', async () => {
    const { keyId, secret } = await issued({ readOnly: true });
    expect(await keys.verify(secret)).toMatchObject({
      ...{ id: `key-${keyId}`, roles: ['department'], orgUnitId: 'dp-water', readOnly: true },
      expiresAt: new Date(Date.parse(NOW) + 30 * dayMs),
    });
    expect(used).toEqual([keyId]);
  });

  it('is nowhere in the log, nor is what is kept of it enough to be one', async () => {
    const { keyId, secret } = await issued();
    const { secret: second } = await keys.rotate(keyId, day(1), command());
    const log = JSON.stringify(await store.readAll(START));
    for (const text of [secret, second as string]) {
      expect(text).toMatch(new RegExp(`^${API_KEYS_IN_TEXT.source}$`));
      expect(log).not.toContain(text.split('_')[2]?.slice(0, 16));
      expect(log).not.toMatch(API_KEYS_IN_TEXT);
    }
    const [kept] = /[0-9a-f]{64}/.exec(log.slice(log.indexOf('secretHash'))) ?? [];
    await expect(keys.verify(forged(secret, () => `shy_${keyId}_${kept}`))).rejects.toEqual(
      refusal('API_KEY_INVALID'),
    );
  });

  it('expires at its instant', async () => {
    const { secret } = await issued({ days: 1 });
    clock.advanceMs(dayMs - 1);
    await keys.verify(secret);
    clock.advanceMs(1);
    await expect(keys.verify(secret)).rejects.toEqual(refusal('API_KEY_EXPIRED'));
  });

  it.each<[string, (secret: string) => string]>([
    ['another secret', withOtherSecret],
    ['another id', (secret) => forged(secret, (start) => start.replace(/_.{16}_/, '_0123456789abcdef_'))],
    [
      'an id that leads elsewhere',
      (secret) => forged(secret, (start) => start.replace(/_.{16}_/, '_../../incident-1_')),
    ],
    ['a wrong checksum', (secret) => `${secret.slice(0, -8)}00000000`],
    ['upper case', (secret) => secret.toUpperCase().replace('SHY', 'shy')],
    ['a tail', (secret) => `${secret}\n`],
    ['a half', (secret) => secret.slice(0, 40)],
    ['nothing behind its prefix', () => 'shy_'],
  ])('with %s is none', async (_what, change) => {
    const { secret } = await issued();
    await expect(keys.verify(change(secret))).rejects.toEqual(refusal('API_KEY_INVALID'));
    expect(used).toEqual([]);
  });

  it.each([0, -1, 366, Number.NaN])('is not issued for %d days', async (days) => {
    await expect(issued({ days })).rejects.toEqual(refusal('API_KEY_LIFETIME'));
    expect(await store.readAll(START)).toEqual([]);
  });

  it('is issued once for a repeated request, and shown once', async () => {
    const request = command();
    const first = await keys.issue(wanted, request);
    const again = await keys.issue(wanted, request);
    expect(again).toMatchObject({ key: first.key, secret: null, replayed: true, position: first.position });
    await keys.verify(first.secret as string);
    const other = { ...request, requestHash: 'b'.repeat(64) };
    await expect(keys.issue({ ...wanted, orgUnitId: 'dp-gas' }, other)).rejects.toEqual(
      refusal('IDEMPOTENCY_KEY_REUSED'),
    );
    expect(await store.readAll(START)).toHaveLength(1);
  });
});

describe('a rotation', () => {
  it('gives a new secret, lets the former one count as long as was asked, and an older one no more', async () => {
    const { keyId, secret: first } = await issued();
    const { secret: second } = await keys.rotate(keyId, day(2), command());
    await keys.verify(first);
    const { secret: third } = await keys.rotate(keyId, day(1), command());
    await expect(keys.verify(first)).rejects.toEqual(refusal('API_KEY_INVALID'));
    expect((await keys.verify(second as string)).expiresAt).toEqual(new Date(Date.parse(NOW) + dayMs));
    clock.advanceMs(dayMs);
    await expect(keys.verify(second as string)).rejects.toEqual(refusal('API_KEY_EXPIRED'));
    await keys.verify(third as string);
  });

  it('prolongs the key by the time it was given first, and the former secret by nothing', async () => {
    const { keyId, secret: first } = await issued({ days: 10 });
    clock.advanceMs(9 * dayMs);
    const { key, secret } = await keys.rotate(keyId, day(7), command());
    expect(key.secret.endsAt).toBe('2026-03-20T00:00:00.000Z');
    clock.advanceMs(dayMs);
    await expect(keys.verify(first)).rejects.toEqual(refusal('API_KEY_EXPIRED'));
    await keys.verify(secret as string);
  });

  it('of a key that has ended is refused: it would be alive again', async () => {
    const { keyId } = await issued({ days: 1 });
    clock.advanceMs(dayMs);
    await expect(keys.rotate(keyId, day(1), command())).rejects.toEqual(refusal('API_KEY_ENDED'));
    const { keyId: revoked } = await issued();
    await keys.revoke(revoked, command());
    await expect(keys.rotate(revoked, day(1), command())).rejects.toEqual(refusal('API_KEY_ENDED'));
  });

  it('happens once for a repeated request', async () => {
    const { keyId } = await issued();
    const request = { ...command(), ifMatch: 0 };
    const first = await keys.rotate(keyId, day(1), request);
    const again = await keys.rotate(keyId, day(1), request);
    expect(again).toMatchObject({ key: first.key, secret: null, replayed: true, revision: 1 });
    // Also once the key has gone on: as it was then, under the revision that is told with it.
    await keys.rotate(keyId, day(1), command());
    await keys.revoke(keyId, command());
    expect(await keys.rotate(keyId, day(1), request)).toEqual(again);
  });

  it('is not of a key that is only to be issued: it has no revision', async () => {
    const request = command();
    const scope = {
      label: 'x',
      role: 'department',
      orgUnitId: 'dp-water',
      readOnly: false,
      days: 1,
    } as const;
    const matching = { ...request, ifMatch: 0 };
    await expect(keys.issue(scope, matching)).rejects.toEqual(refusal('NOTHING_TO_MATCH'));
    const first = await keys.issue(scope, request);
    expect(await keys.issue(scope, matching)).toEqual({ ...first, secret: null, replayed: true });
  });
});

describe('a revocation', () => {
  it('and a rotation too, are for the key as the caller saw it, where that is said', async () => {
    const { keyId } = await issued();
    await keys.rotate(keyId, day(1), { ...command(), ifMatch: 0 });
    const stale = () => ({ ...command(), ifMatch: 0 });
    await expect(keys.rotate(keyId, day(1), stale())).rejects.toEqual(refusal('REVISION_CONFLICT'));
    await expect(keys.revoke(keyId, stale())).rejects.toEqual(refusal('REVISION_CONFLICT'));
    expect(await keys.revoke(keyId, { ...command(), ifMatch: 1 })).toMatchObject({ revision: 2 });
  });

  it('ends the secret and the one before it, and tells whoever has one; others learn nothing', async () => {
    const { keyId, secret: first } = await issued();
    const { secret: second } = await keys.rotate(keyId, day(2), command());
    const { stillCounts } = await keys.verify(first);
    expect(await stillCounts?.()).toBe(true);
    await keys.revoke(keyId, command());
    for (const secret of [first, second as string]) {
      await expect(keys.verify(secret)).rejects.toEqual(refusal('API_KEY_REVOKED'));
    }
    expect(await stillCounts?.()).toBe(false);
    await expect(keys.verify(withOtherSecret(first))).rejects.toEqual(refusal('API_KEY_INVALID'));
  });

  it('wins against a rotation at the same moment, and happens once', async () => {
    const { keyId } = await issued();
    const [rotated, revoked] = await Promise.allSettled([
      keys.rotate(keyId, day(1), command()),
      keys.revoke(keyId, command()),
    ]);
    expect(revoked.status).toBe('fulfilled');
    await keys.revoke(keyId, command());
    const key = await keys.find(keyId);
    expect(key.steps.filter(({ what }) => what === 'REVOKED')).toHaveLength(1);
    if (rotated.status === 'fulfilled') {
      await expect(keys.verify(rotated.value.secret as string)).rejects.toEqual(refusal('API_KEY_REVOKED'));
    }
  });

  it('stands in the history with whoever did it', async () => {
    const { keyId } = await issued();
    clock.advanceMs(1_000);
    await keys.revoke(keyId, { ...command(), actor: { ...admin, id: 'u-other' } });
    expect((await keys.find(keyId)).steps).toEqual([
      { what: 'ISSUED', at: NOW, by: 'u-admin' },
      { what: 'REVOKED', at: '2026-03-01T00:00:01.000Z', by: 'u-other' },
    ]);
  });

  it.each(['0123456789abcdef', '../x', '', 'x'.repeat(300)])(
    'of %j, which was never issued, is told',
    async (id) => {
      await expect(keys.revoke(id, command())).rejects.toEqual(refusal('API_KEY_NOT_FOUND'));
    },
  );
});

it('a stream goes on while the log cannot be asked, and a request does not', async () => {
  const { secret } = await issued();
  const { stillCounts } = await keys.verify(secret);
  await store.close();
  expect(await stillCounts?.()).toBe(true);
  await expect(keys.verify(secret)).rejects.toEqual(refusal('STORE_UNAVAILABLE'));
});

it('a key whose stream holds what this release does not know opens nothing', async () => {
  const { keyId, secret } = await issued();
  const [event] = await store.readAll(START);
  const { streamId, revision: _r, position: _p, ...envelope } = event!;
  const later = { ...envelope, eventId: '6f1d3c52-8a0e-4d7b-9c41-ffffffffffff', type: 'ApiKeySuspended' };
  await store.append(streamId, 0, [{ ...later, data: { keyId } }]);
  await expect(keys.verify(secret)).rejects.toEqual(refusal('UNKNOWN_EVENT'));
});
