import fc from 'fast-check';
import { propertyParameters } from '@shaoying/event-store/testing';
import { decodeIncidentEvent } from '@shaoying/incident-contracts';
import { incidentBoard } from '../index.js';
import { instantsAround, readModelSpec, SimulatedCity, simulatedCities } from '../testing/index.js';
import {
  IncidentBoardQuery,
  type BoardFilter,
  type BoardPage,
  type BoardScope,
} from './incident-board.query.js';
import { foldView } from './evolve-view.js';
import type { IncidentView } from './incident-view.js';
import { isOverdue } from './view-clocks.js';

describe('incident board', () => {
  const spec = readModelSpec(incidentBoard);
  const board = new IncidentBoardQuery(spec.sql);

  async function idsOf(
    filter: BoardFilter,
    scope: BoardScope | null = null,
    now = '2026-03-02T01:00:00.000Z',
  ) {
    const { items } = await board.list(filter, scope, { limit: 200, after: null, now });
    return items.map((item) => item.id);
  }

  it('keeps what listings filter by', async () => {
    const city = new SimulatedCity().report('inc', { severity: 'MAJOR', description: '井盖缺失' });
    const reportedAt = new Date(city.now);
    city.pass(5).whistle('inc', ['dept-1', 'dept-2']).pass(1).checkIn('inc', 'dept-1');
    await spec.givenEvents(city.events);
    expect(await spec.thenRows('select incident_id, reported_at, state from incidents')).toEqual([
      { incident_id: 'inc', reported_at: reportedAt, state: 'HANDLING' },
    ]);
    expect(
      await spec.thenRows(
        `select incident_id, receipt_hash, reported_at, street_id, community_id, estate_id, category, severity, folded
         from reports`,
      ),
    ).toEqual([
      {
        ...{ receipt_hash: 'receipt-of-inc', incident_id: 'inc', reported_at: reportedAt },
        ...{ category: 'GARBAGE', severity: 'MAJOR' },
        ...{ street_id: 'street-1', community_id: 'community-1', estate_id: 'estate-1', folded: '井盖缺失' },
      },
    ]);
    expect(await spec.thenRows('select * from involvements order by department_id')).toEqual([
      { department_id: 'dept-1', reported_at: reportedAt, incident_id: 'inc' },
      { department_id: 'dept-2', reported_at: reportedAt, incident_id: 'inc' },
    ]);
    // dept-1 has answered; the acknowledgment of dept-2 is what comes first.
    expect(
      await spec.thenRows(
        'select owner_id, min(unmet_due) as unmet_due from deadlines group by 1 order by 2',
      ),
    ).toEqual([
      { owner_id: 'inc-dept-2', unmet_due: new Date(city.inMinutes(59)) },
      { owner_id: 'inc-dept-1', unmet_due: new Date(city.inMinutes(3 * 24 * 60 - 1)) },
      { owner_id: null, unmet_due: new Date(city.inMinutes(7 * 24 * 60 - 6)) },
    ]);
  });

  it('shows every incident as its own events tell it', async () => {
    await fc.assert(
      fc.asyncProperty(simulatedCities(60), async (city) => {
        await spec.startOver();
        await spec.givenEvents(city.events, 7);
        for (const id of new Set(city.events.map((event) => event.streamId.replace('incident-', '')))) {
          expect(await board.find(id)).toEqual(foldView(city.eventsOf(id).map(decodeIncidentEvent)));
        }
      }),
      propertyParameters({ numRuns: 10, endOnFailure: true }),
    );
  });

  it('files every incident under the state, the place and the departments that its view says', async () => {
    await fc.assert(
      fc.asyncProperty(simulatedCities(60), async (city) => {
        await spec.startOver();
        await spec.givenEvents(city.events, 7);
        const { items } = await board.list({}, null, { limit: 200, after: null, now: city.now });
        for (const { id, state, streetId, communityId, estateId, gridId, tasks } of items) {
          expect(await idsOf({ state })).toContain(id);
          const place = { streetId, communityId, estateId };
          const known = Object.fromEntries(Object.entries(place).filter(([, unit]) => unit !== null));
          expect(await idsOf(known)).toContain(id);
          for (const { departmentId } of tasks) expect(await idsOf({ departmentId })).toContain(id);
          if (gridId !== null) expect(await idsOf({ unlocated: true })).not.toContain(id);
        }
      }),
      propertyParameters({ numRuns: 10, endOnFailure: true }),
    );
  });

  it.each([
    ['井盖', ['lane', 'road']],
    ['盖', ['apart', 'lane', 'road']],
    ['wi-fi井盖', ['lane']],
    ['100%', ['share']],
    ['10%', []],
    ['盖井', []],
  ])('finds %s in descriptions', async (q, ids) => {
    const city = new SimulatedCity().report('road', { description: '朝阳路 1 号井盖缺失' });
    city
      .report('apart', { description: '水井旁盖板松动' })
      .report('lane', { description: 'Ｗｉ-Fi井盖破损' });
    city.report('share', { description: '积水 100%，100_没过脚踝\0' });
    await spec.givenEvents(city.events);
    expect((await idsOf({ q })).sort()).toEqual(ids);
    expect((await idsOf({ q, streetId: 'street-1', state: 'FILED' })).sort()).toEqual(ids);
    expect(await idsOf({ q }, { communityId: 'community-2' })).toEqual([]);
  });

  it('pages neither skip nor repeat what was there, whatever is written meanwhile', async () => {
    const city = new SimulatedCity();
    for (let n = 0; n < 60; n += 1) city.pass(n % 3).report(`inc-${n}`);
    await spec.givenEvents(city.events);
    const seen: string[] = [];
    for (let after: BoardPage['next'] = null, n = 0; ; n += 1) {
      const page: BoardPage = await board.list({ category: 'GARBAGE' }, null, {
        limit: 7,
        after,
        now: city.now,
      });
      seen.push(...page.items.map(({ id }) => id));
      after = page.next;
      if (after === null) break;
      // New ones before the page, and old ones that change before, in and after it.
      const written = city.events.length;
      city
        .pass(1)
        .report(`new-${n}`)
        .whistle(`inc-${59 - n * 7}`, ['dept-1'])
        .handle(`inc-${n}`);
      await spec.givenEvents(city.events.slice(written));
    }
    expect(seen).toHaveLength(60);
    expect(new Set(seen)).toEqual(new Set(Array.from({ length: 60 }, (_, n) => `inc-${n}`)));
  });

  it('moves an incident with its place, from one list to another', async () => {
    const city = new SimulatedCity().report('inc').report('other');
    city.locate('inc', {
      streetId: 'street-2',
      communityId: 'community-2',
      estateId: null,
      gridId: 'grid-2',
    });
    await spec.givenEvents(city.events);
    expect(await idsOf({ streetId: 'street-1' })).toEqual(['other']);
    expect(await idsOf({ streetId: 'street-2', communityId: 'community-2' })).toEqual(['inc']);
    expect(await idsOf({ estateId: 'estate-1' })).toEqual(['other']);
    expect(await idsOf({}, { communityId: 'community-1' })).toEqual(['other']);
  });

  it('lists what waits for a place until it has one, or needs none', async () => {
    const city = new SimulatedCity().report('lost').report('found').report('gone').report('placed');
    for (const id of ['lost', 'found', 'gone']) city.pass(1).locate(id, { gridId: null });
    city.pass(1).locate('found', { gridId: 'grid-1' }).withdraw('gone');
    await spec.givenEvents(city.events);
    expect(await idsOf({ unlocated: true })).toEqual(['lost']);
    expect(await idsOf({ unlocated: false })).toEqual(['placed', 'gone', 'found']);
  });

  it('shows a transferred task to the department that has it and to the one that had it', async () => {
    const city = new SimulatedCity()
      .report('inc')
      .whistle('inc', ['dept-1'])
      .transfer('inc', 'dept-1', 'dept-2');
    await spec.givenEvents(city.events);
    expect(await idsOf({ departmentId: 'dept-2' })).toEqual(['inc']);
    expect(await idsOf({ departmentId: 'dept-1' })).toEqual(['inc']);
  });

  it('finds overdue what its view says is overdue, at any moment of any legal history', async () => {
    await fc.assert(
      fc.asyncProperty(simulatedCities(60), fc.infiniteStream(fc.nat()), async (city, dice) => {
        await spec.startOver();
        await spec.givenEvents(city.events, 7);
        const views = (await board.list({}, null, { limit: 200, after: null, now: city.now })).items;
        const instants = instantsAround(city);
        for (let round = 0; round < 10; round += 1) {
          const now = instants[dice.next().value % instants.length] ?? city.now;
          const expected = (overdue: boolean): string[] =>
            views.filter((view: IncidentView) => isOverdue(view, now) === overdue).map((view) => view.id);
          expect(await idsOf({ overdue: true }, null, now)).toEqual(expected(true));
          expect(await idsOf({ overdue: false }, null, now)).toEqual(expected(false));
        }
      }),
      propertyParameters({ numRuns: 10, endOnFailure: true }),
    );
  });

  it('pages of what is overdue, within a period and of whoever may see it, are together what the views say', async () => {
    await fc.assert(
      fc.asyncProperty(simulatedCities(60), fc.infiniteStream(fc.nat()), async (city, dice) => {
        await spec.startOver();
        await spec.givenEvents(city.events);
        const views = (await board.list({}, null, { limit: 200, after: null, now: city.now })).items;
        const instants = instantsAround(city);
        const pick = <One>(list: readonly One[]): One | undefined => list[dice.next().value % list.length];
        const streets = views.flatMap(({ streetId }) => streetId ?? []);
        const departments = views.flatMap(({ tasks }) => tasks.map(({ departmentId }) => departmentId));
        for (let round = 0; round < 10; round += 1) {
          const now = pick(instants) ?? city.now;
          const [from = '', to = ''] = [pick(instants), pick(instants)].sort();
          const [street = 'st', departmentId = 'dp'] = [pick(streets), pick(departments)];
          const scope = pick([null, { departmentId }, { streetIds: [street], departmentId }]) ?? null;
          const ofScope = (await board.list({}, scope, { limit: 200, after: null, now })).items;
          const expected = ofScope
            .filter((view) => isOverdue(view, now) && view.reportedAt >= from && view.reportedAt < to)
            .map(({ id }) => id);
          expect(await everyPage({ overdue: true, from, to }, scope, now)).toEqual(expected);
        }
      }),
      propertyParameters({ numRuns: 6, endOnFailure: true }),
    );
  });

  /** Page by page, three at a time. */
  async function everyPage(filter: BoardFilter, scope: BoardScope | null, now: string): Promise<string[]> {
    const ids: string[] = [];
    for (let after: BoardPage['next'] = null; ;) {
      const page: BoardPage = await board.list(filter, scope, { limit: 3, after, now });
      ids.push(...page.items.map(({ id }) => id));
      after = page.next;
      if (after === null) return ids;
    }
  }

  it('holds of the reporter a reference and the hash of the receipt code', async () => {
    const sealed = { subjectId: 'subject-7', keyId: 'key-7', ciphertext: 'c2VjcmV0' };
    const personal = { fields: ['NOTE'] as const, sealed };
    const city = new SimulatedCity().report('inc', { reporter: sealed, personal });
    await spec.givenEvents(city.events);
    const rows = JSON.stringify(await spec.tables());
    for (const part of [sealed.keyId, sealed.ciphertext]) expect(rows).not.toContain(part);
    expect(await board.incidentOfSubject('subject-7')).toBe('inc');
    expect(await board.incidentOfSubject('subject-8')).toBeNull();
    expect((await board.find('inc'))?.reporter).toEqual({
      ...{ state: 'SEALED', subjectIds: ['subject-7'], reveals: [] },
    });
  });

  it('finds by id and by receipt, and answers null for neither', async () => {
    await spec.givenEvents(new SimulatedCity().report('inc', { receiptHash: 'hash-1' }).events);
    expect((await board.find('inc'))?.id).toBe('inc');
    expect((await board.findByReceipt('hash-1'))?.id).toBe('inc');
    expect(await board.find('other')).toBeNull();
    expect(await board.findByReceipt('inc')).toBeNull();
  });

  describe('filters', () => {
    const city = new SimulatedCity();
    city.report('street only', { estateId: null, communityId: null }).report('plain').pass(1);
    city.report('major', { severity: 'MAJOR' }).pass(1).report('parking', { category: 'PARKING' }).pass(1);
    city.report('unfiled', { filed: false, streetId: 'street-2' }).pass(1);
    city.report('elsewhere', { estateId: 'estate-9', communityId: 'community-9' }).pass(1);
    city.report('nowhere', { estateId: null, communityId: null, streetId: null }).pass(1);
    city.report('whistled').whistle('whistled', ['dept-1', 'dept-2']);
    beforeEach(() => spec.givenEvents(city.events));

    it.each<[string, BoardFilter, string[]]>([
      [
        'nothing',
        {},
        ['whistled', 'nowhere', 'elsewhere', 'unfiled', 'parking', 'major', 'street only', 'plain'],
      ],
      ['state', { state: 'HANDLING' }, ['whistled']],
      ['category', { category: 'PARKING' }, ['parking']],
      ['severity', { severity: 'MAJOR' }, ['major']],
      ['street', { streetId: 'street-2' }, ['unfiled']],
      ['community', { communityId: 'community-9' }, ['elsewhere']],
      ['estate', { estateId: 'estate-9' }, ['elsewhere']],
      ['lead or assisting department', { departmentId: 'dept-2' }, ['whistled']],
      ['several at once', { state: 'FILED', category: 'PARKING' }, ['parking']],
      ['several that exclude each other', { state: 'HANDLING', category: 'PARKING' }, []],
      [
        'an interval from its first instant to before its last',
        { from: '2026-03-02T01:01:00.000Z', to: '2026-03-02T01:03:00.000Z' },
        ['parking', 'major'],
      ],
      ['instants with any offset', { from: '2026-03-02T09:06:00.000+08:00' }, ['whistled']],
    ])('by %s', async (_name, filter, expected) => {
      expect(await idsOf(filter)).toEqual(expected);
    });

    it.each<[string, BoardScope, BoardFilter, string[]]>([
      [
        'a street its own and what lies in no street',
        { streetIds: ['street-2'] },
        {},
        ['nowhere', 'unfiled'],
      ],
      [
        'a community its own and what lies in no street, not what lies in a street and in no known community',
        { communityId: 'community-9' },
        {},
        ['nowhere', 'elsewhere'],
      ],
      ['an estate its own', { estateId: 'estate-9' }, {}, ['nowhere', 'elsewhere']],
      [
        'several streets theirs, and what the unit was summoned to elsewhere',
        { streetIds: ['street-2', 'street-3'], departmentId: 'dept-1' },
        {},
        ['whistled', 'nowhere', 'unfiled'],
      ],
      ['nobody anything without a scope', {}, {}, []],
      ['a department what it was whistled to', { departmentId: 'dept-1' }, {}, ['whistled']],
      ['nobody more by asking for it', { streetIds: ['street-2'] }, { streetId: 'street-1' }, []],
    ])('shows %s', async (_name, scope, filter, expected) => {
      expect(await idsOf(filter, scope)).toEqual(expected);
    });

    it.each<[BoardScope, string[]]>([
      [{ streetIds: ['street-2'] }, ['nowhere', 'unfiled']],
      [{ communityId: 'community-9' }, ['elsewhere', 'nowhere']],
      [{ departmentId: 'dept-1' }, ['whistled']],
      [{ streetIds: ['street-2'], departmentId: 'dept-1' }, ['nowhere', 'unfiled', 'whistled']],
      [{}, []],
    ])('says which of some incidents %j may see', async (scope, expected) => {
      const some = ['plain', 'street only', 'unfiled', 'elsewhere', 'nowhere', 'whistled', 'unknown'];
      expect([...(await board.visibleAmong(some, scope))].sort()).toEqual(expected);
    });
  });

  describe('overdue', () => {
    it('compares the soonest unmet deadline with now', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']);
      await spec.givenEvents(city.events);
      const [due, after] = [city.inMinutes(60), city.inMinutes(61)];
      expect(await idsOf({ overdue: true }, null, due)).toEqual([]);
      expect(await idsOf({ overdue: false }, null, due)).toEqual(['inc']);
      expect(await idsOf({ overdue: true }, null, after)).toEqual(['inc']);
      expect(await idsOf({ overdue: false }, null, after)).toEqual([]);
    });

    it('remains where the breach is on record but nothing has met the deadline', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(300).ringAlarms();
      await spec.givenEvents(city.events);
      expect(await idsOf({ overdue: true }, null, city.now)).toEqual(['inc']);
    });

    it('ends with a late check-in, while it is recorded late for ever', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(300).ringAlarms();
      await spec.givenEvents(city.checkIn('inc', 'dept-1').events);
      expect(await idsOf({ overdue: true }, null, city.now)).toEqual([]);
      expect((await board.find('inc'))?.tasks[0]).toMatchObject({
        checkedInLate: true,
        acknowledgedLate: true,
      });
    });

    it('is not said of what is handled, nor of what never had a deadline', async () => {
      const city = new SimulatedCity().report('handled').handle('handled').finish('handled');
      city.report('unfiled', { filed: false });
      await spec.givenEvents(city.events);
      expect(await idsOf({ overdue: true }, null, '2030-01-01T00:00:00.000Z')).toEqual([]);
    });

    it('shows imported cases open past their target', async () => {
      const city = new SimulatedCity();
      const [openedAt, targetAt] = [city.inMinutes(-300), city.inMinutes(-100)];
      city.importCase('open', { departmentId: 'dept-1', openedAt, targetAt, closedAt: null });
      city.importCase('closed', {
        departmentId: 'dept-1',
        openedAt,
        targetAt,
        closedAt: city.inMinutes(-50),
      });
      await spec.givenEvents(city.events);
      expect(await idsOf({ overdue: true }, null, city.now)).toEqual(['open']);
    });
  });

  describe('text search', () => {
    const descriptions = {
      percent: '满 50% 折扣',
      under: 'road_12',
      plain: 'road 12 满 50 折',
      slash: 'a\\b',
    };
    beforeEach(async () => {
      const city = new SimulatedCity();
      for (const [id, description] of Object.entries(descriptions)) city.report(id, { description });
      await spec.givenEvents(city.events);
    });

    it.each<[string, string[]]>([
      ['50%', ['percent']],
      ['d_1', ['under']],
      ['%', ['percent']],
      ['_', ['under']],
      ['\\', ['slash']],
      ['满 50', ['percent', 'plain']],
      ["'; drop table incidents; --", []],
      ['$1', []],
      ['?', []],
    ])('takes %j literally', async (q, expected) => {
      expect((await idsOf({ q })).sort()).toEqual(expected);
    });
  });

  describe('paging', () => {
    it('neither skips nor repeats, also among reports of one instant', async () => {
      const city = new SimulatedCity();
      for (let index = 0; index < 23; index += 1) {
        if (index % 4 === 0) city.pass(1);
        city.report(`inc-${String(index).padStart(2, '0')}`);
      }
      await spec.givenEvents(city.events);
      const seen = await allPages(5, async () => undefined);
      expect(seen).toEqual(await idsOf({}));
      expect(seen).toHaveLength(23);
    });

    it('is not disturbed by reports that come in between', async () => {
      const city = new SimulatedCity();
      for (let index = 0; index < 12; index += 1) city.pass(1).report(`inc-${index}`);
      await spec.givenEvents(city.events);
      const before = await idsOf({});
      let late = 0;
      const seen = await allPages(3, async () => {
        const sofar = city.events.length;
        city.pass(1).report(`late-${(late += 1)}`);
        await spec.givenEvents(city.events.slice(sofar));
      });
      expect(seen).toEqual(before);
    });

    it('has no next page after exactly the last item', async () => {
      await spec.givenEvents(new SimulatedCity().report('a').report('b').events);
      const page = { limit: 2, after: null, now: '2026-03-02T01:00:00.000Z' };
      expect((await board.list({}, null, page)).next).toBeNull();
      expect((await board.list({}, null, { ...page, limit: 1 })).next).not.toBeNull();
    });

    async function allPages(limit: number, between: () => Promise<void>): Promise<string[]> {
      const seen: string[] = [];
      let after: BoardPage['next'] = null;
      do {
        const page: BoardPage = await board.list({}, null, { limit, after, now: '2026-03-02T01:00:00.000Z' });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        seen.push(...page.items.map((item) => item.id));
        after = page.next;
        await between();
      } while (after !== null);
      return seen;
    }
  });
});
