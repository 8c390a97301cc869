import {
  ExportSource,
  verifyDossier,
  verifyLog,
  verifyPartialExport,
  type LoggedEvent,
  type ReplayedEvent,
} from '@shaoying/audit';
import { verifyIndependently } from '@shaoying/audit/testing';
import type { EventStore, RecordedEvent } from '@shaoying/event-store';
import { SseClient } from '@shaoying/subscriptions/testing';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { City, type PersonName, type Problem } from './kit/city.js';
import { expectDeclaredAnswers } from './kit/declared-answers.js';
import { expected } from './kit/incident-steps.js';
import { live, type Life } from './kit/lives.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes, type ServerHome } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

// Oversight's doors: replays, the log by filter and as an export, and the trail that asking leaves.

const newHome = useServerHomes(inOneProcess);
let home: ServerHome;
let city: City;
let log: EventStore;
let closed: Life;
let whistled: Life;

beforeAll(async () => {
  home = await newHome();
  // As in production: a dossier asks for the checkpoint that it needs.
  city = await City.of(home, await home.start({ CHECKPOINT_SECONDS: '60' }));
  log = await home.openLog();
  closed = await live(city, 'CLOSED');
  whistled = await live(city, 'WHISTLED');
});

expectDeclaredAnswers(() => city);

const asked = async <Body>(path: string, who: PersonName = 'oversight'): Promise<Body> =>
  expected(200, await city.as(who).get<Body>(path));
const trail = async (): Promise<RecordedEvent[]> => {
  const events = await log.readAll('0', { limit: 5_000 });
  return events.filter(({ streamId }) => streamId.startsWith('oversight-'));
};
const lastOfTrail = async (): Promise<RecordedEvent> => (await trail()).at(-1)!;
const around = (hours = 2): string => {
  const [from, to] = [-hours, hours].map((n) => new Date(Date.now() + n * 3_600_000).toISOString());
  return `from=${from}&to=${to}`;
};

describe('the replay of an incident', () => {
  interface Replay {
    readonly state: { readonly state: string; readonly revision: number } | null;
    readonly revisions: readonly number[];
    readonly next: {
      readonly event: { readonly revision: number };
      readonly changes: readonly object[];
    } | null;
  }
  const replay = (at: string) =>
    asked<Replay>(`/v1/incidents/${closed.id}/replay?at=${encodeURIComponent(at)}`);

  test('goes to any revision and instant, the ends and what lies beyond them too', async () => {
    const { items } = await asked<{ items: LoggedEvent[] }>(`/v1/incidents/${closed.id}/events`);
    const last = items.length - 1;
    for (const revision of [0, 1, last - 1, last, last + 1, 999_999_999]) {
      const { revisions, next } = await replay(String(revision));
      expect(revisions).toEqual(items.slice(0, revision + 1).map((item) => item.revision));
      expect(next?.event.revision ?? null).toBe(revision < last ? revision + 1 : null);
    }
    const [first] = items;
    const before = new Date(Date.parse(first!.occurredAt) - 1).toISOString();
    expect(await replay(before)).toMatchObject({
      state: null,
      revisions: [],
      next: { event: { revision: 0 } },
    });
    expect(await replay('1970-01-01T00:00:00Z')).toMatchObject({ state: null });
    expect(await replay('2200-12-31T00:00:00+08:00')).toMatchObject({
      state: { state: 'CLOSED' },
      next: null,
    });
    const inShanghai = `${new Date(Date.parse(first!.occurredAt) + 8 * 3_600_000).toISOString().slice(0, -1)}+08:00`;
    expect(await replay(inShanghai)).toMatchObject({ state: { state: 'REPORTED' } });
  });

  test.each([
    '',
    '-1',
    '1.5',
    '0x1',
    '1e3',
    '9999999999',
    'now',
    '2026-03-02',
    '2026-03-02T10:00:00',
    '2026-02-30T00:00:00Z',
  ])('at %p is refused', async (at) => {
    const path = `/v1/incidents/${closed.id}/replay?at=${encodeURIComponent(at)}`;
    expectProblem(await city.as('oversight').get<Problem>(path), 400, 'INVALID_INSTANT');
  });

  test('at a revision as far as the log knew at an instant is refused: one of the two would not count', async () => {
    const path = `/v1/incidents/${closed.id}/replay?at=1&knownAt=2026-01-01T00:00:00Z`;
    const refused = await city.as('oversight').get<Problem>(path);
    expectProblem(refused, 400, 'VALIDATION_FAILED');
    expect(refused.body.errors).toEqual([expect.objectContaining({ field: 'knownAt' })]);
  });
});

