import type { EventStore, RecordedEvent } from '@shaoying/event-store';
import { besidePixels, bombPhoto, samplePhoto, type SamplePhoto } from '@shaoying/files/testing';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { City, type Answer, type Caller, type PersonName, type Problem } from './kit/city.js';
import { expectDeclaredAnswers } from './kit/declared-answers.js';
import {
  act,
  blowWhistle,
  expected,
  fileIncident,
  report,
  type Moved,
  type Reported,
} from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes, type ServerHome } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

// 随手拍: photos of whoever reports something, with a token or without one (ADR 44).

interface Stored {
  readonly sha256: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly capturedAt: string | null;
}

interface Receipt {
  readonly photos: readonly { readonly sha256: string; readonly arrived: boolean | null }[];
  readonly history: readonly { readonly type: string; readonly line: { readonly zh: string } }[];
}

interface Evidence {
  readonly incidentId: string;
  readonly sha256: string;
  readonly type: string;
  readonly file: object | null;
}

const bytesMax = 200_000;
const perDay = 8;
const perDayTotal = 40;
/** In no sample, no event and no test beside this one. */
const canary = { lon: 172.987654, lat: 72.123456 };
const serialNumber = 'SN-CANARY-40444';

const newHome = useServerHomes({
  ...inOneProcess,
  ...{ FILE_BYTES_MAX: String(bytesMax), TRUSTED_PROXIES: '127.0.0.1' },
  ...{ REPORTER_FILES_PER_DAY: String(perDay), REPORTER_FILES_PER_DAY_TOTAL: String(perDayTotal) },
});
let home: ServerHome;
let city: City;
let log: EventStore;

let addresses = 0;
let here: Record<string, string> = {};
/** Each test is somebody else, somewhere else. */
beforeEach(() => {
  here = { 'X-Forwarded-For': `10.44.0.${(addresses += 1)}` };
});

let shades = 0;
const newPhoto = (): Promise<SamplePhoto> => samplePhoto({ type: 'png', shade: (shades += 1), side: 8 });
const newPhotos = (count: number): Promise<SamplePhoto[]> =>
  Promise.all(Array.from({ length: count }, newPhoto));

const send = <Body = Stored>(
  receiptCode: string,
  { bytes, mediaType }: Pick<SamplePhoto, 'bytes' | 'mediaType'>,
  who: Caller = city.anonymous,
): Promise<Answer<Body>> =>
  who.post<Body>(`/v1/receipts/${receiptCode}/files`, undefined, {
    ...{ rawBody: bytes, headers: { 'Content-Type': mediaType, ...here } },
  });

const sendAsStaff = (who: Caller, { bytes, mediaType }: SamplePhoto): Promise<Answer<Stored>> =>
  who.post<Stored>('/v1/files', undefined, { rawBody: bytes, headers: { 'Content-Type': mediaType } });

async function reported(changes: object = {}, who: Caller = city.anonymous): Promise<Reported> {
  return expected(201, await who.post<Reported>('/v1/incidents', { ...report, channel: 'APP', ...changes }));
}

const photosOf = async ({ receiptCode }: Reported): Promise<Receipt['photos']> =>
  expected(200, await city.anonymous.get<Receipt>(`/v1/receipts/${receiptCode}`)).photos;

const evidenceOf = async (id: string): Promise<readonly Evidence[]> =>
  expected(200, await city.as('oversight').get<{ items: readonly Evidence[] }>(`/v1/incidents/${id}/files`))
    .items;

const pathOf = (incidentId: string, sha256: string): string => `/v1/incidents/${incidentId}/files/${sha256}`;

/** The text of an answer is decoded; photos are asked for as they are. */
const fetchPhoto = (who: Caller, path: string): Promise<Response> =>
  fetch(`${city.url}${path}`, {
    headers: { Authorization: `Bearer ${who.token}`, 'Shaoying-Min-Position': city.position },
  });

const eventsOf = (id: string): Promise<readonly RecordedEvent[]> => log.readStream(`incident-${id}`);

const keptOf = async (sha256: string): Promise<string[]> =>
  readdir(join(home.dataDir, 'files'), { recursive: true }).then((names) =>
    names.filter((name) => name.includes(sha256)),
  );

beforeAll(async () => {
  home = await newHome();
  city = await City.of(home, await home.start({ LOG_LEVEL: 'trace' }));
  log = await home.openLog();
});

