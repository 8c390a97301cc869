import type {
  MetricAnswer,
  MetricExplanation,
  MetricListing,
  MetricRow,
} from '@shaoying/incident-read-models';
import { City, type PersonName, type Problem } from './kit/city.js';
import { blowWhistle, expected } from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { useServerHomes } from './kit/server-home.js';

// Numbers as whoever distrusts them asks for them: what is behind one to the last case, and who has none.

type Explained = Omit<MetricExplanation, 'next'> & {
  readonly truncated: boolean;
  readonly nextCursor: string | null;
};

const newHome = useServerHomes();
let city: City;
const whistled: string[] = [];

beforeAll(async () => {
  const home = await newHome();
  city = await City.of(home, await home.start());
  for (let index = 0; index < 3; index += 1) whistled.push((await blowWhistle(city)).id);
});

const path = '/v1/metrics/return-rate/explain';
const pageOf = async (query: string, who: PersonName = 'oversight'): Promise<Explained> =>
  expected(200, await city.as(who).get<Explained>(`${path}?${query}`));

describe('what is behind a number', () => {
  test('is listed to its end, page by page, each at the moment of the first, whatever comes in between', async () => {
    const pages = [await pageOf('limit=1')];
    whistled.push((await blowWhistle(city)).id);
    while (pages.at(-1)?.nextCursor)
      pages.push(await pageOf(`limit=1&cursor=${pages.at(-1)?.nextCursor ?? ''}`));
    const named = pages.flatMap(({ cases }) => cases.map(({ incidentId }) => incidentId));
    expect([...named].sort()).toEqual(whistled.slice(0, 3).sort());
    for (const { denominator, asOf, knownAt } of pages)
      expect({ denominator, asOf, knownAt }).toEqual({
        ...{ denominator: 3, asOf: pages[0]?.asOf, knownAt: pages[0]?.knownAt },
      });
    expect(pages.map(({ truncated }) => truncated)).toEqual([true, true, false]);
    expect(await pageOf('')).toMatchObject({ denominator: 4, truncated: false, nextCursor: null });
  });

  test('is listed whole as CSV, and its columns add up to the number, with what is withheld in a last row', async () => {
    const { numerator, denominator } = await pageOf('');
    for (const [who, withheld] of [
      ['oversight', 0],
      ['otherStreet', denominator],
    ] as const) {
      const { text } = await city.as(who).get(`${path}?format=csv&limit=1`);
      const [heading = [], ...rows] = text
        .trim()
        .split('\r\n')
        .map((line) => line.split(','));
      const sumOf = (column: string): number =>
        rows.reduce((sum, row) => sum + Number(row[heading.indexOf(column)]), 0);
      expect([who, sumOf('numerator'), sumOf('denominator')]).toEqual([who, numerator, denominator]);
      const last = rows.filter(([place]) => place === 'WITHHELD').map((row) => row.slice(0, 11));
      expect(last).toEqual(
        withheld === 0 ? [] : [['WITHHELD', '', '', '', '', '', '0', String(withheld), '0', '', '']],
      );
    }
  });

  test('is paged by a cursor of this server alone', async () => {
    const cursorOf = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const moment = { asOf: '2026-01-01T00:00:00.000Z', knownAt: '2026-01-01T00:00:00.000Z' };
    const after = { isExcluded: false, at: '2026-02-30T00:00:00.000000Z', incidentId: 'x', caseHash: 'x' };
    const [version, place] = [1, { rate: 0, after: null }];
    expectProblem(
      await city.as('oversight').get<Problem>(`${path}?cursor=${cursorOf({ moment, version: 99, place })}`),
      ...([404, 'METRIC_VERSION_NOT_FOUND'] as const),
    );
    for (const cursor of [
      ...['x', cursorOf(null), cursorOf({ moment, version, place: null })],
      ...[cursorOf({ moment, version, place: { rate: 0 } }), cursorOf({ version, place })],
      ...[cursorOf({ moment, version, place: { rate: 0, after } }), cursorOf({ moment, place })],
      cursorOf({ moment, version: '1', place }),
    ])
      expectProblem(
        await city.as('oversight').get<Problem>(`${path}?cursor=${cursor}`),
        ...([400, 'INVALID_CURSOR'] as const),
      );
    for (const limit of ['0', '5001', 'x'])
      expectProblem(
        await city.as('oversight').get<Problem>(`${path}?limit=${limit}`),
        ...([400, 'VALIDATION_FAILED'] as const),
      );
  });
});

describe('a row', () => {
  test('is named by its dimension and its key: a key alone is refused, and never told with the total', async () => {
    const [row] = expected(
      200,
      await city.as('oversight').get<MetricAnswer>('/v1/metrics/return-rate?by=street'),
    ).rows.filter(({ denominator }) => denominator > 0);
    const key = row?.key ?? '';
    expect(await pageOf(`by=street&key=${key}`)).toMatchObject({ key, denominator: row?.denominator });
    expect(
      expectProblem(
        await city.as('oversight').get<Problem>(`${path}?key=${key}`),
        ...([400, 'VALIDATION_FAILED'] as const),
      ),
    ).toMatchObject({ errors: [{ field: 'key', code: 'NEEDS_BY' }] });
  });

  test('of what has no such unit has no key, or an empty one as a table writes it', async () => {
    const nowhere = await pageOf('by=estate');
    expect(await pageOf('by=estate&key=')).toMatchObject({
      ...{ key: null, denominator: nowhere.denominator },
    });
  });
});

