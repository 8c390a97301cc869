import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Actor, InMemoryEventStore, type RecordedEvent, START } from '@shaoying/event-store';
import { EventSourcedJurisdictionDirectory } from './event-sourced-jurisdiction-directory.js';
import { JurisdictionPublisher } from './jurisdiction-publisher.js';

const lindong = readFileSync(join(__dirname, '../../../../samples/lindong.yaml'), 'utf8');
const actor: Actor = { id: 'admin-1', role: 'admin', orgUnitId: 'ct-lindong' };
const now = '2026-01-05T02:00:00.000Z';

const opened: EventSourcedJurisdictionDirectory[] = [];
afterEach(async () => {
  for (const directory of opened.splice(0)) await directory.stop();
});

async function open(store = new InMemoryEventStore()) {
  const directory = new EventSourcedJurisdictionDirectory(store);
  opened.push(directory);
  await directory.start();
  return { store, directory, publisher: new JurisdictionPublisher(store, directory) };
}

async function openLindong() {
  const city = await open();
  await city.publisher.publishFile(lindong, actor, now);
  return city;
}

const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'no error',
    (error: { code?: string }) => error.code,
  );
const problemsOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => ['no error'],
    (error: { code?: string; problems?: readonly string[] }) =>
      error.code === 'JURISDICTION_INVALID' ? (error.problems ?? []) : [`another error: ${String(error)}`],
  );

describe('the sample city', () => {
  test('has one district, 2 streets, 6 communities, 20 estates, 8 departments, 7 grids and 22 categories', async () => {
    const { directory } = await openLindong();
    const count = (kind: Parameters<typeof directory.orgUnits>[0]) => directory.orgUnits(kind).length;
    expect(
      (['CITY', 'DISTRICT', 'SUBDISTRICT', 'COMMUNITY', 'ESTATE', 'DEPARTMENT'] as const).map((kind) =>
        count(kind),
      ),
    ).toEqual([1, 1, 2, 6, 20, 8]);
    expect(directory.grids()).toHaveLength(7);
    expect(directory.categories()).toHaveLength(22);
    expect(directory.calendar('default')?.years['2026']?.holidays).toContain('2026-10-01');
  });

  test('published twice adds no event', async () => {
    const { store, publisher } = await openLindong();
    const head = await store.head();
    const again = await publisher.publishFile(lindong, actor, '2026-02-01T00:00:00.000Z');
    expect(again.published).toEqual([]);
    expect(await store.head()).toBe(head);
    expect(again.position).toBe(head);
  });

  test('published again into a log that has gone on with incidents is waited for at its own events', async () => {
    const { store, directory, publisher } = await openLindong();
    const [{ streamId: _s, revision: _r, position: _p, ...event }] = (await store.readAll(START)) as [
      RecordedEvent,
    ];
    const incident = { ...event, eventId: '018f2f6e-0000-7000-8000-0000000000aa', type: 'IncidentReported' };
    const { position } = await store.append('incident-1', 'none', [incident]);
    expect(await publisher.publishFile(lindong, actor, now)).toEqual({
      published: [],
      position,
      warnings: [],
    });
    const renamed = lindong.replace('name: 三色督办', 'name: 分级督办');
    const { published } = await publisher.publishFile(renamed, actor, now);
    expect(published).toMatchObject([{ type: 'EscalationLadderPublished', version: 2 }]);
    expect(directory.ladders()).toMatchObject([{ name: '分级督办' }]);
  });

  test('published by two at once is published once', async () => {
    const { store, publisher } = await open();
    const other = await open(new InMemoryEventStore(store));
    await Promise.all([
      publisher.publishFile(lindong, actor, now),
      other.publisher.publishFile(lindong, actor, now),
    ]);
    const alone = await openLindong();
    expect(await store.head()).toBe(await alone.store.head());
  });

  test('exported and published into an empty log is the same jurisdiction', async () => {
    const city = await openLindong();
    const exported = await city.publisher.exportYaml();
    const copy = await open();
    await copy.publisher.publishFile(exported, actor, now);
    const byId = (units: readonly { id: string }[]) => units.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const [before, after] = [city.directory.inForce(), copy.directory.inForce()];
    expect({ ...after, orgUnits: byId(after.orgUnits) }).toEqual({
      ...before,
      orgUnits: byId(before.orgUnits),
    });
    expect(await copy.publisher.exportYaml()).toBe(exported);
  });

  test('is read the same by a directory that comes later', async () => {
    const { store, directory } = await openLindong();
    const later = await open(new InMemoryEventStore(store));
    expect(later.directory.inForce()).toEqual(directory.inForce());
    expect(later.directory.status().state).toBe('LIVE');
  });
});

