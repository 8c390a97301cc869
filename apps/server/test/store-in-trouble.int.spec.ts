import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { systemClock } from '@shaoying/config';
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { createHttpApplication } from '@shaoying/http';
import { AccessGuard, Credentials, LocalIssuer, TokenVerifier } from '@shaoying/identity';
import { accessPolicy } from '@shaoying/incident-application';
import { SampleOffice } from '@shaoying/incident-application/testing';
import { incidentStreamId } from '@shaoying/incident-contracts';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { createLogger } from '@shaoying/telemetry';
import { Client } from 'pg';
import '../src/api/incident.problems.js';
import { CommandDoor } from '../src/api/command-door.js';
import { IntakeController } from '../src/api/intake.controller.js';
import { IncidentModule } from '../src/incident.module.js';
import { Platform } from '../src/platform.js';
import type { Answer, Problem } from './kit/city.js';
import { expected, report, type Moved, type Reported } from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { waitFor } from './kit/wait-for.js';

// The routes of reports, as they are served, over a PostgreSQL whose table a test can lock and change.

const queueMax = 3;

let dataDir: string;
let database: TestDatabase;
let admin: Client;
let office: SampleOffice;
/** What the routes append to. */
let store: PostgresEventStore;
let app: NestFastifyApplication;
let url: string;
let token: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'store-in-trouble-'));
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.url });
  await admin.connect();
  office = await SampleOffice.open(await PostgresEventStore.open({ url: database.url }));
  store = await PostgresEventStore.open({ url: database.url, queueMax });
  const issuer = await LocalIssuer.open(dataDir);
  token = await issuer.issue({ sub: 'street-1', roles: ['street-office'], org: 'st-hepan' });
  app = await served(new Credentials(TokenVerifier.forLocalIssuer(issuer), null));
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});

afterAll(async () => {
  await app.close();
  await store.close();
  await office.close();
  await admin.end();
  await database.drop();
  await rm(dataDir, { recursive: true });
});

function served(credentials: Credentials): Promise<NestFastifyApplication> {
  const { directory, receipts, vault } = office;
  const logger = createLogger({ level: 'fatal', role: 'spec' });
  const stores = { log: store };
  const platform = { ...{ stores, directory, receipts, vault, logger }, clock: systemClock };
  class Given {}
  const given = {
    ...{ module: Given, global: true, exports: [Platform] },
    providers: [{ provide: Platform, useValue: platform }],
  };
  class Reports {}
  const reports = {
    ...{ module: Reports, imports: [given, IncidentModule], providers: [CommandDoor] },
    controllers: [IntakeController],
  };
  const guards = [new AccessGuard(credentials, accessPolicy, { anonymousReports: false })];
  return createHttpApplication(reports, { logger, guards });
}

async function post<Body>(path: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const answer: Answer<Body> = {
    ...{ status: response.status, headers: response.headers, text },
    body: JSON.parse(text) as Body,
  };
  return answer;
}

const reportWith = (key: string) => post<Reported>('/v1/incidents', report, { 'Idempotency-Key': key });

test('a full queue of appends is 503 with Retry-After; what it admitted is recorded, and who comes back is taken, once', async () => {
  const keys = Array.from({ length: 20 }, () => randomUUID());
  const answered = new Map<string, Answer<Reported>>();
  await admin.query('BEGIN');
  await admin.query('LOCK TABLE log.events IN ACCESS EXCLUSIVE MODE');
  const asked = keys.map(async (key) => answered.set(key, await reportWith(key)));
  // Under way and waiting are two or three times what may wait.
  await waitFor('the others are refused', async () => answered.size >= keys.length - 3 * queueMax);
  const refused = new Map(answered);
  await admin.query('ROLLBACK');
  await Promise.all(asked);

  for (const answer of refused.values()) {
    expectProblem(answer as Answer<unknown> as Answer<Problem>, 503, 'OVERLOADED');
    expect(answer.headers.get('retry-after')).toBe('1');
  }
  const taken = keys.filter((key) => answered.get(key)?.status === 201);
  expect(taken.length).toBeGreaterThanOrEqual(queueMax);
  expect(await office.incidentEvents()).toHaveLength(taken.length);

  const again: Answer<Reported>[] = [];
  for (const key of keys) again.push(await reportWith(key));
  expect(again.map(({ status }) => status)).toEqual(keys.map(() => 201));
  expect(new Set(again.map(({ body }) => body.id)).size).toBe(keys.length);
  for (const [nth, key] of keys.entries()) {
    if (taken.includes(key)) expect(again[nth]?.body).toEqual(answered.get(key)?.body);
  }
  expect(await office.incidentEvents()).toHaveLength(keys.length);
}, 60_000);

test('an event that is no JSON any more is a problem that says where it is, and nothing of what it said', async () => {
  const { id } = expected(201, await reportWith(randomUUID()));
  const [event] = await store.readStream(incidentStreamId(id));
  await admin.query('ALTER TABLE log.events DISABLE TRIGGER append_only');
  await admin.query(`UPDATE log.events SET data = left(data, -1) WHERE position = $1`, [event?.position]);
  await admin.query('ALTER TABLE log.events ENABLE TRIGGER append_only');
  const file = (language: string) =>
    post<Problem>(`/v1/incidents/${id}/file`, {}, { 'Accept-Language': language });
  const [english, chinese] = [await file('en'), await file('zh-CN')];
  for (const answer of [english, chinese]) {
    expectProblem(answer, 503, 'UNREADABLE_EVENT');
    expect(answer.text).not.toContain(report.description);
  }
  expect(english.body.detail).toBe(
    `event IncidentReported at position ${event?.position}, revision 0 of stream incident-${id}, is no JSON`,
  );
  expect(chinese.body.detail).toContain(`位置 ${event?.position}`);
  const { id: other } = expected(201, await reportWith(randomUUID()));
  expected(200, await post<Moved>(`/v1/incidents/${other}/file`, {}));
});