test('of a unit that never was nothing is told: no nought that could be taken for its number', async () => {
  for (const asked of [
    `${path}?by=street&key=st-hepang`,
    `${path}?by=department&key=dp-nobody`,
    '/v1/workload?parent=di-nowhere',
    '/v1/workload/explain?figure=open&by=street&streetId=st-hepang',
    '/v1/workload/explain?figure=open&by=street&parent=di-nowhere',
  ])
    expectProblem(await city.as('oversight').get<Problem>(asked), ...([404, 'ORG_UNIT_NOT_FOUND'] as const));
  expect(await pageOf('by=category&key=of-another-system')).toMatchObject({ denominator: 0 });
});

test('a window that ends before it begins is refused, wherever there is one', async () => {
  const reversed = 'from=2026-03-01T00:00:00Z&to=2026-02-28T23:59:59.999Z';
  for (const list of ['/v1/metrics/return-rate', path, '/v1/incidents', '/v1/events'])
    expect(
      expectProblem(
        await city.as('oversight').get<Problem>(`${list}?${reversed}`),
        ...([400, 'VALIDATION_FAILED'] as const),
      ),
    ).toMatchObject({ errors: [{ field: 'to', code: 'IS_NOT_BEFORE_FROM' }] });
  const empty = 'from=2026-03-01T00:00:00%2B08:00&to=2026-02-28T16:00:00Z';
  expect(await pageOf(empty)).toMatchObject({ numerator: 0, denominator: 0 });
});

describe('a unit without a case', () => {
  const rowsBy = async (by: string, who: PersonName): Promise<readonly MetricRow[]> =>
    expected(200, await city.as(who).get<MetricAnswer>(`/v1/metrics/reopen-rate?by=${by}`)).rows;
  const none = { numerator: 0, denominator: 0, value: null, percent: null, excluded: {}, insufficient: true };

  test.each([
    ['estate', 'ESTATE'],
    ['community', 'COMMUNITY'],
    ['street', 'SUBDISTRICT'],
    ['department', 'DEPARTMENT'],
  ])('has a row by %s that is neither 0 nor 100 %%', async (by, kind) => {
    const units = await city.as('oversight').get<{ items: { id: string }[] }>(`/v1/org-units?kind=${kind}`);
    const ids = expected(200, units).items.map(({ id }) => id);
    expect(ids).not.toEqual([]);
    expect(await rowsBy(by, 'oversight')).toEqual([...ids].sort().map((key) => ({ key, ...none })));
  });

  test('is told to a street of its own estates alone, and a total stays one row', async () => {
    const all = (await rowsBy('estate', 'oversight')).map(({ key }) => key);
    const own = (await rowsBy('estate', 'street')).map(({ key }) => key);
    expect(all).toEqual(expect.arrayContaining(own));
    expect(own.length).toBeGreaterThan(0);
    expect(own.length).toBeLessThan(all.length);
    const total = await city.as('oversight').get<MetricAnswer>('/v1/metrics/reopen-rate');
    expect(expected(200, total).rows).toMatchObject([{ key: 'total', denominator: 0 }]);
  });

  test('explains itself by no case', async () => {
    const explained = await pageOf('by=department&key=dp-housing');
    expect(explained).toMatchObject({ numerator: 0, denominator: 0, cases: [], excluded: [] });
  });
});

