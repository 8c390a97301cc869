import { type Actor, InMemoryEventStore } from '@shaoying/event-store';
import { propertyParameters } from '@shaoying/event-store/testing';
import { type OrgUnit, orgUnitProblems, OrgUnitLives } from '@shaoying/jurisdiction-domain';
import fc from 'fast-check';
import type { OrgUnitDirectory } from '@shaoying/jurisdiction-contracts';
import { EventSourcedJurisdictionDirectory } from './event-sourced-jurisdiction-directory.js';
import { JurisdictionPublisher } from './jurisdiction-publisher.js';
import { OrgUnitHistory } from './org-unit-history.js';
import { lindongYaml } from './testing/index.js';

const actor: Actor = { id: 'admin-1', role: 'admin', orgUnitId: 'ct-lindong' };
/** A Monday, 10:00 in Lindong. */
const now = '2026-03-02T02:00:00.000Z';
const before = '2026-02-27T02:00:00.000Z';
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
  await publisher.publishFile(lindongYaml(), actor, '2026-01-05T02:00:00.000Z');
  return { store, directory, publisher };
}
type City = Awaited<ReturnType<typeof lindong>>;

const problemsOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => ['no error'],
    (error: { code?: string; problems?: readonly string[] }) =>
      error.code === 'JURISDICTION_INVALID' ? (error.problems ?? []) : [`another error: ${String(error)}`],
  );
const today = '2026-03-02';
const mergeDepartments = ({ publisher }: City, from = today) =>
  publisher.mergeOrgUnits(
    {
      unitIds: ['dp-gas', 'dp-fire'],
      into: { id: 'dp-safety', name: '清河区应急管理局' },
      from,
    },
    actor,
    now,
  );

describe('edge case 15: a department renamed', () => {
  test('has its old name for what was done under it, and its new one from the day on', async () => {
    const { directory, publisher } = await lindong();
    const body = { id: 'dp-water', name: '清河区水务和海绵城市局', from: today };
    const { published } = await publisher.renameOrgUnit(body, actor, now);
    expect(published).toEqual([{ type: 'OrgUnitRevised', documentId: 'dp-water', version: 2 }]);
    expect(directory.orgUnit('dp-water', before)?.name).toBe('清河区水务局');
    expect(directory.orgUnit('dp-water', now)?.name).toBe('清河区水务和海绵城市局');
    expect(directory.orgUnit('dp-water')?.name).toBe('清河区水务和海绵城市局');
    expect(directory.orgUnitPhases('dp-water').map(({ effectiveFrom }) => effectiveFrom)).toEqual([
      '2025-01-01',
      today,
    ]);
    expect(directory.successors('dp-water', now)).toEqual(['dp-water']);
  });

  test('changes at midnight of the city, not of the world', async () => {
    const { directory, publisher } = await lindong();
    await publisher.renameOrgUnit({ id: 'dp-water', name: '新水务局', from: today }, actor, now);
    expect(directory.orgUnit('dp-water', '2026-03-01T15:59:59.999Z')?.name).toBe('清河区水务局');
    expect(directory.orgUnit('dp-water', '2026-03-01T16:00:00.000Z')?.name).toBe('新水务局');
  });

  test('keeps its planned name when the one before is mended without it: that is refused', async () => {
    const { directory, publisher } = await lindong();
    await publisher.renameOrgUnit({ id: 'dp-water', name: '新水务局', from: '2027-01-01' }, actor, now);
    const mended = { ...directory.orgUnitPhases('dp-water')[0]!, name: '清河区水务管理局' };
    expect(await problemsOf(publisher.publishOrgUnits([mended], actor, now))).toEqual([
      expect.stringContaining('give that later one too'),
    ]);
    const both = [mended, directory.orgUnit('dp-water')!];
    await publisher.publishOrgUnits(both, actor, now);
    expect(directory.orgUnit('dp-water', now)?.name).toBe('清河区水务管理局');
    expect(directory.orgUnit('dp-water', '2027-01-01T00:00:00+08:00')?.name).toBe('新水务局');
  });
});

