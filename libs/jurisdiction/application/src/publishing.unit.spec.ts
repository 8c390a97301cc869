import { type Actor, InMemoryEventStore } from '@shaoying/event-store';
import { propertyParameters } from '@shaoying/event-store/testing';
import { jurisdictionStream, METRIC_IDS } from '@shaoying/jurisdiction-contracts';
import fc from 'fast-check';
import { EventSourcedJurisdictionDirectory } from './event-sourced-jurisdiction-directory.js';
import { jurisdictionFromFile } from './jurisdiction-from-file.js';
import { JurisdictionPublisher } from './jurisdiction-publisher.js';
import { PublishedJurisdiction } from './published-jurisdiction.js';
import { lindongYaml } from './testing/index.js';

const actor: Actor = { id: 'admin-1', role: 'admin', orgUnitId: 'ct-lindong' };
const now = '2026-03-02T02:00:00.000Z';
const opened: EventSourcedJurisdictionDirectory[] = [];
afterEach(async () => {
  for (const directory of opened.splice(0)) await directory.stop();
});

async function empty(store = new InMemoryEventStore()) {
  const directory = new EventSourcedJurisdictionDirectory(store);
  opened.push(directory);
  await directory.start();
  return { store, directory, publisher: new JurisdictionPublisher(store, directory) };
}
async function lindong() {
  const city = await empty();
  await city.publisher.publishFile(lindongYaml(), actor, now);
  return city;
}
const failure = (attempt: Promise<unknown>) =>
  attempt.then(
    () => ({ code: 'no error' }),
    (error: { code?: string; problems?: readonly string[] }) => error,
  );

describe('a dry run', () => {
  test('says what would change, and writes nothing', async () => {
    const { store, directory, publisher } = await lindong();
    const head = await store.head();
    const { version: _version, ...policy } = directory.policy('default')!;
    const answer = await publisher.publishPolicy({ ...policy, warnPercent: 70 }, actor, now, {
      dryRun: true,
    });
    expect(answer).toEqual({
      published: [{ type: 'DeadlinePolicyPublished', documentId: 'default', version: 2 }],
      ...{ position: head, warnings: [], problems: [] },
    });
    expect(await store.head()).toBe(head);
    expect(directory.policy('default')?.warnPercent).toBe(80);
  });

  test('says all that is wrong, of the shape and of the whole', async () => {
    const { directory, publisher } = await lindong();
    const { version: _version, ...policy } = directory.policy('default')!;
    const dry = { dryRun: true };
    const whole = { ...policy, ladderId: 'x', calendarId: 'y', rules: policy.rules.slice(2) };
    expect((await publisher.publishPolicy(whole, actor, now, dry)).problems).toEqual([
      'policy default: its calendar y does not exist',
      'policy default: its ladder x does not exist',
      'policy default: no rule without conditions for the timer VERIFY',
      'policy default: no rule without conditions for the timer DISPATCH',
    ]);
    const { problems } = await publisher.publishPolicy(
      { ...policy, warnPercent: 'x', more: 1 },
      actor,
      now,
      dry,
    );
    expect(problems).toEqual([
      'policies[0].more is not a field here',
      'policies[0].warnPercent must be a number from 1 to 99',
    ]);
  });
});