describe('publishing changes', () => {
  const calendar2027 = (directory: EventSourcedJurisdictionDirectory) => {
    const { version: _version, ...calendar } = directory.calendar('default')!;
    return {
      ...calendar,
      years: { ...calendar.years, 2027: { holidays: ['2027-01-01'], makeUpWorkdays: [] } },
    };
  };

  test('a calendar that forgets a year in force is refused: its holidays would be working days', async () => {
    const { directory, publisher, store } = await openLindong();
    const head = await store.head();
    const { version: _version, ...calendar } = directory.calendar('default')!;
    const { 2026: _2026, ...years } = calendar.years;
    await expect(publisher.publishCalendar({ ...calendar, years }, actor, now)).rejects.toMatchObject({
      code: 'JURISDICTION_INVALID',
      problems: [expect.stringContaining('2026')],
    });
    expect(await store.head()).toBe(head);
  });

  test('a changed calendar is the next version, and pins of before resolve as before', async () => {
    const { directory, publisher } = await openLindong();
    const query = { timer: 'CHECK_IN', start: '2026-12-31T08:00:00.000Z', category: 'road-damage' } as const;
    const pins = directory.pins();
    const before = directory.deadline({ ...query, pins });
    const { published } = await publisher.publishCalendar(calendar2027(directory), actor, now);
    expect(published).toEqual([{ type: 'WorkingCalendarPublished', documentId: 'default', version: 2 }]);
    expect(directory.deadline({ ...query, pins })).toEqual(before);
    expect(before).toMatchObject({
      dueAt: '2027-01-01T08:00:00.000Z',
      provisional: true,
      calendarVersion: 1,
    });
    expect(directory.deadline({ ...query, pins: directory.pins() })).toMatchObject({
      dueAt: '2027-01-04T08:00:00.000Z',
      provisional: false,
      calendarVersion: 2,
    });
  });

  test('a renamed unit is revised in its own stream, the others left alone', async () => {
    const { store, directory, publisher } = await openLindong();
    await publisher.publishOrgUnits([{ ...directory.orgUnit('st-hepan')!, name: '河畔路街道' }], actor, now);
    const stream = await store.readStream('org-unit-st-hepan');
    expect(stream.map(({ type, revision }) => [type, revision])).toEqual([
      ['OrgUnitEstablished', 0],
      ['OrgUnitRevised', 1],
    ]);
    expect(directory.orgUnit('st-hepan')?.name).toBe('河畔路街道');
  });

  test('categories are added to those there are', async () => {
    const { directory, publisher } = await openLindong();
    const categories = [
      { code: 'snow', name: '积雪', responsibleDepartmentId: 'dp-transport', active: true },
    ];
    await publisher.publishCategories({ categories }, actor, now);
    expect(directory.categories()).toHaveLength(23);
    expect(directory.category('snow', directory.pins())?.name).toBe('积雪');
    expect((await publisher.publishCategories({ categories }, actor, now)).published).toEqual([]);
  });

  test('back to earlier contents is a version of its own', async () => {
    const { directory, publisher } = await openLindong();
    const { version: _version, ...first } = directory.policy('default')!;
    await publisher.publishPolicy({ ...first, warnPercent: 70 }, actor, now);
    await publisher.publishPolicy(first, actor, now);
    expect(directory.policy('default')).toEqual({ ...first, version: 3 });
    expect(directory.policy('default', 2)?.warnPercent).toBe(70);
  });

  test('the events carry who, when and under which command', async () => {
    const { store, publisher, directory } = await openLindong();
    const options = { commandId: 'key-1', correlationId: 'trace-1', requestHash: 'abc' };
    await publisher.publishCalendar(calendar2027(directory), actor, now, options);
    expect((await store.readStream('working-calendar-default')).at(-1)).toMatchObject({
      actor,
      recordedAt: now,
      commandId: 'key-1',
      correlationId: 'trace-1',
      requestHash: 'abc',
      schemaVersion: 1,
    });
  });

  test('a version that is no longer the current one is refused', async () => {
    const { store, directory, publisher } = await openLindong();
    const head = await store.head();
    const attempt = publisher.publishCalendar(calendar2027(directory), actor, now, { expectedVersion: 7 });
    expect(await codeOf(attempt)).toBe('JURISDICTION_VERSION_MISMATCH');
    expect(await store.head()).toBe(head);
  });

  test('of two different changes at once exactly one is published', async () => {
    const { store, publisher, directory } = await openLindong();
    const other = await open(new InMemoryEventStore(store));
    const { version: _version, ...policy } = directory.policy('default')!;
    const outcomes = await Promise.all([
      codeOf(publisher.publishPolicy({ ...policy, warnPercent: 60 }, actor, now)),
      codeOf(other.publisher.publishPolicy({ ...policy, warnPercent: 70 }, actor, now)),
    ]);
    expect(outcomes.toSorted()).toEqual(['REVISION_CONFLICT', 'no error']);
    expect(await store.readStream('deadline-policy-default')).toHaveLength(2);
  });
});

