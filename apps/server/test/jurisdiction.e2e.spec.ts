import type { EventStore } from '@shaoying/event-store';
import { City, type Answer, type Problem } from './kit/city.js';
import { expectDeclaredAnswers } from './kit/declared-answers.js';
import { expected, report, type Reported } from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes, type ServerHome } from './kit/server-home.js';

const newHome = useServerHomes(inOneProcess);
let home: ServerHome;
let city: City;
let log: EventStore;

beforeAll(async () => {
  home = await newHome();
  city = await City.of(home, await home.start());
  log = await home.openLog();
});

expectDeclaredAnswers(() => city);

interface Items {
  readonly items: readonly (Record<string, unknown> & { readonly version: number })[];
}
interface Publication {
  readonly published: readonly {
    readonly type: string;
    readonly documentId: string;
    readonly version: number;
  }[];
  readonly warnings: readonly string[];
  readonly problems?: readonly string[];
}

const list = async (path: string): Promise<Items['items']> =>
  expected(200, await city.as('resident').get<Items>(path)).items;
const publish = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  city.as('admin').post<Publication & Problem>(path, body, { headers });
const document = async (path: string): Promise<Record<string, unknown>> => {
  const [{ version: _version, ...contents }] = (await list(path)) as [Items['items'][number]];
  return contents;
};

/** Every kind of document: where it is listed and published. */
const documentPaths = [
  '/v1/catalogues',
  '/v1/grid-maps',
  '/v1/deadline-policies',
  '/v1/ladders',
  '/v1/calendars',
  '/v1/metric-definitions',
];