describe('a command sent twice with one key', () => {
  const key = { commandId: '5b0e6c1e-0000-5000-8000-000000000001', requestHash: 'a'.repeat(64) };
  const ladder = ({ directory }: Awaited<ReturnType<typeof lindong>>, name: string) => {
    const { version: _version, ...document } = directory.ladders()[0]!;
    return { ...document, name };
  };

  test('is answered as the first time, also when the document has gone on since, and by another process', async () => {
    const city = await lindong();
    const first = await city.publisher.publishLadder(ladder(city, 'one'), actor, now, key);
    await city.publisher.publishLadder(ladder(city, 'two'), actor, now);
    const head = await city.store.head();
    const later = await empty(new InMemoryEventStore(city.store));
    for (const { publisher } of [city, later]) {
      const again = await publisher.publishLadder(ladder(city, 'one'), actor, now, key);
      expect(again).toEqual({ ...first, replayed: true });
    }
    expect(await city.store.head()).toBe(head);
    expect(city.directory.ladders()[0]?.name).toBe('two');
  });

  test('with another body is refused', async () => {
    const city = await lindong();
    await city.publisher.publishLadder(ladder(city, 'one'), actor, now, key);
    const other = { ...key, requestHash: 'b'.repeat(64) };
    expect(await failure(city.publisher.publishLadder(ladder(city, 'two'), actor, now, other))).toMatchObject(
      {
        code: 'IDEMPOTENCY_KEY_REUSED',
      },
    );
  });

  test('completes what the first left out when it was cut off', async () => {
    const city = await lindong();
    const units = ['dp-a', 'dp-b', 'dp-c'].map((id) => ({
      ...{ id, kind: 'DEPARTMENT', name: id, parentId: 'di-qinghe', effectiveFrom: '2026-01-01' },
    }));
    await city.publisher.publishOrgUnits(units.slice(0, 1), actor, now, key);
    const again = await city.publisher.publishOrgUnits(units, actor, now, key);
    expect(again.published.map(({ documentId }) => documentId)).toEqual(['dp-a', 'dp-b', 'dp-c']);
    expect(again.replayed).toBe(true);
    expect(city.directory.orgUnit('dp-c')).toBeDefined();
  });
});

describe('publishers at once', () => {
  const keyOf = (n: number) => ({
    commandId: `5b0e6c1e-0000-5000-8000-00000000000${n}`,
    requestHash: String(n).repeat(64),
  });
  const reform = {
    ...{ unitIds: ['dp-ecology', 'dp-gas'], into: { id: 'dp-merged', name: '合并局' }, from: '2026-03-02' },
  };

  /**
   * A second process that has looked at what is in force and is about to write, and a log that lets it write first where
   * the first process writes to this stream.
   */
  async function withAnother(
    stream: string,
    publishing: (other: JurisdictionPublisher) => Promise<{ published: unknown }>,
  ) {
    const city = await lindong();
    const other = await empty(new InMemoryEventStore(city.store));
    const appends = [city, other].map(({ store }) => store.append.bind(store));
    const [first, second] = appends as [typeof city.store.append, typeof city.store.append];
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const held = new Promise<void>((resolve) => {
      other.store.append = async (...of) => {
        resolve();
        await released;
        return second(...of);
      };
    });
    const theirs = publishing(other.publisher);
    await held;
    city.store.append = async (...of) => {
      if (of[0] !== stream) return first(...of);
      release();
      expect((await theirs).published).toHaveLength(1);
      return first(...of);
    };
    return city;
  }

  test('of one process take turns: the second finds the same in force, and a reform meets nobody half-way', async () => {
    const { publisher, store, directory } = await lindong();
    const renamed = { id: 'dp-gas', name: '燃气局', from: '2026-03-02' };
    const outcomes = await Promise.all([
      publisher.mergeOrgUnits(reform, actor, now, keyOf(1)),
      publisher.mergeOrgUnits(reform, actor, now, keyOf(2)),
      failure(publisher.renameOrgUnit(renamed, actor, now, keyOf(3))),
    ]);
    expect(outcomes[0].published.map(({ documentId }) => documentId)).toContain('dp-gas');
    expect(outcomes[1]).toMatchObject({ published: [] });
    const events = await store.readAll('0', { limit: 1_000 });
    const by = (n: number) => events.filter(({ commandId }) => commandId === keyOf(n).commandId).length;
    expect([by(1), by(2)]).toEqual([outcomes[0].published.length, 0]);
    expect(directory.orgUnit('dp-gas')).toMatchObject({ effectiveTo: '2026-03-02' });
  });

  test('of two processes, with the same in the same instant: one has published it, and says so alone', async () => {
    const stream = jurisdictionStream.ladder('default');
    const { version: _version, ...document } = (await lindong()).directory.ladders()[0]!;
    const changed = { ...document, name: 'one' };
    const city = await withAnother(stream, (other) => other.publishLadder(changed, actor, now, keyOf(2)));
    expect(await city.publisher.publishLadder(changed, actor, now, keyOf(1))).toMatchObject({
      published: [],
    });
    expect(await city.store.readStream(stream)).toMatchObject([{}, { commandId: keyOf(2).commandId }]);
  });

  test('a reform that another process comes in between is completed, not refused with half of it done', async () => {
    const gas = { ...(await lindong()).directory.orgUnit('dp-gas')!, name: '燃气管理局' };
    const city = await withAnother(jurisdictionStream.orgUnit('dp-gas'), (other) =>
      other.publishOrgUnits([gas], actor, now, keyOf(2)),
    );
    const { published, replayed } = await city.publisher.mergeOrgUnits(reform, actor, now, keyOf(1));
    expect(replayed).toBeUndefined();
    const ids = published.map(({ documentId }) => documentId);
    expect(ids).toEqual(expect.arrayContaining(['dp-merged', 'dp-ecology', 'dp-gas']));
    expect(city.directory.orgUnit('dp-gas')).toMatchObject({
      ...{ name: '燃气管理局', effectiveTo: '2026-03-02', successorIds: ['dp-merged'] },
    });
    const again = await city.publisher.mergeOrgUnits(reform, actor, now, keyOf(1));
    expect(again).toMatchObject({ published, replayed: true });
  });
});

