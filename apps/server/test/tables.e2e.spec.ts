import type { HistoryEntry } from '@shaoying/audit';
import type { CompanionMetric, MetricAnswer, MetricListing, MetricRow } from '@shaoying/incident-read-models';
import { City, type PersonName } from './kit/city.js';
import { parseCsv } from './kit/csv.js';
import { act, expected } from './kit/incident-steps.js';
import { live, type Life } from './kit/lives.js';
import { recipes } from './kit/reads.js';
import { inOneProcess, useServerHomes } from './kit/server-home.js';

// Tables as whoever takes them away has them: read by their headings, by a reader that knows RFC 4180 and nothing of this server.

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly schema: { readonly enum?: string[] } }[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { schema: { description?: string } }>> }>
  >;
}

type Told = MetricAnswer & {
  readonly companions: readonly CompanionMetric[];
  readonly corrected?: {
    readonly rows: readonly MetricRow[];
    readonly companions: readonly CompanionMetric[];
  };
};

const newHome = useServerHomes(inOneProcess);
let city: City;
/** Before anything was reported. */
let before: string;
let closed: Life;

beforeAll(async () => {
  const home = await newHome();
  city = await City.of(home, await home.start());
  before = new Date().toISOString();
  closed = await live(city, 'CLOSED', { description: '=HYPERLINK("http://x"), "井盖"\r\n缺失' });
});

const read = async <Body>(path: string, who: PersonName = 'oversight'): Promise<Body> =>
  expected(200, await city.as(who).get<Body>(path));
const tableOf = async (path: string, who: PersonName = 'oversight') => {
  const answer = await city.as(who).get(`${path}${path.includes('?') ? '&' : '?'}format=csv`);
  expect([path, answer.status, answer.headers.get('content-type')]).toEqual([
    ...[path, 200, 'text/csv; charset=utf-8; header=present'],
  ]);
  return { rows: parseCsv(answer.text), headers: answer.headers, text: answer.text };
};

/** A simulation has differences once it has run: see simulations.e2e.spec.ts. */
const elsewhere = ['/v1/simulations/{id}/differences'];

test('every table is documented with its columns, and has them', async () => {
  const { paths } = await read<{ paths: Record<string, { get?: Operation }> }>('/docs-json');
  const tables = Object.entries(paths).flatMap(([path, { get }]) => {
    const format = get?.parameters?.find(({ name }) => name === 'format')?.schema.enum;
    const description = get?.responses['200']?.content?.['text/csv']?.schema.description;
    return format?.join() === 'json,csv' ? [{ path, columns: description?.split('Columns: ')[1] }] : [];
  });
  expect(tables.map(({ path }) => path).sort()).toEqual([
    ...['/v1/catalogue-proposals', '/v1/categories', '/v1/departments/{id}/queue'],
    ...['/v1/departments/{id}/workload', '/v1/incidents', '/v1/incidents/{id}/events'],
    ...['/v1/incidents/{id}/lost-time', '/v1/incidents/{id}/repeat-whistles', '/v1/metrics'],
    ...['/v1/metrics/{name}', '/v1/metrics/{name}/explain', '/v1/org-units'],
    ...['/v1/simulations/{id}/differences', '/v1/workload', '/v1/workload/explain'],
  ]);
  for (const { path, columns } of tables.filter((table) => !elsewhere.includes(table.path))) {
    const who = path === '/v1/catalogue-proposals' ? 'admin' : 'oversight';
    const { text } = await tableOf(recipes[`GET ${path}`]!.path(closed), who);
    expect([path, text.slice(0, text.indexOf('\r\n')).split(',')]).toEqual([path, columns?.split(', ')]);
  }
});

test('the events of an incident as a table are those of the list, cell by cell, whatever was written in them', async () => {
  const path = `/v1/incidents/${closed.id}/events`;
  const { items } = await read<{ items: HistoryEntry[] }>(path);
  const { rows } = await tableOf(path);
  expect(rows.map(({ data = '', ...row }) => ({ ...row, data: JSON.parse(data) as unknown }))).toEqual(
    items.map(({ actor, line, traceparent: _trace, ...event }) => ({
      ...Object.fromEntries(Object.entries(event).map(([name, value]) => [name, String(value)])),
      ...{ data: event.data, actorId: actor.id, actorRole: actor.role, orgUnitId: actor.orgUnitId ?? '' },
      ...{ zh: line.zh, en: line.en },
    })),
  );
  expect(rows.length).toBeGreaterThan(5);
  const hidden = await city.as('otherStreet').get(`${path}?format=csv`);
  expect(hidden.status).toBe(404);
});