describe('units as far as the log knew', () => {
  const known = '2026-03-01T00:00:00.000Z';
  const later = '2027-01-01T00:00:00.000Z';

  test('are those of before the word, by the name and under the parent they were known by, whatever day it is said for', async () => {
    const city = await lindong();
    const { directory, publisher } = city;
    const late = { id: 'dp-late', kind: 'DEPARTMENT', name: '补录局', parentId: 'di-qinghe' };
    await publisher.publishOrgUnits([{ ...late, effectiveFrom: '2025-01-01' }], actor, now);
    await publisher.renameOrgUnit({ id: 'dp-water', name: '水务新局', from: '2025-06-01' }, actor, now);
    await mergeDepartments(city);
    const [then, since] = [directory.orgUnitsKnownAt(known), directory.orgUnitsKnownAt(now)];
    const ids = (units: OrgUnitDirectory) => units.orgUnits('DEPARTMENT', later).map(({ id }) => id);
    expect(ids(since)).toEqual(directory.orgUnits('DEPARTMENT', later).map(({ id }) => id));
    expect(ids(since)).toEqual(expect.arrayContaining(['dp-late', 'dp-safety']));
    expect(
      ids(then)
        .filter((id) => ['dp-late', 'dp-safety', 'dp-gas', 'dp-fire'].includes(id))
        .sort(),
    ).toEqual([...['dp-fire', 'dp-gas']]);
    expect([then.orgUnit('dp-water', later)?.name, since.orgUnit('dp-water', later)?.name]).toEqual([
      ...['清河区水务局', '水务新局'],
    ]);
    expect([then.successors('dp-gas', later), since.successors('dp-gas', later)]).toEqual([
      ['dp-gas'],
      ['dp-safety'],
    ]);
    expect([then.isActive('dp-late', now), since.isActive('dp-late', now)]).toEqual([false, true]);
    expect([then.isWithin('dp-late', 'di-qinghe'), since.isWithin('dp-late', 'di-qinghe')]).toEqual([
      false,
      true,
    ]);
    expect(then.ancestors('dp-gas', later).map(({ id }) => id)).toEqual(['di-qinghe', 'ct-lindong']);
  });

  test('are none before the first word, and by the moment of a word those it was about', async () => {
    const { directory, publisher } = await lindong();
    expect(directory.orgUnitsKnownAt('2026-01-05T01:59:59.999Z').orgUnits()).toEqual([]);
    expect(directory.orgUnitsKnownAt('2026-01-05T02:00:00.000Z').orgUnits()).toEqual(directory.orgUnits());
    // What was told for an instant is not told on when more comes to be known of it.
    expect(directory.orgUnitsKnownAt(known).orgUnit('dp-water')?.name).toBe('清河区水务局');
    await publisher.renameOrgUnit(
      { id: 'dp-water', name: '水务新局', from: today },
      actor,
      '2026-02-27T02:00:00.000Z',
    );
    expect(directory.orgUnitsKnownAt(known).orgUnit('dp-water')?.name).toBe('水务新局');
  });
});

test('a unit lies within what it belonged to by then', async () => {
  const { directory, publisher } = await lindong();
  const moved = { ...directory.orgUnit('dp-water')!, parentId: 'ct-lindong', effectiveFrom: today };
  await publisher.publishOrgUnits([moved], actor, now);
  expect(directory.ancestors('dp-water', before).map(({ id }) => id)).toEqual(['di-qinghe', 'ct-lindong']);
  for (const at of [now, undefined]) {
    expect(directory.ancestors('dp-water', at).map(({ id }) => id)).toEqual(['ct-lindong']);
    expect(directory.isWithin('dp-water', 'di-qinghe', at)).toBe(false);
  }
  expect(directory.isWithin('dp-water', 'di-qinghe', before)).toBe(true);
  expect(directory.ancestors('dp-water', '2020-01-01T00:00:00Z')).toEqual([]);
});