describe('the replay of a unit', () => {
  const open = new Set<SseClient>();
  afterEach(() => {
    for (const client of open) client.close();
    open.clear();
  });

  async function play(path: string, who: PersonName = 'oversight', lastEventId?: string): Promise<SseClient> {
    const client = await SseClient.open(`${city.url}${path}`, {
      Authorization: `Bearer ${city.as(who).token ?? ''}`,
      'Shaoying-Min-Position': city.position,
      ...(lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }),
    });
    open.add(client);
    return client;
  }
  const told = (client: SseClient): ReplayedEvent[] =>
    client.received
      .filter(({ event }) => event === 'replayed')
      .map(({ data = '' }) => JSON.parse(data) as ReplayedEvent);
  const end = ({ received }: SseClient): string | undefined =>
    received.find(({ event }) => event === 'end')?.data;

  test('tells the whole day at once and ends; resumed it goes on where it was, and only there', async () => {
    const path = `/v1/org-units/st-hepan/replay/stream?speed=max`;
    const whole = await play(path);
    await whole.closed;
    expect([whole.status, end(whole)]).toEqual([200, '{"reason":"COMPLETED"}']);
    const events = told(whole);
    expect(new Set(events.map(({ incidentId }) => incidentId))).toEqual(
      new Set([null, closed.id, whistled.id]),
    );
    expect(events.map(({ id }) => id)).toEqual(whole.received.flatMap(({ id }) => id ?? []));
    expect(events.find(({ type }) => type === 'IncidentClosed')?.line.zh).toMatch(/结案/);
    const half = events[Math.floor(events.length / 2)]!.id;
    const rest = await play(path, 'oversight', half);
    await rest.closed;
    expect(told(rest)).toEqual(events.filter(({ id }) => BigInt(id) > BigInt(half)));
    const nothing = await play(`${path}&after=${events.at(-1)!.id}`);
    await nothing.closed;
    expect([told(nothing), end(nothing)]).toEqual([[], '{"reason":"COMPLETED"}']);
  });

  test('takes its time at a speed, as long as the client stays', async () => {
    const path = `/v1/departments/dp-urban-management/replay/stream?${around()}&speed=1x`;
    const client = await play(path);
    await client.until((it) => told(it).length > 0);
    const before = told(client).length;
    const whole = await play(path.replace('1x', 'max'));
    await whole.closed;
    expect(before).toBeLessThan(told(whole).length);
    expect(end(client)).toBeUndefined();
    expect(told(whole).filter(({ type }) => type === 'DepartmentCheckedIn').length).toBeGreaterThan(0);
  });

  test('shows each what they may know of', async () => {
    const of = async (who: PersonName, unit: string) => {
      const client = await play(`/v1/org-units/${unit}/replay/stream?${around()}&speed=max`, who);
      await client.closed;
      return new Set(told(client).flatMap(({ incidentId }) => incidentId ?? []));
    };
    expect(await of('street', 'di-qinghe')).toEqual(new Set([closed.id, whistled.id]));
    expect(await of('otherStreet', 'st-hepan')).toEqual(new Set());
    expect(await of('gas', 'co-liuyin')).toEqual(new Set());
    const foreign = await city
      .as('gas')
      .get<Problem>(`/v1/departments/dp-water/replay/stream?${around()}&speed=max`);
    expectProblem(foreign, 403, 'DEPARTMENT_NOT_YOURS');
  });

  test.each([
    ['day=2026-02-30', 'REPLAY_WINDOW'],
    ['day=tomorrow', 'VALIDATION_FAILED'],
    ['from=2026-03-02T00:00:00Z', 'REPLAY_WINDOW'],
    ['from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z', 'REPLAY_WINDOW'],
    ['from=2026-03-02T00:00:00Z&to=2026-06-01T00:00:00Z', 'REPLAY_WINDOW'],
    ['day=2026-03-02&from=2026-03-02T00:00:00Z', 'REPLAY_WINDOW'],
    ['day=2026-03-02&speed=0x', 'VALIDATION_FAILED'],
    ['day=2026-03-02&speed=99999x', 'REPLAY_WINDOW'],
    ['day=2026-03-02&after=x', 'INVALID_POSITION'],
  ])('of %s is refused', async (query, code) => {
    const path = `/v1/org-units/st-hepan/replay/stream?${query}`;
    expectProblem(await city.as('oversight').get<Problem>(path), 400, code);
  });

  test('of no unit is refused', async () => {
    const path = '/v1/org-units/nowhere/replay/stream?day=2026-03-02';
    expectProblem(await city.as('oversight').get<Problem>(path), 404, 'ORG_UNIT_NOT_FOUND');
  });
});

