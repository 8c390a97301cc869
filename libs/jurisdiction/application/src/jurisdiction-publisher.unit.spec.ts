import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Actor, InMemoryEventStore, START } from '@shaoying/event-store';
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