expectDeclaredAnswers(() => city);

describe('photos that a report names', () => {
  test('come after it, by the receipt code alone: whoever sees the incident sees them, cleaned', async () => {
    const photo = await samplePhoto({ takenAt: '2026:02:13 16:00:00', place: canary, serialNumber });
    const second = await newPhoto();
    const incident = await reported({ evidence: [photo.sha256, second.sha256] });
    expect(await photosOf(incident)).toEqual([
      { sha256: photo.sha256, arrived: false },
      { sha256: second.sha256, arrived: false },
    ]);
    const path = pathOf(incident.id, photo.sha256);
    expectProblem(await city.as('street').get<Problem>(path), 404, 'FILE_NOT_FOUND');
    const answer = await send(incident.receiptCode, photo);
    expect(expected(201, answer)).toEqual({
      ...{ sha256: photo.sha256, mediaType: 'image/jpeg', bytes: expect.any(Number) },
      capturedAt: '2026-02-13T08:00:00.000Z',
    });
    expect(await photosOf(incident)).toEqual([
      { sha256: photo.sha256, arrived: true },
      { sha256: second.sha256, arrived: false },
    ]);
    for (const who of ['street', 'gridWorker', 'supervision', 'oversight'] as const) {
      const shown = await fetchPhoto(city.as(who), path);
      expect(shown.status).toBe(200);
      const served = Buffer.from(await shown.arrayBuffer());
      expect(await besidePixels(served)).toMatchObject({ format: 'jpeg' });
      expect(served.includes(serialNumber)).toBe(false);
    }
    for (const who of ['otherStreet', 'water'] as const)
      expectProblem(await city.as(who).get<Problem>(path), 404, 'INCIDENT_NOT_FOUND');
    expectProblem(await city.anonymous.get<Problem>(path), 401, 'TOKEN_MISSING');
    // Nothing that the report has named is recorded once more.
    expect((await eventsOf(incident.id)).map(({ type }) => type)).toEqual(['IncidentReported']);
  });

  test('are sent again as often as the line breaks: one file, one answer', async () => {
    const photo = await newPhoto();
    const incident = await reported({ evidence: [photo.sha256] });
    const answers = await Promise.all([1, 2].map(() => send(incident.receiptCode, photo)));
    const [first, second] = answers.map((answer) => expected(201, answer));
    expect(second).toEqual(first);
    const again = await send(incident.receiptCode, photo);
    expect(expected(201, again)).toEqual(first);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  test('of who works here may have come before it', async () => {
    const photo = await newPhoto();
    expected(201, await sendAsStaff(city.as('gridWorker'), photo));
    const incident = await reported({ evidence: [photo.sha256] }, city.as('gridWorker'));
    expect(await photosOf(incident)).toEqual([{ sha256: photo.sha256, arrived: true }]);
    expect((await fetchPhoto(city.as('street'), pathOf(incident.id, photo.sha256))).status).toBe(200);
  });

  test('are read by the department that is summoned', async () => {
    const photo = await newPhoto();
    const whistled = await blowWhistle(city, {}, { evidence: [photo.sha256] });
    expected(201, await sendAsStaff(city.as('street'), photo));
    const path = pathOf(whistled.id, photo.sha256);
    expect((await fetchPhoto(city.as('urbanManagement'), path)).status).toBe(200);
  });

  test('are told in the history, in both languages', async () => {
    const incident = await reported({ evidence: ['a'.repeat(64), 'b'.repeat(64)] });
    const { history } = expected(
      200,
      await city.anonymous.get<Receipt>(`/v1/receipts/${incident.receiptCode}`),
    );
    expect(history[0]?.line).toMatchObject({
      ...{ zh: expect.stringContaining('附照片 2 张'), en: expect.stringContaining('photos: 2') },
    });
  });
});

describe('photos that a report does not name', () => {
  test('are added to it, each once, and told to the reporter: who called 12345 sends one afterwards', async () => {
    const photo = await newPhoto();
    const incident = await fileIncident(city, { channel: 'HOTLINE_12345' });
    const answers = await Promise.all([1, 2].map(() => send(incident.receiptCode, photo)));
    for (const answer of answers) expect(expected(201, answer).sha256).toBe(photo.sha256);
    const [, , added, ...others] = await eventsOf(incident.id);
    expect(others).toEqual([]);
    expect(added).toMatchObject({
      ...{ type: 'ReportSupplemented', data: { evidence: [photo.sha256] } },
      actor: { id: 'anonymous', role: 'anonymous', orgUnitId: null },
    });
    expect(await photosOf(incident)).toEqual([{ sha256: photo.sha256, arrived: true }]);
    expect(await evidenceOf(incident.id)).toEqual([
      expect.objectContaining({
        ...{ incidentId: incident.id, sha256: photo.sha256, type: 'ReportSupplemented', orgUnitId: null },
        ...{ file: expect.objectContaining({ mediaType: 'image/png' }), mismatches: [] },
      }),
    ]);
  });

  test('are so many and no more, and what is refused is not kept', async () => {
    const [last] = (await newPhotos(1)) as [SamplePhoto];
    const evidence = Array.from({ length: 20 }, (_, index) => `${10 + index}`.repeat(32));
    const incident = await reported({ evidence });
    expectProblem(await send<Problem>(incident.receiptCode, last), 409, 'TOO_MANY_PHOTOS');
    expect(await keptOf(last.sha256)).toEqual([]);
    const tooMany = [...evidence, last.sha256];
    const refused = await city.anonymous.post<Problem>('/v1/incidents', { ...report, evidence: tooMany });
    expectProblem(refused, 400, 'VALIDATION_FAILED');
  });

  test('are refused of a case that was rejected', async () => {
    const [named, other] = (await newPhotos(2)) as [SamplePhoto, SamplePhoto];
    const incident = await reported({ evidence: [named.sha256] });
    await act(city, 'street', incident.id, 'reject', { reasonCode: 'TOO_VAGUE', reason: '地点不详' });
    expectProblem(await send<Problem>(incident.receiptCode, other), 409, 'INCIDENT_STATE');
    expected(201, await send(incident.receiptCode, named));
  });
});

describe('whose photo it is', () => {
  test('no account of a resident is in the log, nor beside the photo', async () => {
    const [photo, other] = (await newPhotos(2)) as [SamplePhoto, SamplePhoto];
    const resident = city.as('resident');
    for (const anonymous of [true, false]) {
      const incident = await reported({ evidence: [photo.sha256], anonymous }, resident);
      for (const one of [photo, other]) expected(201, await send(incident.receiptCode, one, resident));
      const text = JSON.stringify(await eventsOf(incident.id));
      expect(text).toContain(other.sha256);
      expect(text).not.toContain('e2e-resident');
    }
    for (const { sha256 } of [photo, other]) {
      const names = (await keptOf(sha256)).filter((name) => name.includes('from-'));
      // One mark for each of the two reports.
      expect(names).toHaveLength(2);
      for (const name of names)
        expect(await readFile(join(home.dataDir, 'files', name), 'utf8')).not.toContain('resident');
    }
  });

  test('a hash that somebody knows opens nothing', async () => {
    const theirs = await newPhoto();
    const whistled = await blowWhistle(city);
    await act(city, 'urbanManagement', whistled.id, `tasks/${whistled.tasks[0]!.taskId}/check-in`, {
      evidence: [theirs.sha256],
    });
    expected(201, await sendAsStaff(city.as('urbanManagement'), theirs));
    const incident = await reported({ evidence: [theirs.sha256] });
    expect(await photosOf(incident)).toEqual([{ sha256: theirs.sha256, arrived: false }]);
    expectProblem(
      await city.as('street').get<Problem>(pathOf(incident.id, theirs.sha256)),
      ...([404, 'FILE_NOT_FOUND'] as const),
    );
    // Nor is whoever has the same photo told that somebody else has sent it.
    const first = await send(incident.receiptCode, theirs);
    expect(expected(201, first).sha256).toBe(theirs.sha256);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
  });

  test('a code that is nobody’s is told as none, and no code is said again', async () => {
    const photo = await newPhoto();
    const none = await send<Problem>('AAAA-BBBB-CCCC-DDDD', photo);
    expectProblem(none, 404, 'RECEIPT_NOT_FOUND');
    const incident = await reported();
    const refused = await send<Problem>(incident.receiptCode, { ...photo, mediaType: 'image/gif' });
    expectProblem(refused, 415, 'FILE_TYPE_NOT_SUPPORTED');
    for (const { text } of [none, refused]) {
      expect(text).toContain('/v1/receipts/{receiptCode}/files');
      expect(text).not.toMatch(new RegExp(`AAAA-BBBB|${incident.receiptCode}`));
    }
    expect(await keptOf(photo.sha256)).toEqual([]);
  });

  test('of a duplicate, whoever has the other incident in hand sees it there', async () => {
    const photo = await newPhoto();
    const target = await blowWhistle(city);
    const source = await reported({ evidence: [photo.sha256] });
    await act(city, 'street', source.id, 'merge', { into: target.id, reason: '同一处' });
    // Sent when it is merged already: the line was bad.
    expected(201, await send(source.receiptCode, photo));
    expect(await evidenceOf(target.id)).toEqual([
      expect.objectContaining({ incidentId: source.id, sha256: photo.sha256, type: 'IncidentReported' }),
    ]);
    for (const id of [target.id, source.id])
      expect((await fetchPhoto(city.as('urbanManagement'), pathOf(id, photo.sha256))).status).toBe(200);
    await act(city, 'street', source.id, 'unmerge', { reason: '并非同一处' });
    expect(await evidenceOf(target.id)).toEqual([]);
    expectProblem(
      await city.as('urbanManagement').get<Problem>(pathOf(target.id, photo.sha256)),
      ...([404, 'FILE_NOT_FOUND'] as const),
    );
  });
});

describe('photos that their reporter has marked as personal', () => {
  const personal = ['photos'];
  const reveal = (who: PersonName, id: string, fields: readonly string[]) =>
    city.as(who).post<Moved>(`/v1/incidents/${id}/reporter/reveal`, {
      ...{ purpose: 'VISIT_SITE', reason: '入户查看', fields },
    });

  test('are shown to whom the reporter is revealed with them, on record, and to nobody else', async () => {
    const [named, added] = (await newPhotos(2)) as [SamplePhoto, SamplePhoto];
    const whistled = await blowWhistle(city, {}, { personal, evidence: [named.sha256] });
    const { id } = whistled;
    expected(201, await sendAsStaff(city.as('street'), named));
    const path = pathOf(id, named.sha256);
    for (const who of ['street', 'urbanManagement', 'oversight', 'supervision'] as const)
      expectProblem(await city.as(who).get<Problem>(path), 403, 'FILE_IS_PERSONAL');
    expect(await evidenceOf(id)).toEqual([
      expect.objectContaining({ sha256: named.sha256, personal: true, file: null }),
    ]);
    // Neither another field nor another unit opens them.
    expected(200, await reveal('urbanManagement', id, ['NAME', 'NOTE']));
    expectProblem(await city.as('urbanManagement').get<Problem>(path), 403, 'FILE_IS_PERSONAL');
    expected(200, await reveal('urbanManagement', id, ['PHOTOS']));
    expect((await fetchPhoto(city.as('urbanManagement'), path)).status).toBe(200);
    for (const who of ['street', 'oversight'] as const)
      expectProblem(await city.as(who).get<Problem>(path), 403, 'FILE_IS_PERSONAL');
    expectProblem(await city.as('water').get<Problem>(path), 404, 'INCIDENT_NOT_FOUND');
    expect((await eventsOf(id)).filter(({ type }) => type === 'ReporterIdentityRevealed')).toHaveLength(2);
    // What the department names itself is its evidence, and nobody's secret.
    const task = `tasks/${whistled.tasks[0]!.taskId}/check-in`;
    await act(city, 'urbanManagement', id, task, { evidence: [added.sha256] });
    expected(201, await sendAsStaff(city.as('urbanManagement'), added));
    expect((await fetchPhoto(city.as('street'), pathOf(id, added.sha256))).status).toBe(200);
  });

  test('are those too that come later, of somebody who left no name', async () => {
    const photo = await newPhoto();
    const incident = await reported({ personal });
    expected(201, await send(incident.receiptCode, photo));
    expect(await photosOf(incident)).toEqual([{ sha256: photo.sha256, arrived: true }]);
    const path = pathOf(incident.id, photo.sha256);
    expectProblem(await city.as('street').get<Problem>(path), 403, 'FILE_IS_PERSONAL');
    expected(200, await reveal('street', incident.id, ['PHOTOS']));
    expect((await fetchPhoto(city.as('street'), path)).status).toBe(200);
    expected(200, await city.as('admin').post(`/v1/incidents/${incident.id}/reporter/forget`));
    expectProblem(await city.as('street').get<Problem>(path), 404, 'FILE_NOT_FOUND');
    expect(await keptOf(photo.sha256)).toEqual([]);
  });
});

describe('what is not taken leaves nothing behind', () => {
  const of = (bytes: Buffer, mediaType: string) => ({ bytes: Buffer.from(bytes), mediaType });

  test('what is no photo, or another one than it says; nothing, half a photo, a bomb, too much', async () => {
    const photo = await samplePhoto({ shade: (shades += 1) });
    const incident = await reported();
    for (const [bytes, mediaType, status, code] of [
      [photo.bytes, 'application/pdf', 415, 'FILE_TYPE_NOT_SUPPORTED'],
      [photo.bytes, 'application/json', 400, 'MALFORMED_JSON'],
      [photo.bytes, 'image/png', 422, 'FILE_TYPE_MISMATCH'],
      [Buffer.alloc(0), 'image/jpeg', 422, 'FILE_EMPTY'],
      [Buffer.from('<svg/>'), 'image/jpeg', 422, 'FILE_TYPE_MISMATCH'],
      [photo.bytes.subarray(0, photo.bytes.length - 200), 'image/jpeg', 422, 'FILE_UNREADABLE'],
      [await bombPhoto(), 'image/png', 422, 'FILE_TOO_MANY_PIXELS'],
      [randomBytes(bytesMax + 1), 'image/jpeg', 413, 'FILE_TOO_LARGE'],
    ] as const)
      expectProblem(await send<Problem>(incident.receiptCode, of(bytes, mediaType)), status, code);
    expect((await eventsOf(incident.id)).map(({ type }) => type)).toEqual(['IncidentReported']);
    expect(await photosOf(incident)).toEqual([]);
  });

  test('photos of reporters have no other door', async () => {
    const photo = await newPhoto();
    const rawBody = photo.bytes;
    const headers = { 'Content-Type': photo.mediaType };
    const refused = await city.as('resident').post<Problem>('/v1/files', undefined, { rawBody, headers });
    expectProblem(refused, 403, 'ROLE_NOT_PERMITTED');
  });

  test('more than so many in a day from one address; what is there already is not new', async () => {
    const photos = await newPhotos(perDay + 1);
    const incident = await reported();
    for (const one of photos.slice(0, perDay)) expected(201, await send(incident.receiptCode, one));
    const last = photos[perDay]!;
    const refused = await send<Problem>(incident.receiptCode, last);
    expectProblem(refused, 429, 'TOO_MANY_FILES');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await keptOf(last.sha256)).toEqual([]);
    expected(201, await send(incident.receiptCode, photos[0]!));
    // Whoever has a token is not locked out by the neighbours, and who works here not at all.
    expected(201, await send(incident.receiptCode, last, city.as('resident')));
  });
});

describe('who does not want it any more', () => {
  test('sends nothing after the withdrawal', async () => {
    const photo = await newPhoto();
    const { id, receiptCode } = await reported({ evidence: [photo.sha256] });
    expected(200, await city.anonymous.post(`/v1/incidents/${id}/withdraw`, { receiptCode }));
    expectProblem(await send<Problem>(receiptCode, photo), 409, 'REPORTER_WITHDREW');
    expect(await keptOf(photo.sha256)).toEqual([]);
  });

  test.each([
    ['a name', { reporter: { name: '王小明', phone: '13900001111' } }],
    ['none', {}],
  ])('is forgotten with the photos, having left %s; the case and the log are whole', async (_, changes) => {
    const [named, added, shared] = (await newPhotos(3)) as [SamplePhoto, SamplePhoto, SamplePhoto];
    const incident = await reported({ ...changes, evidence: [named.sha256, shared.sha256] });
    for (const one of [named, added, shared]) expected(201, await send(incident.receiptCode, one));
    // A department that has the same photo from somewhere else keeps its evidence.
    const whistled = await blowWhistle(city);
    const checkIn = `tasks/${whistled.tasks[0]!.taskId}/check-in`;
    await act(city, 'urbanManagement', whistled.id, checkIn, { evidence: [shared.sha256] });
    expected(201, await sendAsStaff(city.as('urbanManagement'), shared));
    const before = await eventsOf(incident.id);

    const forget = () => city.as('admin').post(`/v1/incidents/${incident.id}/reporter/forget`);
    expected(200, await forget());
    for (const { sha256 } of [named, added]) expect(await keptOf(sha256)).toEqual([]);
    expect((await evidenceOf(incident.id)).map(({ sha256, file }) => ({ sha256, file }))).toEqual(
      [named, shared, added].map(({ sha256 }) => ({ sha256, file: null })),
    );
    expectProblem(
      await city.as('street').get<Problem>(pathOf(incident.id, named.sha256)),
      ...([404, 'FILE_NOT_FOUND'] as const),
    );
    const kept = await fetchPhoto(city.as('street'), pathOf(whistled.id, shared.sha256));
    expect(kept.status).toBe(200);
    // From a device that has heard nothing of it.
    expectProblem(await send<Problem>(incident.receiptCode, named), 409, 'REPORTER_FORGOTTEN');
    expect(await keptOf(named.sha256)).toEqual([]);
    expected(200, await forget());
    const after = await eventsOf(incident.id);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.slice(before.length).map(({ type }) => type)).toEqual(['ReporterForgotten']);
  });

  test('is forgotten while photos are on their way: none of them stays', async () => {
    const photos = await newPhotos(4);
    const { id, receiptCode } = await reported({ evidence: photos.map(({ sha256 }) => sha256) });
    const sending = photos.map((photo) => send<Problem>(receiptCode, photo));
    expected(200, await city.as('admin').post(`/v1/incidents/${id}/reporter/forget`));
    for (const { status } of await Promise.all(sending)) expect([201, 409, 503]).toContain(status);
    for (const { sha256 } of photos) expect(await keptOf(sha256)).toEqual([]);
    for (const { file } of await evidenceOf(id)) expect(file).toBeNull();
  });
});