describe('If-Match', () => {
  test('names one document, and its version', async () => {
    const { directory, publisher } = await lindong();
    const { version: _version, ...map } = directory.gridMap('default')!;
    const renamed = { ...map, name: '新图' };
    expect(
      await failure(publisher.publishGridMap(renamed, actor, now, { expectedVersion: 4 })),
    ).toMatchObject({
      code: 'JURISDICTION_VERSION_MISMATCH',
      actualVersion: 1,
    });
    await publisher.publishGridMap(renamed, actor, now, { expectedVersion: 1 });
    expect(directory.gridMap('default')?.version).toBe(2);
    const two = [directory.orgUnit('dp-gas')!, directory.orgUnit('dp-fire')!];
    expect(await failure(publisher.publishOrgUnits(two, actor, now, { expectedVersion: 1 }))).toMatchObject({
      code: 'JURISDICTION_INVALID',
      problems: ['If-Match names the version of one document, and this changes 2'],
    });
  });
});

describe('boundaries', () => {
  const box = (west: number, south: number, east: number, north: number) => [
    [
      [west, south],
      [east, south],
      [east, north],
      [west, north],
      [west, south],
    ],
  ];
  const grid = (id: string, kind: string, coordinates: unknown, type = 'Polygon') => ({
    ...{ id, kind, name: id, orgUnitId: 'co-liuyin', boundary: { type, coordinates } },
  });
  const publish = async (...grids: unknown[]) => {
    const { publisher } = await lindong();
    return failure(publisher.publishGridMap({ gridMapId: 'new', name: 'n', grids }, actor, now));
  };
  const figureOfEight = [
    [
      [121, 32],
      [121.02, 32.02],
      [121.02, 32],
      [121, 32.02],
      [121, 32],
    ],
  ];

  /** Two hundred teeth that point north. */
  const teeth = Array.from({ length: 400 }, (_, n) => [121 + n * 1e-4, n % 2 === 0 ? 32 : 32.04] as const);
  const comb = [...teeth, [121.04, 31.99] as const, [121, 31.99] as const, teeth[0]!];

  test.each<[string, unknown[], string]>([
    [
      'a ring that crosses itself',
      [grid('g', 'BASIC', figureOfEight)],
      'grid g: its boundary crosses or touches itself',
    ],
    [
      'a ring that is not closed',
      [grid('g', 'BASIC', [box(121, 32, 121.01, 32.01)[0]!.slice(0, 4)])],
      'grid g: a ring is not closed',
    ],
    [
      'a ring of two points',
      [
        grid('g', 'BASIC', [
          [
            [121, 32],
            [121, 32],
          ],
        ]),
      ],
      'grid g: a ring needs four points, the last the first',
    ],
    ['no ring', [grid('g', 'BASIC', [])], 'grid g: the boundary has no ring'],
    [
      'a part without ring',
      [grid('g', 'BASIC', [box(121, 32, 121.01, 32.01), []], 'MultiPolygon')],
      'grid g: the boundary has no ring',
    ],
    [
      'a hole that reaches out',
      [grid('g', 'BASIC', [...box(121, 32, 121.02, 32.02), ...box(121.01, 32.01, 121.03, 32.03)])],
      'grid g: a hole reaches out of the grid',
    ],
    [
      'two BASIC grids that overlap',
      [grid('g', 'BASIC', box(121, 32, 121.02, 32.02)), grid('h', 'BASIC', box(121.01, 32, 121.03, 32.02))],
      'grids g and h, both BASIC, overlap by',
    ],
    [
      // To compute what they share would take minutes.
      'two BASIC grids like combs laid crosswise',
      [
        grid('g', 'BASIC', [comb]),
        grid('h', 'BASIC', [comb.map(([lon, lat]) => [lat + 89, lon - 89] as const)]),
      ],
      'grids g and h, both BASIC, cross in more than 200 places',
    ],
    [
      'one that overlaps a map in force',
      [grid('g', 'BASIC', box(120.41, 31.83, 120.415, 31.85))],
      'grids g and gr-liuyin, both BASIC, overlap by',
    ],
    [
      'another geometry',
      [grid('g', 'BASIC', [121, 32], 'Point')],
      'gridMaps[0].grids[0].boundary.type must be one of Polygon, MultiPolygon',
    ],
    [
      'a department’s grid',
      [{ ...grid('g', 'UNIT', box(121, 32, 121.02, 32.02)), orgUnitId: 'dp-gas' }],
      'grid g: its org unit dp-gas is a department',
    ],
  ])('refused: %s', async (_what, grids, problem) => {
    const { problems } = (await publish(...grids)) as { problems?: readonly string[] };
    expect(problems).toEqual([expect.stringContaining(problem)]);
  });

  test('neighbours along an edge, parts and holes are fine', async () => {
    const holed = [...box(121, 32, 121.02, 32.02), ...box(121.005, 32.005, 121.01, 32.01)];
    const parts = [box(121.02, 32, 121.04, 32.02), box(121.06, 32, 121.08, 32.02)];
    const answer = await publish(grid('g', 'BASIC', holed), grid('h', 'BASIC', parts, 'MultiPolygon'));
    expect(answer).toEqual({ code: 'no error' });
  });

  test('a cell that reaches out of every BASIC grid is a warning', async () => {
    const { publisher } = await lindong();
    const grids = [
      grid('inside', 'UNIT', box(120.405, 31.825, 120.41, 31.83)),
      grid('out', 'DEDICATED', box(120.39, 31.825, 120.41, 31.83)),
    ];
    const { warnings } = await publisher.publishGridMap({ gridMapId: 'cells', name: 'c', grids }, actor, now);
    expect(warnings).toEqual([
      expect.stringMatching(/^grid out \(DEDICATED\) reaches out of the BASIC grids by \d+ m²$/),
    ]);
  });
});

