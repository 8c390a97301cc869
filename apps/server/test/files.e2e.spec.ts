import type { EventStore } from '@shaoying/event-store';
import { besidePixels, bombPhoto, samplePhoto, type SamplePhoto } from '@shaoying/files/testing';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { City, type Answer, type Caller, type Problem } from './kit/city.js';
import { expectDeclaredAnswers } from './kit/declared-answers.js';
import { act, blowWhistle, expected, fileIncident, taskOf, type Whistled } from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes, type ServerHome } from './kit/server-home.js';

interface Stored {
  readonly sha256: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly capturedAt: string | null;
}

const bytesMax = 200_000;
const perDay = 12;
/** In no sample, no event and no test beside this one. */
const canary = { lon: 171.987654, lat: 71.123456 };
const serialNumber = 'SN-CANARY-40217';

const newHome = useServerHomes({
  ...inOneProcess,
  ...{ FILE_BYTES_MAX: String(bytesMax), FILES_PER_DAY: String(perDay) },
});
let home: ServerHome;
let city: City;
let log: EventStore;
let whistled: Whistled;
let taskId: string;
let photo: SamplePhoto;

const send = <Body = Stored>(
  who: Caller,
  { bytes, mediaType }: Pick<SamplePhoto, 'bytes' | 'mediaType'>,
): Promise<Answer<Body>> =>
  who.post<Body>('/v1/files', undefined, { rawBody: bytes, headers: { 'Content-Type': mediaType } });

const pathOf = (incidentId: string, sha256: string): string => `/v1/incidents/${incidentId}/files/${sha256}`;

