import fc from 'fast-check';
import { InMemoryEventStore } from '@shaoying/event-store';
import { propertyParameters } from '@shaoying/event-store/testing';
import {
  incidentBoard,
  IncidentBoardQuery,
  type BoardFilter,
  type BoardPlace,
  type IncidentView,
  type Moment,
} from '@shaoying/incident-read-models';
import {
  instantsAround,
  readModelSpec,
  SimulatedCity,
  simulatedCities,
} from '@shaoying/incident-read-models/testing';
import { IncidentHistory } from './incident-history.js';
import { IncidentsAt } from './incidents-at.js';

describe('incidents as they were', () => {
  const spec = readModelSpec(incidentBoard);
  const board = new IncidentBoardQuery(spec.sql);

  async function thenOf(city: SimulatedCity): Promise<IncidentsAt> {
    const store = new InMemoryEventStore();
    await city.appendTo(store);
    return new IncidentsAt(board, new IncidentHistory(store, () => ''));
  }

  async function everyPage(
    then: IncidentsAt,
    filter: BoardFilter,
    moment: Moment,
    limit = 200,
  ): Promise<IncidentView[]> {
    const seen: IncidentView[] = [];
    for (let after: BoardPlace | null = null; ;) {
      const page = await then.list(filter, null, moment, { limit, after });
      expect(page.items.length).toBeLessThanOrEqual(limit);
      seen.push(...page.items);
      after = page.next;
      if (after === null) return seen;
    }
  }

  it('are listed as the board listed them then, by every filter, at any instant of any legal history', async () => {
    await fc.assert(
      fc.asyncProperty(simulatedCities(60), fc.infiniteStream(fc.nat()), async (city, dice) => {
        const pick = <One>(list: readonly One[], otherwise: One): One =>
          list[dice.next().value % list.length] ?? otherwise;
        await spec.startOver();
        await spec.givenEvents(city.events);
        const views = (await board.list({}, null, { limit: 200, after: null, now: city.now })).items;
        const instants = instantsAround(city);
        const asked = Array.from({ length: 8 }, () => {
          const view = pick(views, views[0]!);
          const choices: BoardFilter[] = [
            { state: pick(['HANDLING', 'FILED', 'CHECKING', 'FEEDBACK', 'CLOSED', view.state], 'FILED') },
            { category: view.category, severity: view.severity },
            { departmentId: view.tasks[0]?.departmentId ?? 'dept-1' },
            { streetId: view.streetId ?? 'street-2', overdue: pick([true, false], true) },
            { communityId: view.communityId ?? 'community-2', estateId: view.estateId ?? 'estate-2' },
            { overdue: true },
            { unlocated: pick([true, false], true) },
            { from: pick(instants, city.now), q: view.description.slice(0, 2) },
            { to: pick(instants, city.now) },
          ];
          return { filter: pick(choices, {}), at: pick(instants, city.now) };
        });
        const then = await thenOf(city);
        const before = await Promise.all(
          asked.map(({ filter, at }) => everyPage(then, filter, { asOf: at, knownAt: at }, 3)),
        );
        for (const [index, { filter, at }] of asked.entries()) {
          // What was known then is what was recorded by then: the board of that part of the log.
          await spec.startOver();
          await spec.givenEvents(city.events.filter(({ recordedAt }) => recordedAt <= at));
          const { items } = await board.list(filter, null, { limit: 200, after: null, now: at });
          expect(before[index]).toEqual(items);
        }
      }),
      propertyParameters({ numRuns: 4, endOnFailure: true }),
    );
  }, 120_000);

  it('stand as they stood, and by what the log knew: a check-in that was synced later shows the difference', async () => {
    const city = new SimulatedCity().report('inc').pass(10).whistle('inc', ['dept-1']).pass(300);
    const beforeSync = city.inMinutes(-1);
    city.checkIn('inc', 'dept-1', city.inMinutes(-100)).complete('inc', 'dept-1').report('later');
    await spec.givenEvents(city.events);
    const then = await thenOf(city);
    const tasksAt = async (moment: Moment) =>
      (await everyPage(then, { departmentId: 'dept-1' }, moment)).map(({ tasks }) => tasks[0]?.state);
    expect(await tasksAt({ asOf: city.inMinutes(-50), knownAt: city.now })).toEqual(['CHECKED_IN']);
    expect(await tasksAt({ asOf: city.inMinutes(-50), knownAt: beforeSync })).toEqual(['NOTIFIED']);
    expect(await tasksAt({ asOf: city.inMinutes(-305), knownAt: city.now })).toEqual([]);
    const statesAt = async (asOf: string) =>
      (await everyPage(then, {}, { asOf, knownAt: city.now })).map(({ id, state }) => [id, state]);
    expect(await statesAt(city.inMinutes(-1))).toEqual([['inc', 'HANDLING']]);
    expect(await statesAt(city.inMinutes(-311))).toEqual([]);
  });

  it('are looked for among so many for a page, which then says where the next one goes on', async () => {
    const all = Array.from({ length: 2_345 }, (_, index): BoardPlace => {
      const reportedAt = new Date(Date.UTC(2026, 2, 1) - index * 60_000).toISOString();
      return { id: `inc-${index}`, reportedAt };
    });
    let read = 0;
    const places = (
      _filter: BoardFilter,
      _scope: unknown,
      page: { limit: number; after: BoardPlace | null },
    ) => {
      const start = page.after === null ? 0 : all.findIndex(({ id }) => id === page.after?.id) + 1;
      return Promise.resolve(all.slice(start, start + page.limit));
    };
    const [view] = await viewsOf(new SimulatedCity().report('inc-2340'));
    const viewAt = (id: string) => {
      read += 1;
      return Promise.resolve(id === 'inc-2340' ? (view ?? null) : null);
    };
    const then = new IncidentsAt({ places }, { viewAt });
    const moment = { asOf: '2026-04-01T00:00:00.000Z', knownAt: '2026-04-01T00:00:00.000Z' };
    const pages: [found: number, next: string | undefined, read: number][] = [];
    for (let after: BoardPlace | null = null; ;) {
      const { items, next } = await then.list({}, null, moment, { limit: 5, after });
      pages.push([items.length, next?.id, read]);
      after = next;
      if (after === null) break;
    }
    expect(pages).toEqual([
      [0, 'inc-1023', 1_024],
      [0, 'inc-2047', 2_048],
      [1, undefined, 2_345],
    ]);
  });

  async function viewsOf(city: SimulatedCity): Promise<readonly IncidentView[]> {
    await spec.givenEvents(city.events);
    return (await board.list({}, null, { limit: 200, after: null, now: city.now })).items;
  }
});