describe('metric definitions', () => {
  const weights = [
    { metricId: 'response-rate', weight: 0.3 },
    { metricId: 'resolution-rate', weight: 0.3 },
    { metricId: 'satisfaction-rate', weight: 0.4 },
  ];
  test('are published in versions, each kept', async () => {
    const { directory, publisher } = await lindong();
    const { version: _version, ...definition } = directory.metricDefinition('three-rates')!;
    const { published } = await publisher.publishMetricDefinition({ ...definition, weights }, actor, now);
    expect(published).toEqual([{ type: 'MetricDefinitionPublished', documentId: 'three-rates', version: 2 }]);
    expect(directory.metricDefinition('three-rates')?.weights).toEqual(weights);
    expect(directory.metricDefinition('three-rates', 1)?.weights).toEqual(definition.weights);
    expect(directory.metricDefinitions()).toHaveLength(5);
  });
  test('are known as they were in force at an instant', () => {
    const directory = new PublishedJurisdiction();
    const text = { zh: '三率综合', en: 'Three rates' };
    const weight = { metricId: 'response-rate', weight: 1 } as const;
    const metric = {
      metricId: 'three-rates',
      name: text,
      formula: text,
      numerator: text,
      denominator: text,
    } as const;
    for (const [version, at] of [
      [1, '2026-01-01T00:00:00.000Z'],
      [2, '2026-06-01T00:00:00.000Z'],
    ] as const)
      directory.apply(
        { type: 'MetricDefinitionPublished', data: { metric: { ...metric, version, weights: [weight] } } },
        at,
      );
    const versionAt = (instant: string) => directory.metricDefinitionKnownAt('three-rates', instant)?.version;
    expect(versionAt('2025-12-31T23:59:59.999Z')).toBeUndefined();
    expect(versionAt('2026-03-31T00:00:00.000Z')).toBe(1);
    expect(versionAt('2026-06-01T00:00:00.000Z')).toBe(2);
  });
  test.each(METRIC_IDS)('may be published: %s', async (metricId) => {
    const { directory, publisher } = await lindong();
    const { version: _version, weights: parts, ...definition } = directory.metricDefinition('three-rates')!;
    const document = {
      ...{ ...definition, metricId, params: { minimumSample: 7, thresholdPercent: 80 } },
      ...(metricId === 'three-rates' && { weights: parts }),
    };
    const { published } = await publisher.publishMetricDefinition(document, actor, now);
    expect(published).toMatchObject([{ documentId: metricId }]);
    expect(directory.metricDefinition(metricId)).toMatchObject(document);
  });
  test('of metrics that only a later release computes are passed by', () => {
    const directory = new PublishedJurisdiction();
    const text = { zh: '幸福感', en: 'Happiness' };
    const words = { name: text, formula: text, numerator: text, denominator: text };
    const metric = { metricId: 'happiness', version: 1, ...words };
    directory.apply({ type: 'MetricDefinitionPublished', data: { metric } });
    expect(directory.metricDefinitions()).toEqual([]);
  });
  test.each<[string, object, string]>([
    ['an unknown metric', { metricId: 'happiness' }, 'metricDefinitions[0].metricId must be one of'],
    [
      'weights that do not make 1',
      { weights: weights.slice(1) },
      'metric three-rates: its weights make 0.7, not 1',
    ],
    [
      'a weight of an unknown metric',
      { weights: [{ metricId: 'x', weight: 1 }] },
      'weights[0].metricId must be one of',
    ],
    [
      'a part of itself',
      { weights: [{ metricId: 'three-rates', weight: 1 }] },
      'it cannot be a part of itself',
    ],
    [
      'a metric weighed twice',
      { weights: [weights[2], weights[2], { metricId: 'whistle-rate', weight: 0.2 }] },
      'a metric is weighed twice',
    ],
    [
      'a weight of nothing',
      { weights: [...weights, { metricId: 'whistle-rate', weight: 0 }] },
      'the weight of whistle-rate must be greater than 0',
    ],
    ['a composite without weights', { weights: undefined }, 'a composite needs weights'],
    ['weights of a plain rate', { metricId: 'rework-rate' }, 'only a composite has weights'],
    ['an unknown parameter', { params: { weight: 1 } }, 'params.weight is not a field here'],
    [
      'half an answer and more',
      { params: { weightPartlySolved: 1.5 } },
      'weightPartlySolved must be a number from 0 to 1',
    ],
    ['a threshold of all', { params: { thresholdPercent: 100 } }, 'must be a whole number from 1 to 99'],
    ['a threshold of nothing', { params: { thresholdPercent: 0 } }, 'must be a whole number from 1 to 99'],
    ['half a percent', { params: { thresholdPercent: 79.5 } }, 'must be a whole number from 1 to 99'],
  ])('refused: %s', async (_what, change, problem) => {
    const { directory, publisher } = await lindong();
    const { version: _version, ...definition } = directory.metricDefinition('three-rates')!;
    const answer = await failure(publisher.publishMetricDefinition({ ...definition, ...change }, actor, now));
    expect((answer as { problems?: readonly string[] }).problems).toContainEqual(
      expect.stringContaining(problem),
    );
  });
});