test('what somebody wrote is no formula in a table', async () => {
  const { rows } = await tableOf('/v1/incidents');
  expect(rows.find(({ id }) => id === closed.id)?.['description']).toBe(
    '\'=HYPERLINK("http://x"), "井盖"\r\n缺失',
  );
});

test('units and categories are tables too, by which those of figures are read', async () => {
  for (const [path, id] of [
    ['/v1/org-units?kind=SUBDISTRICT', 'id'],
    ['/v1/categories', 'code'],
  ] as const) {
    const { items } = await read<{ items: Record<string, string>[] }>(path);
    const { rows } = await tableOf(path);
    const named = (row: Readonly<Record<string, string>>) => [row[id], row['name']];
    expect(rows.map(named)).toEqual(items.map(named));
  }
  const { items } = await read<{ items: MetricListing[] }>('/v1/metrics');
  const { rows } = await tableOf('/v1/metrics');
  expect(rows.map(({ metric, version, formula }) => [metric, Number(version), formula])).toEqual(
    items.map(({ name, version, formula }) => [name, version, formula]),
  );
});

describe('a number that was published', () => {
  const path = '/v1/metrics/contained-at-district';
  const published = () => `${path}?by=street&asOf=2199-01-01T00:00:00Z&knownAt=${before}`;

  test('is corrected together with what it is never shown without', async () => {
    const then = await read<Told>(published());
    const now = await read<Told>(`${path}?by=street&asOf=2199-01-01T00:00:00Z`);
    const names = ['satisfaction-rate', 'reopen-rate', 'time-before-escalation'];
    const figures = (companions: readonly CompanionMetric[] = []) =>
      companions.map(({ name, terms, row }) => ({ name, terms, row }));
    expect(then.companions.map(({ name, row }) => [name, row.denominator])).toEqual(
      names.map((name) => [name, 0]),
    );
    expect(then.corrected?.companions.map(({ name }) => name)).toEqual(names);
    expect(figures(then.corrected?.companions)).toEqual(figures(now.companions));
    expect(now.companions.find(({ name }) => name === 'satisfaction-rate')?.row).toMatchObject({
      ...{ numerator: 1, denominator: 1 },
    });
    expect(then.corrected?.companions.every(({ knownAt }) => knownAt > before)).toBe(true);
  });

  test('is a table that says what it is of, with what it was corrected to beside it', async () => {
    const then = await read<Told>(published());
    const { rows } = await tableOf(published());
    const constant = { from: then.from, to: then.to, asOf: then.asOf, knownAt: before };
    for (const row of rows) expect(row).toMatchObject(constant);
    const metric = rows.filter(({ kind }) => kind === 'METRIC');
    expect(
      metric.map(({ key, denominator, correctedDenominator }) => [key, denominator, correctedDenominator]),
    ).toEqual((then.corrected?.rows ?? []).map(({ key, denominator }) => [key, '0', String(denominator)]));
    expect(metric.find(({ key }) => key === 'st-hepan')).toMatchObject({
      ...{ metric: 'contained-at-district', version: String(then.version), by: 'street', units: 'AS_THEN' },
      ...{ value: '', correctedValue: '1', correctedPercent: '100', formula: then.formula },
      ...{ terms: 'minimumSample:20', correctedTerms: 'minimumSample:20' },
    });
    const companions = rows.filter(({ kind }) => kind === 'COMPANION');
    expect(
      companions.map(({ metric: name, denominator, correctedDenominator }) => [
        name,
        denominator,
        correctedDenominator,
      ]),
    ).toEqual(
      (then.corrected?.companions ?? []).map(({ name, row }) => [name, '0', String(row.denominator)]),
    );
    expect(companions).toHaveLength(3);
  });

  test('of three rates is a table with each rate, its weight and terms', async () => {
    const { rows } = await tableOf('/v1/metrics/three-rates');
    const { rows: told } = await read<MetricAnswer>('/v1/metrics/three-rates');
    expect(
      rows.filter(({ kind }) => kind === 'PART').map(({ metric, weight, value }) => [metric, weight, value]),
    ).toEqual(
      (told[0]?.parts ?? []).map(({ metricId, weight, value }) => [
        metricId,
        String(weight),
        String(value ?? ''),
      ]),
    );
    expect(rows.map(({ kind }) => kind)).toEqual(['METRIC', 'PART', 'PART', 'PART']);
  });

  test('explains itself in a table whose every row says which number it is behind', async () => {
    const asked = 'by=street&key=st-hepan&to=2199-01-01T00:00:00Z';
    const { rows } = await tableOf(`${path}/explain?${asked}`);
    expect(rows).toMatchObject([
      {
        ...{
          place: 'NUMERATOR',
          incidentId: closed.id,
          numerator: '1',
          denominator: '1',
          metric: 'contained-at-district',
        },
        ...{ by: 'street', key: 'st-hepan', to: '2199-01-01T00:00:00.000Z', terms: 'minimumSample:20' },
      },
    ]);
    const none = await tableOf(`${path}/explain?by=street&key=st-gulou`);
    expect(none.rows).toMatchObject([{ place: 'NONE', key: 'st-gulou', denominator: '0' }]);
  });
});