/** The text of an answer is decoded; photos are asked for as they are. */
async function fetchPhoto(
  who: Caller,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${city.url}${path}`, { headers: { Authorization: `Bearer ${who.token}`, ...headers } });
}

beforeAll(async () => {
  home = await newHome();
  city = await City.of(home, await home.start({ LOG_LEVEL: 'trace' }));
  log = await home.openLog();
  whistled = await blowWhistle(city);
  taskId = taskOf(whistled, 'dp-urban-management').taskId;
  photo = await samplePhoto({
    ...{ takenAt: '2026:02:13 16:00:00', place: canary, serialNumber, orientation: 6 },
  });
});

expectDeclaredAnswers(() => city);

test('a photo goes from the device to whoever may see the incident, found by the hash that the device knew', async () => {
  const department = city.as('urbanManagement');
  // Offline it was named before it could be sent.
  await act(city, 'urbanManagement', whistled.id, `tasks/${taskId}/check-in`, { evidence: [photo.sha256] });
  expectProblem(
    await city.as('street').get<Problem>(pathOf(whistled.id, photo.sha256)),
    ...([404, 'FILE_NOT_FOUND'] as const),
  );
  const stored = expected(201, await send(department, photo));
  expect(stored).toEqual({
    ...{ sha256: photo.sha256, mediaType: 'image/jpeg', bytes: expect.any(Number) },
    capturedAt: '2026-02-13T08:00:00.000Z',
  });
  for (const who of ['urbanManagement', 'street', 'supervision', 'oversight'] as const) {
    const answer = await fetchPhoto(city.as(who), pathOf(whistled.id, photo.sha256));
    expect(answer.status).toBe(200);
    const served = Buffer.from(await answer.arrayBuffer());
    expect(served.length).toBe(stored.bytes);
    expect(await besidePixels(served)).toEqual({ width: 64, height: 32, format: 'jpeg' });
    expect(served.includes(serialNumber)).toBe(false);
  }
});

test('what is served is saved and not shown, runs nothing, and is not sent twice', async () => {
  const path = pathOf(whistled.id, photo.sha256);
  const { headers } = await fetchPhoto(city.as('street'), path);
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'image/jpeg',
    'content-disposition': `attachment; filename="${photo.sha256}.jpeg"`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'private, no-cache',
  });
  const etag = headers.get('etag') ?? '';
  expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
  const again = await fetchPhoto(city.as('street'), path, { 'If-None-Match': etag });
  expect(again.status).toBe(304);
  expect((await again.arrayBuffer()).byteLength).toBe(0);
});

test('the incident says which files it names, by whom, and which of them are there', async () => {
  const missing = 'b'.repeat(64);
  const body = { note: '已开挖', evidence: [missing] };
  await act(city, 'urbanManagement', whistled.id, `tasks/${taskId}/progress`, body);
  const { items } = expected(
    200,
    await city.as('street').get<{ items: unknown[] }>(`/v1/incidents/${whistled.id}/files`),
  );
  expect(items).toEqual([
    expect.objectContaining({
      ...{ sha256: photo.sha256, type: 'DepartmentCheckedIn', taskId, orgUnitId: 'dp-urban-management' },
      file: expect.objectContaining({ mediaType: 'image/jpeg', capturedAt: '2026-02-13T08:00:00.000Z' }),
      // It came after the check-in, which is not why it is believed.
      mismatches: ['TIME'],
    }),
    expect.objectContaining({ sha256: missing, type: 'ProgressReported', file: null, mismatches: [] }),
  ]);
});

test('a photo of another time and place than the check-in claims is flagged, in the log and wherever it is shown', async () => {
  const own = await blowWhistle(city);
  const task = taskOf(own, 'dp-urban-management').taskId;
  const wall = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 19);
  const takenAt = wall.replace('T', ' ').replaceAll('-', ':');
  const there = { lon: 120.41, lat: 31.83 };
  const [honest, false_] = await Promise.all([
    samplePhoto({ takenAt, place: there, shade: 5 }),
    samplePhoto({ takenAt: '2026:02:13 16:00:00', place: canary, shade: 6 }),
  ]);
  for (const one of [honest, false_]) expected(201, await send(city.as('urbanManagement'), one));
  await act(city, 'urbanManagement', own.id, `tasks/${task}/check-in`, {
    ...{ location: { ...there, crs: 'WGS84' }, evidence: [honest.sha256, false_.sha256] },
  });
  const { items } = expected(
    200,
    await city
      .as('oversight')
      .get<{ items: { sha256: string; mismatches: string[] }[] }>(`/v1/incidents/${own.id}/files`),
  );
  expect(items.map(({ sha256, mismatches }) => ({ sha256, mismatches }))).toEqual([
    { sha256: honest.sha256, mismatches: [] },
    { sha256: false_.sha256, mismatches: ['TIME', 'PLACE'] },
  ]);
  const history = expected(
    200,
    await city
      .as('oversight')
      .get<{ items: { type: string; data: object; line: { zh: string } }[] }>(
        `/v1/incidents/${own.id}/events`,
      ),
  );
  const flags = history.items.filter(({ type }) => type === 'EvidenceFlagged');
  expect(flags).toHaveLength(1);
  expect(flags[0]).toMatchObject({
    data: {
      ...{ of: 'CHECK_IN', taskId: task, unitId: 'dp-urban-management', evidence: false_.sha256 },
      ...{ mismatches: ['TIME', 'PLACE'], capturedAt: '2026-02-13T08:00:00.000Z', distance: 'OVER_100_KM' },
    },
    line: { zh: expect.stringContaining('时间、地点与所述不符') },
  });
});

test('who may not see the incident learns nothing of its files; nor does anybody by another incident', async () => {
  const path = pathOf(whistled.id, photo.sha256);
  for (const who of ['water', 'otherStreet', 'otherGridWorker'] as const) {
    expectProblem(await city.as(who).get<Problem>(path), 404, 'INCIDENT_NOT_FOUND');
    expectProblem(
      await city.as(who).get<Problem>(`/v1/incidents/${whistled.id}/files`),
      ...([404, 'INCIDENT_NOT_FOUND'] as const),
    );
  }
  expectProblem(await city.as('resident').get<Problem>(path), 403, 'ROLE_NOT_PERMITTED');
  expectProblem(await city.anonymous.get<Problem>(path), 401, 'TOKEN_MISSING');
  const other = await fileIncident(city);
  expectProblem(
    await city.as('street').get<Problem>(pathOf(other.id, photo.sha256)),
    ...([404, 'FILE_NOT_FOUND'] as const),
  );
});

test('a hash that somebody knows opens nothing: the file is theirs whose unit has sent it', async () => {
  const own = await blowWhistle(city, { lead: 'dp-water' });
  const task = taskOf(own, 'dp-water').taskId;
  await act(city, 'water', own.id, `tasks/${task}/check-in`, { evidence: [photo.sha256] });
  const path = pathOf(own.id, photo.sha256);
  expectProblem(await city.as('water').get<Problem>(path), 404, 'FILE_NOT_FOUND');
  expected(201, await send(city.as('water'), photo));
  expect((await fetchPhoto(city.as('water'), path)).status).toBe(200);
});

test.each(['', 'x', '%2e%2e%2f%2e%2e%2fkeys%2fmaster.key', '..%2f..', 'A'.repeat(64), 'é', "';drop"])(
  'no file has the address %p',
  async (sha256) => {
    const answer = await city.as('oversight').get<Problem>(pathOf(whistled.id, sha256));
    expectProblem(answer, 404, ['FILE_NOT_FOUND', 'ROUTE_NOT_FOUND']);
  },
);

test('the same bytes again, and four times at once: one file, one answer', async () => {
  const twin = await samplePhoto({ shade: 77 });
  const answers = await Promise.all(
    (['housing', 'gas', 'fire', 'community'] as const).map((who) => send(city.as(who), twin)),
  );
  const [first, ...others] = answers.map((answer) => expected(201, answer));
  for (const answer of others) expect(answer).toEqual(first);
  const again = await send(city.as('street'), twin);
  expect(expected(201, again)).toEqual(first);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
});

describe('what is not taken leaves nothing behind', () => {
  const of = (bytes: Buffer, mediaType: string) => ({ bytes: Buffer.from(bytes), mediaType });

  test.each([
    ['a paper', 'application/pdf', 415, 'FILE_TYPE_NOT_SUPPORTED'],
    ['a photo that cannot be decoded here', 'image/heic', 415, 'FILE_TYPE_NOT_SUPPORTED'],
    ['a drawing', 'image/svg+xml', 415, 'FILE_TYPE_NOT_SUPPORTED'],
    ['a page', 'text/html', 415, 'FILE_TYPE_NOT_SUPPORTED'],
    ['anything', 'application/octet-stream', 415, 'FILE_TYPE_NOT_SUPPORTED'],
    ['JSON', 'application/json', 400, 'MALFORMED_JSON'],
    ['a form', 'multipart/form-data; boundary=x', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['one photo under the name of another', 'image/png', 422, 'FILE_TYPE_MISMATCH'],
  ] as const)('%s, %s', async (_, mediaType, status, code) => {
    const answer = await send<Problem>(city.as('street'), of(photo.bytes, mediaType));
    expectProblem(answer, status, code);
  });

  test('nothing, half a photo, a bomb', async () => {
    const bomb = await bombPhoto();
    for (const [bytes, mediaType, code] of [
      [Buffer.alloc(0), 'image/jpeg', 'FILE_EMPTY'],
      [photo.bytes.subarray(0, photo.bytes.length - 200), 'image/jpeg', 'FILE_UNREADABLE'],
      [bomb, 'image/png', 'FILE_TOO_MANY_PIXELS'],
    ] as const) {
      expectProblem(await send<Problem>(city.as('street'), of(bytes, mediaType)), 422, code);
    }
  });

  test('too much, said before or found out in the middle', async () => {
    const tooMuch = of(randomBytes(bytesMax + 1), 'image/jpeg');
    expectProblem(await send<Problem>(city.as('street'), tooMuch), 413, 'FILE_TOO_LARGE');
    const { hostname, port } = new URL(city.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${city.as('street').token}\r\n` +
        'Content-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    for (let sent = 0; sent <= bytesMax; sent += 50_000) {
      socket.write(`c350\r\n${'x'.repeat(50_000)}\r\n`);
    }
    const said = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
    expect(said).toContain('413');
    expect(said).toContain('FILE_TOO_LARGE');
    socket.destroy();
  });

  test('from who may name nothing as evidence, or from nobody', async () => {
    for (const who of ['resident', 'callback', 'oversight', 'admin', 'arbitrator'] as const) {
      expectProblem(await send<Problem>(city.as(who), photo), 403, 'ROLE_NOT_PERMITTED');
    }
    expectProblem(await send<Problem>(city.anonymous, photo), 401, 'TOKEN_MISSING');
  });

  test('to any other address', async () => {
    const options = { rawBody: photo.bytes, headers: { 'Content-Type': 'image/jpeg' } };
    const answer = await city.as('street').post<Problem>('/v1/incidents', undefined, options);
    expectProblem(answer, 415, 'UNSUPPORTED_MEDIA_TYPE');
  });

  test('more than so many in a day by one person; what is there already is not new', async () => {
    const person = await city.withRole('department', 'dp-fire');
    const photos = await Promise.all(
      Array.from({ length: perDay + 1 }, (_, index) => samplePhoto({ type: 'png', shade: index, side: 8 })),
    );
    for (const one of photos.slice(0, perDay)) expected(201, await send(person, one));
    const last = photos[perDay]!;
    const refused = await send<Problem>(person, last);
    expectProblem(refused, 429, 'TOO_MANY_FILES');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expected(201, await send(person, photos[0]!));
    expected(201, await send(city.as('fire'), last));
  });
});