describe('a policy document', () => {
  test('without rules of handling gets what every place begins with, and the event says all of it', async () => {
    const { directory, publisher } = await lindong();
    const { policyId: _id, name, calendarId, ladderId, warnPercent, rules } = directory.policy('default')!;
    await publisher.publishPolicy(
      { policyId: 'plain', name, calendarId, ladderId, warnPercent, rules },
      actor,
      now,
    );
    const { version: _v, policyId: _p, ...plain } = directory.policy('plain')!;
    const { version: _w, policyId: _q, ...sample } = directory.policy('default')!;
    expect(plain).toEqual(sample);
  });
  test.each<[string, object, string]>([
    [
      'a whistle that nobody may approve',
      { whistles: { KEY_WORK: { approvers: [] } } },
      'whistles.KEY_WORK.approvers must have 1 to 20 entries',
    ],
    [
      'extensions without approvers',
      { extensions: { max: 3, approvers: [['street-office']] } },
      'extensions names approvers for 1 extensions and allows 3',
    ],
    ['stages that do not grow', { stages: [5, 5] }, 'stage s1 does not end after the one before it'],
    ['two stages of one name', { stages: [1, 2], stageName: 's' }, 'two stages are called s'],
    ['no stages', { stages: [] }, 'stages must have 1 to 10 entries'],
  ])('refused: %s', async (_what, change, problem) => {
    const { directory, publisher } = await lindong();
    const { version: _version, ...policy } = directory.policy('default')!;
    const { whistles, stages, stageName, ...rest } = change as {
      whistles?: Record<string, object>;
      stages?: number[];
      stageName?: string;
    };
    const staged = stages && {
      timer: 'HANDLING',
      when: { category: 'roof-leak' },
      stages: stages.map((amount, i) => ({
        name: stageName ?? `s${i}`,
        duration: { amount, unit: 'WORKING_DAY' },
      })),
    };
    const kinds = Object.entries(policy.whistles).map(([kind, rule]) => [
      kind,
      { ...rule, ...whistles?.[kind] },
    ]);
    const document = {
      ...policy,
      ...rest,
      whistles: Object.fromEntries(kinds),
      rules: [...policy.rules, ...(staged ? [staged] : [])],
    };
    const answer = await failure(publisher.publishPolicy(document, actor, now));
    expect((answer as { problems?: readonly string[] }).problems).toContainEqual(
      expect.stringContaining(problem),
    );
  });
});