describe('every kind of document', () => {
  test.each(documentPaths)(
    '%s: what is in force published again changes nothing, a changed one is version 2',
    async (path) => {
      const contents = await document(path);
      const head = await log.head();
      expect(expected(201, await publish(path, contents)).published).toEqual([]);
      expect(await log.head()).toBe(head);
      const name = path === '/v1/metric-definitions' ? { zh: '新', en: 'new' } : '新的名称';
      const changed = { ...contents, name };
      const dry = expected(200, await publish(`${path}?dryRun=true`, changed));
      expect(dry).toMatchObject({ published: [{ version: 2 }], problems: [] });
      expect(await log.head()).toBe(head);
      const stale = await publish(path, changed, { 'If-Match': '"7"' });
      expectProblem(stale, 412, 'JURISDICTION_VERSION_MISMATCH');
      const answer = await publish(path, changed, { 'If-Match': '"1"' });
      expect(expected(201, answer).published).toMatchObject([{ version: 2 }]);
      expect(answer.headers.get('etag')).toBe('"2"');
      expect((await list(path))[0]).toMatchObject({ name, version: 2 });
    },
  );

  test.each(documentPaths)(
    '%s: retried with its key it is answered as the first time, with another body refused',
    async (path) => {
      const contents = await document(path);
      const body = {
        ...contents,
        name: path === '/v1/metric-definitions' ? { zh: '键', en: 'key' } : '带键',
      };
      const send = (sent: unknown) =>
        city.as('admin').post<Publication & Problem>(path, sent, { key: `key of ${path}` });
      const first = expected(201, await send(body));
      expect(first.published).toHaveLength(1);
      const again = await send(body);
      expect(expected(201, again)).toEqual(first);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      expectProblem(await send(contents), 422, 'IDEMPOTENCY_KEY_REUSED');
    },
  );

  const bad: readonly (readonly [string, unknown])[] = [
    ['nothing', {}],
    ['a list', []],
    ['a text', 'document'],
    ['null', null],
    ['a number', 7],
    ['an unknown field', { more: 1 }],
  ];
  test.each([
    ...documentPaths,
    '/v1/categories',
    '/v1/org-units',
    '/v1/org-units/rename',
    '/v1/org-units/merge',
    '/v1/org-units/split',
  ])('%s: a body that is no document is a problem, for administrators alone', async (path) => {
    const head = await log.head();
    for (const [, body] of bad) {
      const answer = await publish(path, body);
      expectProblem(answer, answer.status === 400 ? 400 : 422, [
        'JURISDICTION_INVALID',
        'BODY_NOT_AN_OBJECT',
        'MALFORMED_JSON',
      ]);
    }
    expectProblem(await city.as('street').post<Problem>(path, {}), 403, 'ROLE_NOT_PERMITTED');
    expectProblem(await city.anonymous.post<Problem>(path, {}), 401, 'TOKEN_MISSING');
    const huge = await city
      .as('admin')
      .post<Problem>(path, undefined, { rawBody: `{"name":"${'x'.repeat(300_000)}"}` });
    expectProblem(huge, 413, 'BODY_TOO_LARGE');
    expectProblem(await publish(`${path}?dryRun=perhaps`, {}), 400, 'VALIDATION_FAILED');
    expect(await log.head()).toBe(head);
  });

  test('everything wrong with a document is named', async () => {
    const policy = {
      ...(await document('/v1/deadline-policies')),
      ladderId: 'x',
      calendarId: 'y',
      warnPercent: 80,
    };
    const { errors = [] } = expectProblem(
      await publish('/v1/deadline-policies', policy),
      422,
      'JURISDICTION_INVALID',
    );
    expect(errors.map(({ message }) => message)).toEqual([
      'policy default: its calendar y does not exist',
      'policy default: its ladder x does not exist',
    ]);
    const dry = expected(200, await publish('/v1/deadline-policies?dryRun=true', policy));
    expect(dry.problems).toEqual(errors.map(({ message }) => message));
  });

  test('a category weighs 0.01 to 100, in hundredths', async () => {
    const { items } = expected(200, await city.as('admin').get<Items>('/v1/categories'));
    const weighing = async (weight: unknown, query = '?dryRun=true') =>
      publish(`/v1/categories${query}`, { categories: [{ ...items[0], weight }] });
    expectProblem(await weighing(0, ''), 422, 'JURISDICTION_INVALID');
    for (const weight of [0, 100.01, '2', null])
      expect(expected(200, await weighing(weight)).problems).toEqual([
        expect.stringMatching(/weight must be a number from 0.01 to 100/),
      ]);
    expect(expected(200, await weighing(0.125)).problems).toEqual([
      expect.stringMatching(/has a weight with more than two decimals/),
    ]);
    for (const weight of [0.01, 0.29, 100])
      expect(expected(200, await weighing(weight)).problems).toEqual([]);
  });

  test('a ladder without a first step and a category without department may not be published', async () => {
    const ladder = await publish('/v1/ladders', { ...(await document('/v1/ladders')), steps: [] });
    expect(expectProblem(ladder, 422, 'JURISDICTION_INVALID').detail).toMatch(/no first step/);
    const category = await publish('/v1/categories', {
      categories: [{ code: 'new', name: '新', active: true }],
    });
    expect(expectProblem(category, 422, 'JURISDICTION_INVALID').detail).toMatch(/no responsible department/);
  });
});