describe('the log by filter', () => {
  interface Page {
    readonly items: readonly LoggedEvent[];
    readonly nextCursor: string | null;
  }
  async function all(query: string): Promise<LoggedEvent[]> {
    const items: LoggedEvent[] = [];
    for (let after: string | null = '0'; after !== null;) {
      const page: Page = await asked(`/v1/events?limit=7&after=${after}&${query}`);
      items.push(...page.items);
      after = page.nextCursor;
    }
    return items;
  }

  test('is every event once, in order, each with a line; fingerprints of requests stay in the log', async () => {
    const head = await log.head();
    const stored = await log.readAll('0', { limit: 5_000 });
    const items = (await all('')).filter(({ position }) => BigInt(position) <= BigInt(head));
    expect(items.map(({ eventId }) => eventId)).toEqual(stored.map(({ eventId }) => eventId));
    expect(items.filter(({ line }) => line.zh === '' || line.en.includes('does not know'))).toEqual([]);
    expect(JSON.stringify(items)).not.toContain('requestHash');
  });

  test('takes types, unit, incident and time, all of them together', async () => {
    const stored = await log.readAll('0', { limit: 5_000 });
    const ids = (events: readonly { eventId: string }[]) => events.map(({ eventId }) => eventId);
    const types = ['WhistleBlown', 'DepartmentCheckedIn'];
    expect(ids(await all(`types=${types.join(',')}`))).toEqual(
      ids(stored.filter(({ type }) => types.includes(type))),
    );
    expect(ids(await all(`types=${types.join('&types=')}&incidentId=${closed.id}`))).toEqual(
      ids(
        stored.filter(({ type, streamId }) => types.includes(type) && streamId === `incident-${closed.id}`),
      ),
    );
    const ofStreet = await all('org=st-hepan');
    expect(ofStreet.length).toBeGreaterThan(0);
    // Communities and estates act within their street.
    const within = ['st-hepan', 'co-liuyin', 'co-shuian', 'es-liuyin-garden'];
    expect(ofStreet.filter(({ actor }) => !within.includes(actor.orgUnitId ?? ''))).toEqual([]);
    const whole = await all(`incidentId=${closed.id}`);
    const [from, to] = [whole[2]!.occurredAt, whole.at(-1)!.occurredAt];
    expect(ids(await all(`incidentId=${closed.id}&from=${from}&to=${to}`))).toEqual(
      ids(whole.filter(({ occurredAt }) => occurredAt >= from && occurredAt < to)),
    );
    expect(await all(`incidentId=${closed.id}&types=IncidentVoided`)).toEqual([]);
  });

  test('what a person has done is told for a purpose, on record before it is told', async () => {
    const path = '/v1/events?actor=e2e-urbanManagement&limit=3';
    const before = await log.head();
    expectProblem(await city.as('oversight').get<Problem>(path), 400, 'PURPOSE_REQUIRED');
    expectProblem(
      await city.as('oversight').get<Problem>(`${path}&purpose=CURIOSITY`),
      400,
      'VALIDATION_FAILED',
    );
    expect(await log.head()).toBe(before);
    const page = await asked<Page & { position: string }>(`${path}&purpose=COMPLAINT`);
    expect(page.items.map(({ actor }) => actor.id)).toEqual(page.items.map(() => 'e2e-urbanManagement'));
    const event = await lastOfTrail();
    expect(event).toMatchObject({
      ...{ type: 'PersonQueried', actor: { id: 'e2e-oversight', role: 'oversight' } },
      data: {
        ...{ purpose: 'COMPLAINT', count: page.items.length, after: '0', position: page.position },
        filters: { actorId: 'e2e-urbanManagement', orgUnitId: null, types: [] },
      },
    });
  });

  test('an account that the log does not have is not in it afterwards either', async () => {
    const { items } = await asked<Page>('/v1/events?actor=ZHANG-13800138000&purpose=COURT');
    expect(items).toEqual([]);
    await asked<Page>(`/v1/incidents/${closed.id}`);
    expect((await lastOfTrail()).data).toMatchObject({
      filters: { actorId: null },
      purpose: 'COURT',
      count: 0,
    });
    expect(JSON.stringify(await log.readAll('0', { limit: 5_000 }))).not.toContain('ZHANG-13800138000');
  });

  test.each([
    ['org=nowhere', 404, 'ORG_UNIT_NOT_FOUND'],
    ['after=x', 400, 'INVALID_POSITION'],
    ['limit=201', 400, 'VALIDATION_FAILED'],
    ['types=A,%20B', 400, 'VALIDATION_FAILED'],
    ['types=%00', 400, 'INVALID_CHARACTERS'],
    ['from=yesterday', 400, 'VALIDATION_FAILED'],
    ['format=xlsx', 400, 'VALIDATION_FAILED'],
    [`actor=${'a'.repeat(201)}&purpose=COURT`, 400, 'VALIDATION_FAILED'],
  ])('%s is refused', async (query, status, code) => {
    expectProblem(await city.as('oversight').get<Problem>(`/v1/events?${query}`), status, code);
  });
});