test('no answer, event, log line or file on the disk says where the photo was taken, or with which camera', async () => {
  const needles = ['171.9876', '71.12345', serialNumber, 'Exif\0\0'];
  const { stderr, stdout } = home.servers[0]!;
  const places = new Map<string, Buffer>([
    ['events', Buffer.from(JSON.stringify(await log.readAll('0', { limit: 5_000 })))],
    ['log lines', Buffer.from(stderr + stdout)],
  ]);
  const entries = await readdir(home.dataDir, { recursive: true, withFileTypes: true });
  for (const { parentPath, name } of entries.filter((entry) => entry.isFile())) {
    // PostgreSQL removes some of its own meanwhile.
    places.set(join(parentPath, name), await readFile(join(parentPath, name)).catch(() => Buffer.alloc(0)));
  }
  expect([...places.keys()].filter((path) => path.includes('content-')).length).toBeGreaterThan(0);
  for (const needle of needles) {
    expect([...places].filter(([, bytes]) => bytes.includes(needle)).map(([path]) => path)).toEqual([]);
  }
  expect(photo.bytes.includes(serialNumber)).toBe(true);
});

test('in all of this the server logged no error', () => {
  const errors = home.servers[0]?.log().filter(({ level }) => level === 'error' || level === 'fatal');
  expect(errors).toEqual([]);
});