describe('places', () => {
  const locate = (body: object): Promise<Answer<Record<string, unknown> & Problem>> =>
    city.as('resident').post('/v1/grids/locate', body);

  test('a point is located by any system, and nothing is recorded', async () => {
    const head = await log.head();
    expect(expected(200, await locate({ lon: 120.41, lat: 31.81 }))).toMatchObject({
      gridId: 'gr-zhonglou-plaza',
      orgUnitId: 'co-zhonglou',
      others: ['gr-zhonglou'],
    });
    expect(expected(200, await locate({ lon: 120.4049, lat: 31.828, crs: 'GCJ02' }))).toMatchObject({
      gridId: 'gr-liuyin',
    });
    expect(expected(200, await locate({ lon: 120.4049, lat: 31.828, crs: 'GCJ-02' }))).toMatchObject({
      gridId: 'gr-liuyin',
    });
    expect(expected(200, await locate({ lon: 121, lat: 31.83, crs: 'BD09' }))).toEqual({
      ...{ gridId: null, orgUnitId: null, gridMapId: null, gridMapVersion: null, others: [] },
    });
    expect(await log.head()).toBe(head);
  });

  test('an incident is reported by the name that the standard has for a system; it is one system', async () => {
    const { estateId: _estate, ...placeless } = report;
    const location = { lon: 120.4049, lat: 31.828, crs: 'GCJ-02', address: '柳荫路 12 号' };
    const { id } = expected(
      201,
      await city.as('street').post<Reported>('/v1/incidents', { ...placeless, location }),
    );
    expect(expected(200, await city.as('oversight').get(`/v1/incidents/${id}`))).toMatchObject({
      location: { ...location, crs: 'GCJ02' },
      gridId: 'gr-liuyin',
    });
  });

  test.each<[string, object]>([
    ['no point', {}],
    ['a text', { lon: '120.41', lat: 31.81 }],
    ['beyond the poles', { lon: 120.41, lat: 91 }],
    ['an unknown system', { lon: 120.41, lat: 31.81, crs: 'MARS' }],
    ['a system that is a list', { lon: 120.41, lat: 31.81, crs: ['GCJ-02'] }],
    ['a time that is none', { lon: 120.41, lat: 31.81, at: 'then' }],
    ['an unknown field', { lon: 120.41, lat: 31.81, height: 3 }],
  ])('refused: %s', async (_what, body) => {
    expectProblem(await locate(body), 400, 'VALIDATION_FAILED');
  });

  test('a point at the edge of the library’s box is answered at once', async () => {
    expect(expected(200, await locate({ lon: 72.005, lat: 40, crs: 'GCJ02' }))).toMatchObject({
      gridId: null,
    });
  });
});

describe('units in time', () => {
  const today = (): string => new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  const unit = (id: string, at = '') =>
    city
      .as('resident')
      .get<Record<string, unknown> & Problem>(`/v1/org-units/${id}${at && `?at=${encodeURIComponent(at)}`}`);

  test('renamed, a unit has the name of the time asked for', async () => {
    const answer = await publish('/v1/org-units/rename', {
      id: 'dp-water',
      name: '清河区水务和海绵城市局',
      from: today(),
    });
    expect(expected(201, answer).published).toMatchObject([
      { type: 'OrgUnitRevised', documentId: 'dp-water', version: 2 },
    ]);
    expect(expected(200, await unit('dp-water', '2026-01-01T00:00:00+08:00'))).toMatchObject({
      name: '清河区水务局',
    });
    expect(expected(200, await unit('dp-water'))).toMatchObject({
      name: '清河区水务和海绵城市局',
      version: 2,
      active: true,
    });
    expectProblem(await unit('dp-water', '2001-01-01T00:00:00Z'), 404, 'ORG_UNIT_NOT_FOUND');
    expectProblem(await unit('dp-nobody'), 404, 'ORG_UNIT_NOT_FOUND');
    expectProblem(await unit('dp-water', 'then'), 400, 'VALIDATION_FAILED');
  });

  test('merged, units are told with who has taken over, and the catalogue has moved with them', async () => {
    const into = { id: 'dp-safety', name: '清河区应急管理局' };
    expected(
      201,
      await publish('/v1/org-units/merge', { unitIds: ['dp-gas', 'dp-fire'], into, from: today() }),
    );
    const ids = (await list('/v1/org-units?kind=DEPARTMENT')).map(({ id }) => id);
    expect(ids).toContain('dp-safety');
    expect(ids).not.toContain('dp-gas');
    const then = (await list('/v1/org-units?kind=DEPARTMENT&at=2026-01-01T00:00:00Z')).map(({ id }) => id);
    expect(then).toContain('dp-gas');
    expect(then).not.toContain('dp-safety');
    expect(expected(200, await unit('dp-gas'))).toMatchObject({ active: false, successors: ['dp-safety'] });
    const responsible = await city
      .as('street')
      .get<object>('/v1/categories/gas-leak/responsible?areas=es-lanwan,co-shuian');
    expect(expected(200, responsible)).toEqual({
      departmentId: 'dp-safety',
      assistingDepartmentIds: [],
      basis: null,
    });
  });

  test('split, a unit’s categories must move too: it is said which', async () => {
    const into = [
      { id: 'dp-air', name: '大气办' },
      { id: 'dp-noise', name: '噪声办' },
    ];
    const answer = await publish('/v1/org-units/split', { id: 'dp-ecology', into, from: today() });
    const { errors = [] } = expectProblem(answer, 422, 'JURISDICTION_INVALID');
    expect(errors).toHaveLength(3);
    expect(errors[0]?.message).toContain('category noise-nuisance names dp-ecology');
  });

  test('founded, a unit is there; one with an unknown parent is refused', async () => {
    const park = {
      id: 'es-park',
      kind: 'ESTATE',
      name: '公园里',
      parentId: 'co-liuyin',
      effectiveFrom: today(),
    };
    expect(expected(201, await publish('/v1/org-units', { orgUnits: [park] })).published).toHaveLength(1);
    const lost = { ...park, id: 'es-lost', parentId: 'co-nowhere' };
    const refused = expectProblem(
      await publish('/v1/org-units', { orgUnits: [lost] }),
      422,
      'JURISDICTION_INVALID',
    );
    expect(refused.detail).toContain('its parent co-nowhere does not exist');
  });

  test('who is responsible for an unknown matter, or in a place that is none, is a problem', async () => {
    const ask = (path: string) => city.as('street').get<Problem>(`/v1/categories/${path}`);
    expectProblem(await ask('unknown/responsible'), 404, 'CATEGORY_NOT_FOUND');
    expectProblem(await ask('road-damage/responsible?areas=a%20b'), 400, 'VALIDATION_FAILED');
    expectProblem(await ask(`road-damage/responsible?areas=${'a,'.repeat(20)}a`), 400, 'VALIDATION_FAILED');
  });
});