test('no answer, event, log line or file on the disk says where a photo was taken, or with which camera', async () => {
  const needles = ['172.9876', '72.12345', serialNumber, 'Exif\0\0'];
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
  const records = [...places].filter(([path]) => path.endsWith('record.json'));
  expect(records.length).toBeGreaterThan(0);
  for (const needle of needles)
    expect([...places].filter(([, bytes]) => bytes.includes(needle)).map(([path]) => path)).toEqual([]);
  // Where a reporter stood is not kept, not even sealed.
  const [ofReporter] = records.filter(([, bytes]) => bytes.includes('2026-02-13T08:00:00.000Z'));
  expect(JSON.parse(String(ofReporter?.[1]))).toMatchObject({ place: null });
});

test('in all of this no receipt code was logged, and no error', () => {
  const [server] = home.servers;
  expect(`${server?.stderr}${server?.stdout}`).not.toMatch(/\/v1\/receipts\/[0-9A-Z]{4}-/);
  const errors = server?.log().filter(({ level }) => level === 'error' || level === 'fatal');
  expect(errors).toEqual([]);
});

test('all reporters together send so many new photos in a day, and those who work here as many as before', async () => {
  let refused: Answer<Problem> | null = null;
  for (let sent = 0; sent <= perDayTotal && refused === null; sent += 1) {
    here = { 'X-Forwarded-For': `10.45.${sent}.1` };
    const answer = await send<Problem>((await reported()).receiptCode, await newPhoto());
    if (answer.status !== 201) refused = answer;
  }
  expectProblem(refused!, 429, 'REPORTERS_SENT_TOO_MANY_FILES');
  expected(201, await sendAsStaff(city.as('street'), await newPhoto()));
});

/** Processes that a server has started to decode photos. */
async function decodersOf(server: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const told = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
      const [status, program] = await Promise.all([told('status'), told('cmdline')]);
      return status.includes(`PPid:\t${server}\n`) && program.includes('photo.process') ? [pid] : [];
    }),
  );
  return found.flat();
}

test('what decodes photos may die, and the server lives on; it does not outlive the server', async () => {
  const fresh = await newHome();
  const { process: server, url } = await fresh.start();
  city = await City.of(fresh, { url });
  const { receiptCode } = await reported();
  expect(await decodersOf(server.pid)).toEqual([]);
  expected(201, await send(receiptCode, await newPhoto()));
  const [first] = await decodersOf(server.pid);
  process.kill(first!, 'SIGSEGV');
  await waitFor('it is gone', async () => (await decodersOf(server.pid)).length === 0);
  expected(201, await send(receiptCode, await newPhoto()));
  const [second, ...others] = await decodersOf(server.pid);
  expect(others).toEqual([]);
  await server.stop('SIGKILL');
  await waitFor('the decoder is gone with the server', async () => {
    return (await readFile(`/proc/${second}/cmdline`, 'utf8').catch(() => '')) === '';
  });
});
