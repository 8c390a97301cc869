import { type Actor, InMemoryEventStore } from '@shaoying/event-store';
import { EventSourcedJurisdictionDirectory } from './event-sourced-jurisdiction-directory.js';
import { JurisdictionPublisher } from './jurisdiction-publisher.js';
import type { PublishedJurisdiction } from './published-jurisdiction.js';
import { lindongYaml } from './testing/index.js';

const actor: Actor = { id: 'admin-1', role: 'admin', orgUnitId: 'ct-lindong' };
const founded = '2026-01-05T02:00:00.000Z';
const known = '2026-03-01T00:00:00.000Z';
const now = '2026-03-02T02:00:00.000Z';
const opened: EventSourcedJurisdictionDirectory[] = [];
afterEach(async () => {
  for (const directory of opened.splice(0)) await directory.stop();
});

async function lindong() {
  const store = new InMemoryEventStore();
  const directory = new EventSourcedJurisdictionDirectory(store);
  opened.push(directory);
  await directory.start();
  const publisher = new JurisdictionPublisher(store, directory);
  await publisher.publishFile(lindongYaml(), actor, founded);
  return { directory, publisher };
}

/** As it is published: the version is the publisher's to say. */
function unversioned<D extends { readonly version: number }>({ version: _, ...contents }: D) {
  return contents;
}

/** All that is asked for by lists. */
const listed = (jurisdiction: PublishedJurisdiction) => ({
  orgUnits: jurisdiction.orgUnits(),
  categories: jurisdiction.categories(),
  catalogues: jurisdiction.catalogues(),
  grids: jurisdiction.grids(),
  gridMaps: jurisdiction.gridMaps(),
  policies: jurisdiction.policies(),
  ladders: jurisdiction.ladders(),
  calendars: jurisdiction.calendars(),
  metricDefinitions: jurisdiction.metricDefinitions(),
});

describe('the jurisdiction as far as the log knew', () => {
  test('is all of it as it was before the word, whatever has been published since', async () => {
    const { directory, publisher } = await lindong();
    const before = structuredClone(listed(directory));
    const [policy, calendar, catalogue, map] = [
      ...[directory.policy('default')!, directory.calendar('default')!, directory.catalogue('default')!],
      ...[directory.gridMaps()[0]!],
    ] as const;
    await publisher.publishPolicy({ ...unversioned(policy), warnPercent: 70 }, actor, now);
    await publisher.publishCalendar({ ...unversioned(calendar), utcOffsetMinutes: 540 }, actor, now);
    const [category, ...others] = catalogue.categories;
    await publisher.publishCatalogue(
      { ...unversioned(catalogue), categories: [{ ...category!, weight: 2 }, ...others] },
      actor,
      now,
    );
    await publisher.publishGridMap({ ...unversioned(map), effectiveFrom: '2026-06-01' }, actor, now);
    await publisher.renameOrgUnit({ id: 'dp-water', name: '水务新局', from: '2026-03-02' }, actor, now);
    expect(listed(directory.knownAt(known))).toEqual(before);
    expect(listed(directory.knownAt(now))).toEqual(listed(directory));
    for (const list of ['orgUnits', 'categories', 'catalogues', 'gridMaps', 'policies', 'calendars'] as const)
      expect([list, listed(directory)[list]]).not.toEqual([list, before[list]]);
    expect(directory.knownAt(known).orgUnitVersion('dp-water')).toBe(1);
    expect(directory.orgUnitVersion('dp-water')).toBe(2);
    expect(directory.knownAt(known).category(category!.code)?.weight).toBeUndefined();
  });

  test('is nothing before the first word, and not told on when more comes to be known of an instant', async () => {
    const { directory, publisher } = await lindong();
    const none = listed(directory.knownAt('2026-01-05T01:59:59.999Z'));
    expect(Object.values(none).flat()).toEqual([]);
    expect(directory.knownAt(founded)).toBe(directory);
    const [ladder] = directory.ladders();
    const versionAt = (instant: string) => directory.knownAt(instant).ladders()[0]?.version;
    expect(versionAt(known)).toBe(1);
    await publisher.publishLadder(
      { ...unversioned(ladder!), steps: ladder!.steps.slice(0, 1) },
      actor,
      '2026-02-27T02:00:00.000Z',
    );
    expect([versionAt(founded), versionAt(known)]).toEqual([1, 2]);
  });

  test('tells of the boundaries that held on a day those that were known', async () => {
    const { directory, publisher } = await lindong();
    const [map] = directory.gridMaps();
    await publisher.publishGridMap({ ...unversioned(map!), effectiveFrom: '2026-06-01' }, actor, now);
    const versions = (jurisdiction: PublishedJurisdiction, at?: string) =>
      jurisdiction.gridMaps(at).map(({ version }) => version);
    expect(versions(directory)).toEqual([2]);
    expect(versions(directory, '2026-05-31T00:00:00.000Z')).toEqual([1]);
    expect(versions(directory, '2026-06-02T00:00:00.000Z')).toEqual([2]);
    expect(versions(directory.knownAt(known), '2026-06-02T00:00:00.000Z')).toEqual([1]);
  });

  test('is never what was published later without what that was examined against, whichever server’s clock was behind', async () => {
    const { directory, publisher } = await lindong();
    const behind = '2026-03-02T01:50:00.000Z';
    const [policy, calendar] = [directory.policy('default')!, directory.calendar('default')!];
    await publisher.publishCalendar({ ...unversioned(calendar), utcOffsetMinutes: 540 }, actor, now);
    await publisher.publishPolicy({ ...unversioned(policy), warnPercent: 70 }, actor, behind);
    const versionsAt = (instant: string) => {
      const then = directory.knownAt(instant);
      return [then.calendar('default')?.version, then.policy('default')?.version];
    };
    expect([versionsAt(behind), versionsAt(now)]).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });
});