describe('edge case 15: departments merged', () => {
  test('have one successor from the day on, which the catalogue names from then', async () => {
    const city = await lindong();
    const { directory } = city;
    const { published } = await mergeDepartments(city);
    expect(published.map(({ type, documentId }) => `${type} ${documentId}`)).toEqual([
      'OrgUnitEstablished dp-safety',
      'OrgUnitRevised dp-gas',
      'OrgUnitRevised dp-fire',
      'DispatchCataloguePublished default',
    ]);
    expect(directory.isActive('dp-gas', before)).toBe(true);
    expect(directory.isActive('dp-gas', now)).toBe(false);
    expect(directory.isActive('dp-safety', before)).toBe(false);
    expect(directory.orgUnit('dp-safety', before)).toBeUndefined();
    expect(directory.successors('dp-gas', before)).toEqual(['dp-gas']);
    expect(directory.successors('dp-gas', now)).toEqual(['dp-safety']);
    expect(directory.responsible('gas-leak', [])).toEqual({
      departmentId: 'dp-safety',
      assistingDepartmentIds: [],
      basis: null,
    });
    expect(directory.orgUnits('DEPARTMENT', now).map(({ id }) => id)).not.toContain('dp-gas');
    expect(directory.orgUnits('DEPARTMENT', before).map(({ id }) => id)).not.toContain('dp-safety');
  });

  test('edge case 14: the department of an old case is still told by its name, and who has taken over', async () => {
    const city = await lindong();
    const { directory, publisher } = city;
    const pins = directory.pins();
    await mergeDepartments(city);
    await publisher.mergeOrgUnits(
      { unitIds: ['dp-safety'], into: { id: 'dp-urban-management' }, from: '2026-06-01' },
      actor,
      '2026-06-01T02:00:00.000Z',
    );
    const reopenedAt = '2026-06-02T02:00:00.000Z';
    // The catalogue pinned by the closed case names who did the work then.
    expect(directory.responsible('gas-leak', [], pins)?.departmentId).toBe('dp-gas');
    expect(directory.orgUnit('dp-gas', before)?.name).toBe('清河区燃气管理办公室');
    expect(directory.orgUnit('dp-gas', reopenedAt)).toMatchObject({
      name: '清河区燃气管理办公室',
      effectiveTo: today,
    });
    expect(directory.successors('dp-gas', reopenedAt)).toEqual(['dp-urban-management']);
    expect(directory.responsible('gas-leak', [])?.departmentId).toBe('dp-urban-management');
  });

  test('on a day to come keep their work until then; the catalogue is warned about', async () => {
    const city = await lindong();
    const { warnings } = await mergeDepartments(city, '2026-07-01');
    expect(city.directory.responsible('gas-leak', [])?.departmentId).toBe('dp-gas');
    expect(city.directory.successors('dp-gas', now)).toEqual(['dp-gas']);
    expect(city.directory.successors('dp-gas', '2026-07-01T00:00:00+08:00')).toEqual(['dp-safety']);
    expect(warnings).toContain('catalogue default: category gas-leak names dp-gas, which ends on 2026-07-01');
    // When the day has come, nothing else is published over the gap.
    const later = '2026-07-01T02:00:00.000Z';
    const renaming = { id: 'dp-water', name: '新水务局', from: '2026-07-01' };
    expect(await problemsOf(city.publisher.renameOrgUnit(renaming, actor, later))).toContain(
      'catalogue default: category gas-leak names dp-gas, which ended on 2026-07-01: publish the catalogue with another',
    );
  });

  test('sent twice are merged once', async () => {
    const city = await lindong();
    await mergeDepartments(city);
    const head = await city.store.head();
    expect((await mergeDepartments(city)).published).toEqual([]);
    expect(await city.store.head()).toBe(head);
  });
});

describe('edge case 15: streets merged', () => {
  test('take their communities and departments along', async () => {
    const { directory, publisher } = await lindong();
    const body = { unitIds: ['st-gulou'], into: { id: 'st-hepan' }, from: today };
    await publisher.mergeOrgUnits(body, actor, now);
    expect(directory.isWithin('es-taohua', 'st-hepan')).toBe(true);
    expect(directory.orgUnit('co-nanyuan', before)?.parentId).toBe('st-gulou');
    expect(directory.orgUnit('co-nanyuan', now)?.parentId).toBe('st-hepan');
  });

  test('cannot leave communities behind', async () => {
    const { directory, publisher } = await lindong();
    const ended = { ...directory.orgUnit('st-gulou')!, effectiveTo: today };
    expect(await problemsOf(publisher.publishOrgUnits([ended], actor, now))).toEqual(
      ['co-zhonglou', 'co-dongmen', 'co-nanyuan'].map((id) =>
        expect.stringContaining(`org unit ${id}: its parent st-gulou ends`),
      ),
    );
  });
});