describe('what may not be published leaves no event', () => {
  const refused = async (yaml: string) => {
    const { store, publisher } = await open();
    const problems = await problemsOf(publisher.publishFile(yaml, actor, now));
    expect(await store.head()).toBe(START);
    return problems.join('\n');
  };

  test.each([
    [
      'a category without a responsible department',
      'responsibleDepartmentId: dp-gas, assisting',
      'assisting',
      /gas-leak has no responsible department/,
    ],
    [
      'a ladder without a first step',
      '{ trigger: 0, level',
      '{ trigger: 10, level',
      /the first step must be triggered by the breach/,
    ],
    [
      'a misspelt field',
      'hazard: true',
      'hazrad: true',
      /catalogues\[0\]\.categories\[0\]\.hazrad is not a field here/,
    ],
    [
      'a unit under a parent that is not there',
      'parentId: co-shuian',
      'parentId: co-nowhere',
      /co-nowhere does not exist/,
    ],
    [
      'a timer without a rule',
      '- { timer: VERIFY,',
      '- { timer: DISPATCH, when: { role: LEAD },',
      /no rule without conditions for the timer VERIFY/,
    ],
    [
      'a year the holiday source does not know',
      '2026: { source',
      '2080: { source',
      /calendar year 2080: chinese-days does not know it/,
    ],
    ['another format', 'shaoying-jurisdiction/1', 'shaoying-jurisdiction/2', /format must be/],
    ['broken YAML', 'orgUnits:', 'orgUnits: [', /line \d+/],
    [
      'a key given twice',
      'workingDayRule: SAME_TIME',
      'workingDayRule: SAME_TIME\n    workingDayRule: END_OF_DAY',
      /Map keys must be unique/,
    ],
  ])('%s', async (_name, from, to, expected) => {
    expect(lindong).toContain(from);
    expect(await refused(lindong.replace(from, to))).toMatch(expected);
  });

  test('a file of another kind, too large, or unfolding without end', async () => {
    expect(await refused('just text')).toMatch(/must be a mapping/);
    expect(await refused('')).toMatch(/must be a mapping/);
    expect(await refused(`format: shaoying-jurisdiction/1\nsecrets: []`)).toMatch(/secrets is not a section/);
    expect(await refused('x'.repeat(8_000_001))).toMatch(/more than 8000000/);
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf'])
      bomb.push(`${name}: &${name} [${Array(9).fill(`*${of}`).join(', ')}]`);
    expect(await refused(bomb.join('\n'))).toMatch(/alias/i);
  });

  test('documents of any other shape, through every door', async () => {
    const { store, publisher } = await openLindong();
    const head = await store.head();
    for (const value of [
      null,
      7,
      'text',
      [],
      {},
      { policyId: 'default' },
      { calendarId: 'default', years: { 2026: null } },
    ]) {
      expect(await codeOf(publisher.publishPolicy(value, actor, now))).toBe('JURISDICTION_INVALID');
      expect(await codeOf(publisher.publishCalendar(value, actor, now))).toBe('JURISDICTION_INVALID');
      expect(await codeOf(publisher.publishLadder(value, actor, now))).toBe('JURISDICTION_INVALID');
      expect(await codeOf(publisher.publishGridMap(value, actor, now))).toBe('JURISDICTION_INVALID');
      expect(await codeOf(publisher.publishOrgUnits([value], actor, now))).toBe('JURISDICTION_INVALID');
      expect(await codeOf(publisher.publishCategories({ categories: [value] }, actor, now))).toBe(
        'JURISDICTION_INVALID',
      );
    }
    expect(await store.head()).toBe(head);
  });

  test('a grid map larger than one event', async () => {
    const { store, publisher } = await openLindong();
    const head = await store.head();
    const ring = Array.from({ length: 1_999 }, (_, i) => [120 + i / 1e6, 31.123456]);
    const boundary = { type: 'Polygon', coordinates: [[...ring, ring[0]]] };
    const grids = Array.from({ length: 30 }, (_, i) => ({
      id: `gr-${i}`,
      kind: 'UNIT',
      name: 'g',
      orgUnitId: 'co-liuyin',
      boundary,
    }));
    const attempt = publisher.publishGridMap({ gridMapId: 'large', name: 'large', grids }, actor, now);
    expect((await problemsOf(attempt)).join()).toMatch(
      /large has \d+ bytes, more than the 1048576 of one event/,
    );
    expect(await store.head()).toBe(head);
  });
});