test('units that were entered or merged later are none of a number of before, and are of the corrected one', async () => {
  const published = new Date().toISOString();
  const day = published.slice(0, 10);
  const late = { kind: 'DEPARTMENT', parentId: 'di-qinghe', effectiveFrom: '2025-01-01' };
  const orgUnits = [
    { ...late, id: 'dp-late', name: '补录局' },
    { ...late, id: 'dp-later', name: '再补录局' },
  ];
  expected(201, await city.as('admin').post('/v1/org-units', { orgUnits }));
  const between = new Date().toISOString();
  const merger = { unitIds: ['dp-later'], into: { id: 'dp-late' }, from: day };
  expected(201, await city.as('admin').post('/v1/org-units/merge', merger));
  const told = async (knownAt: string) => {
    const query = `by=department&units=AS_NOW&asOf=2199-01-01T00:00:00Z&knownAt=${knownAt}`;
    const { rows, corrected } = await read<Told>(`/v1/metrics/return-rate?${query}`);
    const ids = (of: readonly MetricRow[] = []) =>
      of
        .filter(({ key }) => key?.startsWith('dp-late'))
        .map(({ key, ...row }) => [key, 'includes' in row ? row.includes : []]);
    return [ids(rows), ids(corrected?.rows)];
  };
  const now = [['dp-late', ['dp-later']]];
  expect(await told(published)).toEqual([[], now]);
  expect(await told(between)).toEqual([
    [
      ['dp-late', []],
      ['dp-later', []],
    ],
    now,
  ]);
  const workload = async (knownAt: string): Promise<string[]> => {
    const path = `/v1/workload?parent=di-qinghe&asOf=2199-01-01T00:00:00Z&knownAt=${knownAt}`;
    const { items } = await read<{ items: { departmentId: string }[] }>(path);
    return items.map(({ departmentId }) => departmentId).filter((id) => id.startsWith('dp-late'));
  };
  expect(await workload(published)).toEqual([]);
  expect(await workload(between)).toEqual(['dp-late', 'dp-later']);
});

test('proposals for the dispatch catalogue are told a page at a time as CSV too', async () => {
  for (let index = 0; index < 2; index += 1) {
    const { id, taskId } = await live(city, 'IN_ARBITRATION');
    const ruling = { responsibleUnit: 'dp-water', rule: 'DISPATCH_CATALOGUE', reason: '目录，第四条' };
    await act(city, 'arbitrator', id, `tasks/${taskId}/arbitrate`, ruling);
  }
  const path = '/v1/catalogue-proposals';
  const { items } = await read<{ items: Record<string, unknown>[] }>(path, 'admin');
  const first = await tableOf(`${path}?limit=1`, 'admin');
  const next = first.headers.get('shaoying-next-cursor');
  const last = await tableOf(`${path}?limit=1&cursor=${next}`, 'admin');
  expect(last.headers.get('shaoying-next-cursor')).toBeNull();
  expect([...first.rows, ...last.rows]).toEqual(
    items.map((item) =>
      Object.fromEntries(Object.entries(item).map(([name, value]) => [name, String(value ?? '')])),
    ),
  );
});