describe('edge case 16: communities merged and boundaries redrawn', () => {
  test('grids go with their communities; cases of before lie where they lay', async () => {
    const { directory, publisher } = await lindong();
    const body = { unitIds: ['co-beiqiao'], into: { id: 'co-shuian' }, from: today };
    const { published } = await publisher.mergeOrgUnits(body, actor, now);
    expect(published).toContainEqual({ type: 'GridMapPublished', documentId: 'default', version: 2 });
    const point = { lon: 120.45, lat: 31.83, crs: 'WGS84' } as const;
    expect(directory.locate(point, before)).toMatchObject({ orgUnitId: 'co-beiqiao', gridMapVersion: 1 });
    expect(directory.locate(point, now)).toMatchObject({ orgUnitId: 'co-shuian', gridMapVersion: 2 });
  });

  test('a map published without a day holds from its publication on', async () => {
    const { directory, publisher } = await lindong();
    const { version: _version, ...map } = directory.gridMap('default')!;
    const grids = map.grids.filter(({ id }) => id !== 'gr-beiqiao');
    const { published } = await publisher.publishGridMap({ ...map, grids }, actor, now);
    expect(published).toMatchObject([{ version: 2 }]);
    const point = { lon: 120.45, lat: 31.83, crs: 'WGS84' } as const;
    expect(directory.locate(point, before)?.gridId).toBe('gr-beiqiao');
    expect(directory.locate(point, now)).toBeNull();
    expect(directory.grids(before)).toHaveLength(7);
    expect(directory.grids(now)).toHaveLength(6);
    expect(
      (await publisher.publishGridMap({ ...map, grids }, actor, '2026-04-01T02:00:00.000Z')).published,
    ).toEqual([]);
  });
});

describe('edge case 15: a department split', () => {
  const split = {
    id: 'dp-ecology',
    into: [
      { id: 'dp-air', name: '清河区大气办' },
      { id: 'dp-noise', name: '清河区噪声办' },
    ],
    from: today,
  };

  test('has several successors; its categories need one each first, and it says which', async () => {
    const { directory, publisher } = await lindong();
    expect(await problemsOf(publisher.splitOrgUnit(split, actor, now))).toEqual(
      ['noise-nuisance', 'cooking-fumes', 'dust-pollution'].map((code) =>
        expect.stringContaining(`category ${code} names dp-ecology, which ended on ${today}`),
      ),
    );
    // Planned for later: the new departments exist then, the catalogue follows on the day.
    await publisher.splitOrgUnit({ ...split, from: '2026-07-01' }, actor, now);
    expect(directory.successors('dp-ecology', '2026-07-02T00:00:00.000Z')).toEqual(['dp-air', 'dp-noise']);
  });

  test('with a department for each category is done in one go', async () => {
    const { directory, publisher } = await lindong();
    const of = (code: string, responsibleDepartmentId: string) => ({
      ...directory.category(code)!,
      responsibleDepartmentId,
    });
    const categories = [
      of('noise-nuisance', 'dp-noise'),
      of('cooking-fumes', 'dp-air'),
      of('dust-pollution', 'dp-air'),
    ];
    await publisher.splitOrgUnit({ ...split, categories }, actor, now);
    expect(directory.successors('dp-ecology', now)).toEqual(['dp-air', 'dp-noise']);
    expect(directory.responsible('noise-nuisance', [])?.departmentId).toBe('dp-noise');
    expect(directory.responsible('food-safety', [])?.departmentId).toBe('dp-market-supervision');
  });
});