describe('lists on both axes', () => {
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
  const lists = ['catalogues', 'deadline-policies', 'ladders', 'calendars', 'metric-definitions'] as const;

  test('documents are those that were in force by asOf, and those that were known by knownAt', async () => {
    const change = {
      'deadline-policies': { warnPercent: 66 },
      'metric-definitions': { name: { zh: '又一版', en: 'one more' } },
    };
    const before = Object.fromEntries(
      await Promise.all(lists.map(async (path) => [path, await list(`/v1/${path}`)] as const)),
    ) as Record<string, Items['items']>;
    const categories = await list('/v1/categories');
    await pause();
    const then = new Date().toISOString();
    await pause();
    for (const path of ['deadline-policies', 'metric-definitions'] as const)
      expected(201, await publish(`/v1/${path}`, { ...(await document(`/v1/${path}`)), ...change[path] }));
    const [category] = categories;
    expected(201, await publish('/v1/categories', { categories: [{ ...category, weight: 3.5 }] }));
    const now = await list('/v1/deadline-policies');
    for (const axis of ['asOf', 'knownAt']) {
      for (const path of lists)
        expect([path, axis, await list(`/v1/${path}?${axis}=${then}`)]).toEqual([path, axis, before[path]]);
      expect(await list(`/v1/categories?${axis}=${then}`)).toEqual(categories);
      expect(await list(`/v1/deadline-policies?${axis}=2000-01-01T00:00:00Z`)).toEqual([]);
    }
    expect(await list('/v1/categories')).not.toEqual(categories);
    expect(now).not.toEqual(before['deadline-policies']);
    // The earlier of the two says it: what was published later was neither in force nor known.
    const later = new Date(Date.now() + 60_000).toISOString();
    for (const query of [`asOf=${then}&knownAt=${later}`, `asOf=${later}&knownAt=${then}`])
      expect(await list(`/v1/deadline-policies?${query}`)).toEqual(before['deadline-policies']);
    expect(await list(`/v1/deadline-policies?asOf=${later}&knownAt=${later}`)).toEqual(now);
  });

  test('units and grids are those of the day asked for, as far as the log knew; who is responsible is too', async () => {
    const units = await list('/v1/org-units?kind=DEPARTMENT');
    const before = units.find(({ id }) => id === 'dp-water');
    const later = new Date(Date.now() + 3_600_000).toISOString();
    await pause();
    const then = new Date().toISOString();
    await pause();
    const from = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
    expected(201, await publish('/v1/org-units/rename', { id: 'dp-water', name: '又名水务局', from }));
    const waterBy = async (query: string) =>
      (await list(`/v1/org-units?kind=DEPARTMENT&${query}`)).find(({ id }) => id === 'dp-water');
    expect(await waterBy(`asOf=${later}`)).toMatchObject({ name: '又名水务局' });
    expect(await waterBy(`asOf=${later}&knownAt=${then}`)).toEqual(before);
    expect(await waterBy(`at=${later}&knownAt=${then}`)).toEqual(before);
    const one = await city.as('resident').get<object>(`/v1/org-units/dp-water?knownAt=${then}`);
    expect(expected(200, one)).toMatchObject({ name: before?.['name'], version: before?.version });
    const unknown = '2000-01-01T00:00:00Z';
    for (const path of ['org-units', 'grids', 'grid-maps'])
      expect([path, await list(`/v1/${path}?knownAt=${unknown}`)]).toEqual([path, []]);
    expect((await list(`/v1/grids?knownAt=${then}`)).length).toBeGreaterThan(0);
    expect(await list(`/v1/grid-maps?asOf=${then}&knownAt=${then}`)).toEqual(await list('/v1/grid-maps'));
    const ask = (query: string) =>
      city.as('street').get<Problem>(`/v1/categories/gas-leak/responsible?areas=es-lanwan&${query}`);
    expectProblem(await ask(`knownAt=${unknown}`), 404, 'CATEGORY_NOT_FOUND');
    expect(expected(200, await ask(`knownAt=${then}`))).toMatchObject({ departmentId: 'dp-safety' });
    const table = await city.as('oversight').get(`/v1/categories?knownAt=${unknown}&format=csv`);
    expect(table.text.trim().split('\n')).toHaveLength(1);
  });

  test('an instant that is none, or the day by both of its names, is refused', async () => {
    for (const path of ['categories', 'calendars', 'grids', 'org-units', 'org-units/dp-water', 'ladders'])
      for (const query of ['knownAt=then', 'asOf=yesterday'])
        expectProblem(await city.as('admin').get<Problem>(`/v1/${path}?${query}`), 400, 'VALIDATION_FAILED');
    const both = 'asOf=2026-01-01T00:00:00Z&at=2026-01-01T00:00:00Z';
    for (const path of ['org-units', 'grids'])
      expectProblem(await city.as('admin').get<Problem>(`/v1/${path}?${both}`), 400, 'VALIDATION_FAILED');
  });
});

describe('published in one process, asked of another with the position of the answer', () => {
  interface Told {
    readonly name: string;
    readonly terms: { readonly definitionVersion: number | null };
  }

  test('ten times: what is in force, and by which terms a number is computed, is what was published', async () => {
    const other = await City.of(home, await home.start({ ROLES: 'api' }));
    const contents = await document('/v1/metric-definitions');
    for (let round = 0; round < 10; round += 1) {
      const name = { zh: `第${round}版`, en: `edition ${round}` };
      const answer = await publish('/v1/metric-definitions', { ...contents, name });
      const version = expected(201, answer).published[0]?.version;
      const headers = { 'Shaoying-Min-Position': String(answer.headers.get('shaoying-position')) };
      const [inForce, listed] = await Promise.all([
        other.as('oversight').get<Items>('/v1/metric-definitions', headers),
        other.as('oversight').get<{ items: readonly Told[] }>('/v1/metrics', headers),
      ]);
      expect(expected(200, inForce).items).toContainEqual(expect.objectContaining({ name, version }));
      const told = expected(200, listed).items.find((metric) => metric.name === contents['metricId']);
      expect(told?.terms.definitionVersion).toBe(version);
    }
  });
});