describe('an export as CSV', () => {
  test('is whole, on record before and after, and safe in a spreadsheet', async () => {
    const answer = await city.as('oversight').get<never>(`/v1/events?format=csv&incidentId=${closed.id}`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'text/csv; charset=utf-8; header=present',
    ]);
    expect(answer.headers.get('content-disposition')).toMatch(
      /^attachment; filename="shaoying-events-[0-9a-f-]+\.csv"$/,
    );
    const stored = await log.readStream(`incident-${closed.id}`);
    const rows = answer.text.split('\r\n').slice(0, -1);
    expect(rows[0]).toMatch(/^position,eventId,type,schemaVersion,streamId,revision,occurredAt/);
    expect(rows.slice(1).map((row) => row.split(',')[1])).toEqual(stored.map(({ eventId }) => eventId));
    expect(answer.text).not.toMatch(/(^|,)"?[=+@-]/m);
    await waitFor('the end of the export', async () => (await lastOfTrail()).type === 'EventsExportEnded');
    const [begun, ended] = (await trail()).slice(-2);
    expect(begun).toMatchObject({
      ...{ type: 'EventsExported', actor: { id: 'e2e-oversight' } },
      data: { format: 'CSV', filters: { incidentId: closed.id }, purpose: null, after: '0' },
    });
    expect(begun!.position).toBe(answer.headers.get('shaoying-position'));
    const { exportId } = begun!.data as { exportId: string };
    const sha256 = createHash('sha256').update(answer.text).digest('hex');
    const bytes = Buffer.byteLength(answer.text);
    expect(ended!.data).toEqual({ exportId, complete: true, events: stored.length, bytes, sha256 });
  });

  test('by Accept; of a person for a purpose alone; by nobody else', async () => {
    const csv = { Accept: 'text/csv' };
    const answer = await city.as('admin').get<never>('/v1/events?types=WhistleBlown', csv);
    expect(answer.text.split('\r\n').length).toBeGreaterThan(2);
    const of = '/v1/events?format=csv&actor=e2e-water';
    expectProblem(await city.as('oversight').get<Problem>(of), 400, 'PURPOSE_REQUIRED');
    expectProblem(
      await city.as('supervision').get<Problem>('/v1/events?format=csv'),
      403,
      'ROLE_NOT_PERMITTED',
    );
  });
});

const keysOfLog = async (): Promise<string[]> =>
  (await asked<{ keys: string[] }>('/v1/audit/keys', 'oversight')).keys;