describe('what a reform may not do', () => {
  test.each<[string, (city: City) => Promise<unknown>, string]>([
    [
      'a unit that is not there',
      ({ publisher }) => publisher.renameOrgUnit({ id: 'dp-x', name: 'x', from: today }, actor, now),
      'there is no org unit dp-x',
    ],
    [
      'nothing to rename',
      ({ publisher }) => publisher.renameOrgUnit({ id: 'dp-gas', from: today }, actor, now),
      'needs a name or a divisionCode',
    ],
    [
      'a unit into itself',
      ({ publisher }) =>
        publisher.mergeOrgUnits({ unitIds: ['dp-gas'], into: { id: 'dp-gas' }, from: today }, actor, now),
      'cannot take over from itself',
    ],
    [
      'a department into a street',
      ({ publisher }) =>
        publisher.mergeOrgUnits({ unitIds: ['dp-gas'], into: { id: 'st-hepan' }, from: today }, actor, now),
      'its successor st-hepan is a SUBDISTRICT, not a DEPARTMENT',
    ],
    [
      'into a unit without a name',
      ({ publisher }) =>
        publisher.mergeOrgUnits({ unitIds: ['dp-gas'], into: { id: 'dp-y' }, from: today }, actor, now),
      'needs a name',
    ],
    [
      'a day that is none',
      ({ publisher }) =>
        publisher.mergeOrgUnits(
          { unitIds: ['dp-gas'], into: { id: 'dp-fire' }, from: '2026-02-30' },
          actor,
          now,
        ),
      'effectiveTo 2026-02-30 is not a date',
    ],
    [
      'before its own beginning',
      ({ publisher }) =>
        publisher.mergeOrgUnits(
          { unitIds: ['dp-gas'], into: { id: 'dp-fire' }, from: '2024-01-01' },
          actor,
          now,
        ),
      'does not lie after effectiveFrom',
    ],
    [
      'a body that is none',
      ({ publisher }) => publisher.mergeOrgUnits('all', actor, now),
      'must be a mapping',
    ],
    [
      'into nothing',
      ({ publisher }) => publisher.splitOrgUnit({ id: 'dp-gas', into: [], from: today }, actor, now),
      'into must have 1 to 50 entries',
    ],
    [
      'a misspelt field',
      ({ publisher }) =>
        publisher.splitOrgUnit({ id: 'dp-gas', into: [{ id: 'a' }], form: today }, actor, now),
      'form is not a field here',
    ],
  ])('%s', async (_what, attempt, problem) => {
    const city = await lindong();
    const head = await city.store.head();
    expect(await problemsOf(attempt(city))).toContainEqual(expect.stringContaining(problem));
    expect(await city.store.head()).toBe(head);
  });

  test('an ended unit is not merged once more on another day', async () => {
    const city = await lindong();
    await mergeDepartments(city);
    expect(await problemsOf(mergeDepartments(city, '2026-05-01'))).toEqual([
      `org unit dp-gas ends on ${today} already`,
    ]);
  });
});

/**
 * Random lives: ids a to f, each founded on one day, some with an end and successors. Half of them are tidied, so that
 * validation passes them; the others are as wild as a log of another make.
 */
const day = fc.integer({ min: 1, max: 28 }).map((n) => `2026-01-${String(n).padStart(2, '0')}`);
const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
const randomUnits = fc
  .tuple(fc.boolean(), ...ids.map(() => fc.tuple(day, fc.option(day, { freq: 2 }), fc.subarray(ids))))
  .map(([tidy, ...lives]) => {
    const endOf = (i: number): string | null => {
      const [from, end] = lives[i]!;
      return end !== null && (!tidy || end > from) ? end : null;
    };
    const existsOn = (id: string, on: string): boolean => {
      const i = ids.indexOf(id);
      return lives[i]![0] <= on && (endOf(i) ?? '9') > on;
    };
    return lives.map(([effectiveFrom, , wanted], i): OrgUnit => {
      const end = endOf(i);
      const successorIds = wanted.filter((id) => !tidy || (end !== null && existsOn(id, end)));
      return {
        ...{ id: ids[i]!, kind: 'CITY', name: 'c', parentId: null, effectiveFrom },
        ...(end !== null && { effectiveTo: end, ...(successorIds.length > 0 && { successorIds }) }),
      };
    });
  });

test('successors never go round in circles: what validation lets pass always ends, and with units that exist', () => {
  let passed = 0;
  fc.assert(
    fc.property(randomUnits, day, (units, on) => {
      const history = new OrgUnitHistory();
      units.forEach((unit) => history.add(unit, 1));
      const answers = ids.map((id) => history.successors(id, on));
      // Even units that validation would refuse are followed to an end.
      for (const answer of answers) expect(answer.every((id) => history.isActive(id, on))).toBe(true);
      const problems = orgUnitProblems(new OrgUnitLives(units));
      if (problems.length > 0) return;
      passed += 1;
      // A unit that named successors always has somebody to answer for it.
      units.forEach(({ id, effectiveFrom, successorIds }, i) => {
        const chainEnds = (unit: OrgUnit): boolean =>
          unit.effectiveTo !== undefined &&
          (unit.successorIds ?? []).every((next) => chainEnds(units[ids.indexOf(next)]!));
        if (effectiveFrom <= on && successorIds && answers[i]!.length === 0) {
          expect([id, chainEnds(units[i]!)]).toEqual([id, true]);
        }
      });
    }),
    propertyParameters({ numRuns: 2_000 }),
  );
  expect(passed).toBeGreaterThan(200);
});