describe('a catalogue', () => {
  test.each<[string, object, string]>([
    [
      'an area that is not there',
      { areaId: 'es-x', departmentId: 'dp-gas' },
      'names the area es-x, which does not exist',
    ],
    [
      'a department as an area',
      { areaId: 'dp-gas', departmentId: 'dp-gas' },
      'names dp-gas, a DEPARTMENT and no area',
    ],
    [
      'a department that is none',
      { areaId: 'st-hepan', departmentId: 'st-hepan' },
      'names st-hepan, a SUBDISTRICT and no department',
    ],
    [
      'one both leading and helping',
      { areaId: 'st-hepan', departmentId: 'dp-gas', assistingDepartmentIds: ['dp-gas'] },
      'both responsible and assisting in st-hepan',
    ],
  ])('refused: %s', async (_what, entry, problem) => {
    const { directory, publisher } = await lindong();
    const categories = [{ ...directory.category('road-damage')!, responsibleByArea: [entry] }];
    const answer = await failure(publisher.publishCategories({ categories }, actor, now));
    expect((answer as { problems?: readonly string[] }).problems).toContainEqual(
      expect.stringContaining(problem),
    );
  });
});

test('whatever has been published, exported and imported into an empty log it is the same jurisdiction', async () => {
  const steps = fc.array(
    fc.record({
      what: fc.constantFrom('rename', 'merge', 'policy', 'map', 'metric', 'category'),
      unit: fc.constantFrom('dp-water', 'dp-gas', 'dp-fire', 'dp-ecology', 'co-liuyin', 'st-hepan'),
      into: fc.constantFrom('dp-transport', 'dp-housing', 'dp-new'),
      name: fc.constantFrom('新名', '甲: 乙', "it's #1", ' - x', 'null', '"', '2026-01-01'),
      day: fc.integer({ min: 1, max: 28 }).map((n) => `2026-02-${String(n).padStart(2, '0')}`),
      amount: fc.integer({ min: 1, max: 60 }),
    }),
    { maxLength: 6 },
  );
  type Step = typeof steps extends fc.Arbitrary<readonly (infer S)[]> ? S : never;
  const take = async (
    { publisher, directory }: Awaited<ReturnType<typeof lindong>>,
    step: Step,
  ): Promise<unknown> => {
    const { what, unit, into, name, day, amount } = step;
    switch (what) {
      case 'rename':
        return publisher.renameOrgUnit({ id: unit, name, from: day }, actor, now);
      case 'merge':
        return publisher.mergeOrgUnits({ unitIds: [unit], into: { id: into, name }, from: day }, actor, now);
      case 'policy':
        return publisher.publishPolicy(
          { ...withoutVersion(directory.policy('default')!), warnPercent: amount, name },
          actor,
          now,
        );
      case 'map':
        return publisher.publishGridMap(
          { ...withoutVersion(directory.gridMap('default')!), effectiveFrom: day, name },
          actor,
          now,
        );
      case 'metric':
        return publisher.publishMetricDefinition(
          { ...withoutVersion(directory.metricDefinition('response-rate')!), name: { zh: name, en: name } },
          actor,
          now,
        );
      case 'category':
        return publisher.publishCategories(
          { categories: [{ code: `c-${amount}`, name, active: false }] },
          actor,
          now,
        );
    }
  };
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      const city = await lindong();
      // Some of them are refused, which is another test's matter.
      for (const step of taken) await failure(take(city, step));
      const exported = await city.publisher.exportYaml();
      const copy = await empty();
      await copy.publisher.publishFile(exported, actor, now);
      const contents = ({ directory }: typeof city) => {
        const { orgUnits, ...lists } = directory.inForce();
        const byId = orgUnits.toSorted((a, b) => (a.id + a.effectiveFrom < b.id + b.effectiveFrom ? -1 : 1));
        return {
          orgUnits: byId,
          ...Object.fromEntries(
            Object.entries(lists).map(([kind, list]) => [kind, list.map(withoutVersion)]),
          ),
        };
      };
      expect(contents(copy)).toEqual(contents(city));
      // Units come in order of publication, parents first: from the copy on that order is stable.
      expect(jurisdictionFromFile(await copy.publisher.exportYaml()).inForce()).toEqual(
        copy.directory.inForce(),
      );
      for (const directory of opened.splice(0)) await directory.stop();
    }),
    propertyParameters({ numRuns: 15 }),
  );
}, 60_000);

function withoutVersion<D extends { readonly version: number }>(document: D): Omit<D, 'version'> {
  const { version: _version, ...contents } = document;
  return contents;
}