/** Asks until a checkpoint covers it. */
const covered = (path: string) =>
  waitFor(`a checkpoint over ${path}`, async () => {
    const answer = await city.as('oversight').get<Problem>(path);
    if (answer.status === 200) return answer;
    expectProblem(answer, answer.status, ['NO_CHECKPOINT_YET']);
    return undefined;
  });

describe('a dossier', () => {
  test('is everything about an incident, checked offline; making it is on record; forgetting breaks nothing', async () => {
    const path = `/v1/incidents/${closed.id}/dossier`;
    const before = await covered(path);
    expect(before.headers.get('content-disposition')).toContain(`shaoying-dossier-${closed.id}.json`);
    const recorded = await lastOfTrail();
    expect(recorded).toMatchObject({
      ...{ type: 'DossierProduced', actor: { id: 'e2e-oversight' } },
      data: {
        incidentId: closed.id,
        sha256: createHash('sha256').update(before.text).digest('hex'),
        bytes: Buffer.byteLength(before.text),
      },
    });
    expect(recorded.position).toBe(before.headers.get('shaoying-position'));
    const keys = await keysOfLog();
    const stored = await log.readStream(`incident-${closed.id}`);
    expect(verifyDossier(before.text, { keys })).toMatchObject({
      ...{ ok: true, trusted: true, faults: [], rewordedLines: [], events: stored.length },
    });
    expect(verifyIndependently(before.text, keys[0]!)).toBeNull();
    expect(before.text).not.toMatch(/王小明|13800138000|Idempotency/);

    await expected(200, await city.as('admin').post(`/v1/incidents/${closed.id}/reporter/forget`));
    const forgotten = await log.readStream(`incident-${closed.id}`);
    expect(forgotten.length).toBeGreaterThan(stored.length);
    const after = await covered(path);
    expect(verifyDossier(before.text, { keys }).ok).toBe(true);
    expect(verifyDossier(after.text, { keys })).toMatchObject({ ok: true, events: forgotten.length });
  });

  test('of what is out of sight is of nothing', async () => {
    const path = `/v1/incidents/${closed.id}/dossier`;
    expectProblem(await city.as('urbanManagement').get<Problem>(path), 403, 'ROLE_NOT_PERMITTED');
    const nowhere = '/v1/incidents/00000000-0000-5000-8000-000000000000/dossier';
    expectProblem(await city.as('oversight').get<Problem>(nowhere), 404, 'INCIDENT_NOT_FOUND');
  });
});

describe('an export as NDJSON', () => {
  /** As `shaoying verify <file>` does. */
  async function verified(text: string) {
    const path = join(home.dataDir, 'export.ndjson');
    await writeFile(path, text);
    return verifyLog(new ExportSource(path), { keys: await keysOfLog(), notes: [], known: null });
  }

  test('of the whole log verifies by itself, and says so when it was changed', async () => {
    const { text, headers } = await covered('/v1/events?format=ndjson');
    expect(headers.get('content-type')).toBe('application/x-ndjson');
    const report = await verified(text);
    expect(report).toMatchObject({ outcome: 'WHOLE', fault: null, keysFromOutside: true });
    expect(report.leaves).toBe(report.signedLeaves);
    expect(report.leaves).toBeGreaterThan(40);
    expect((await verified(text.replace('"channel":"', '"channel":"X'))).outcome).toBe('BROKEN');
  });

  test.each([
    ['an incident', () => `incidentId=${whistled.id}`],
    ['some types', () => 'types=WhistleBlown,IncidentClosed'],
  ])('of %s has the proof of each leaf, and says so when one was changed', async (_what, query) => {
    const { text } = await covered(`/v1/events?format=ndjson&${query()}`);
    const keys = await keysOfLog();
    const report = verifyPartialExport(text.split('\n'), keys);
    expect(report).toMatchObject({ outcome: 'WHOLE', fault: null });
    expect(report.leaves).toBeGreaterThan(1);
    const changed = verifyPartialExport(
      text.replace(/"schemaVersion":(\d)/, '"schemaVersion":1$1').split('\n'),
      keys,
    );
    expect(changed).toMatchObject({ outcome: 'BROKEN', fault: { code: 'LEAF_NOT_IN_LOG', line: 2 } });
  });
});