describe('a number explains itself', () => {
  test('containment is never shown without satisfaction, reopening and the time before escalation', async () => {
    const window = 'from=2026-01-01T00:00:00Z&to=2199-01-01T00:00:00Z';
    const names = ['satisfaction-rate', 'reopen-rate', 'time-before-escalation'];
    for (const name of ['containment-estate', 'containment-community', 'containment-street']) {
      const asked = `/v1/metrics/${name}?by=street&${window}`;
      const told = expected(
        200,
        await city.as('oversight').get<MetricAnswer & { companions: object[] }>(asked),
      );
      const { from, to, asOf, knownAt } = told;
      expect(told.companions).toMatchObject(
        names.map((companion) => ({
          ...{ name: companion, from, to, asOf, knownAt, by: null },
          row: { key: 'total', denominator: 0, value: null },
        })),
      );
      const { text } = await city.as('oversight').get(`${asked}&format=csv`);
      for (const companion of names) expect(text).toContain(`\r\nCOMPANION,${companion},`);
    }
    const alone = await city.as('oversight').get<object>('/v1/metrics/reopen-rate');
    expect(expected(200, alone)).toMatchObject({ companions: [] });
  });

  test('part by part, in both languages, in the list and over each answer', async () => {
    const list = await city.as('oversight').get<{ items: readonly MetricListing[] }>('/v1/metrics');
    const listed = expected(200, list).items.find(({ name }) => name === 'check-in-on-time');
    expect(listed).toMatchObject({
      window: 'by due time of the check-in deadline',
      meaning: { window: { zh: '按报到时限', en: 'by due time of the check-in deadline' } },
    });
    for (const path of ['/v1/metrics/check-in-on-time', '/v1/metrics/check-in-on-time/explain'])
      expect(expected(200, await city.as('oversight').get<object>(path))).toMatchObject({
        meaning: listed?.meaning,
      });
  });

  test('by the terms of a moment, as the numbers of it are computed', async () => {
    const versionAt = async (query: string): Promise<unknown> => {
      const list = await city
        .as('oversight')
        .get<{ items: readonly MetricListing[]; knownAt: string }>(`/v1/metrics?${query}`);
      const { items, knownAt } = expected(200, list);
      return [knownAt, items.find(({ name }) => name === 'three-rates')?.terms.definitionVersion];
    };
    expect(await versionAt('')).toEqual([expect.any(String), 1]);
    expect(await versionAt('knownAt=2020-01-01T08:00:00%2B08:00')).toEqual([
      '2020-01-01T00:00:00.000Z',
      null,
    ]);
    expectProblem(
      await city.as('oversight').get<Problem>('/v1/metrics?asOf=yesterday'),
      ...([400, 'VALIDATION_FAILED'] as const),
    );
  });
});

describe('a number that was published by a formula which is in force no more', () => {
  const asked = '/v1/metrics/whistle-rate';

  test('is computed by it again, and says so; without a version it is the one in force', async () => {
    const list = await city.as('oversight').get<{ items: readonly MetricListing[] }>('/v1/metrics');
    const listed = expected(200, list).items.find(({ name }) => name === 'whistle-rate');
    expect(listed).toMatchObject({ version: 2, versions: [2, 1] });
    for (const [query, version, place] of [
      ['?version=1', 1, 'place as it is known at that moment'],
      ['?version=2', 2, 'place as of the first filing'],
      ['', 2, 'place as of the first filing'],
    ] as const) {
      const told = expected(200, await city.as('oversight').get<MetricAnswer>(`${asked}${query}`));
      expect(told).toMatchObject({ version, rows: [{ numerator: 4, denominator: 4 }] });
      expect(told.meaning.dimensions.en).toContain(place);
      const explained = await city.as('oversight').get<Explained>(`${asked}/explain${query}`);
      expect(expected(200, explained)).toMatchObject({ version, numerator: 4, denominator: 4 });
    }
  });

  test('is corrected by what is known now, by the same formula', async () => {
    const published = new Date().toISOString();
    const answer = await city.as('oversight').get<object>(`${asked}?version=1&knownAt=${published}`);
    expect(expected(200, answer)).toMatchObject({
      ...{ version: 1, rows: [{ denominator: 4 }] },
      corrected: { rows: [{ denominator: 4 }] },
    });
  });

  test('is explained by it on every page: the cursor holds the version of the first', async () => {
    const first = expected(
      200,
      await city.as('oversight').get<Explained>(`${asked}/explain?version=1&limit=2`),
    );
    const cursor = first.nextCursor ?? '';
    const next = await city.as('oversight').get<Explained>(`${asked}/explain?limit=2&cursor=${cursor}`);
    const pages = [first, expected(200, next)];
    expect(pages.map(({ version, cases }) => [version, cases.length])).toEqual([
      [1, 2],
      [1, 2],
    ]);
    const named = pages.flatMap(({ cases }) => cases.map(({ incidentId }) => incidentId));
    expect([...named].sort()).toEqual([...whistled].sort());
  });

  test('is asked for by what the documentation says', async () => {
    interface OpenApi {
      readonly paths: Readonly<Record<string, { readonly get: { readonly parameters: readonly object[] } }>>;
      readonly components: { readonly schemas: Readonly<Record<string, object>> };
    }
    const { paths, components } = expected(200, await city.anonymous.get<OpenApi>('/docs-json'));
    const version = {
      ...{ name: 'version', in: 'query', required: false },
      schema: expect.objectContaining({ type: 'integer', minimum: 1 }) as object,
    };
    for (const path of ['/v1/metrics/{name}', '/v1/metrics/{name}/explain'])
      expect(paths[path]?.get.parameters).toContainEqual(expect.objectContaining(version));
    expect(components.schemas['MetricListingAnswer']).toMatchObject({
      properties: { versions: { type: 'array', items: { type: 'integer' } } },
    });
  });

  test('is refused where no such version is on record, in both languages', async () => {
    for (const path of [`${asked}?version=3`, `${asked}/explain?version=3`])
      for (const [language, title] of [
        ['en', 'The formula of the metric has no such version on record'],
        ['zh-CN', '该指标的口径没有此版本的记录'],
      ] as const) {
        const answer = await city.as('oversight').get<Problem>(path, { 'Accept-Language': language });
        expect(expectProblem(answer, 404, 'METRIC_VERSION_NOT_FOUND').title).toBe(title);
      }
  });
});
