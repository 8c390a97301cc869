import fc from 'fast-check';
import { propertyParameters } from '@shaoying/event-store/testing';
import { decodeIncidentEvent, type RecordedIncidentEvent } from '@shaoying/incident-contracts';
import { isWorkingUnit, type DeadlinePolicy } from '@shaoying/jurisdiction-domain';
import { casesOf } from '../../../read-models/src/testing/metric-oracle.js';
import { departments } from '../testing/year/departments.js';
import { DistrictYear, YEAR } from '../testing/year/district-year.js';
import { closing, dispatch, intake, standing, whistling } from '../testing/year/offices.js';
import { report } from '../testing/year/residents.js';
import { rulesWith, type Changes } from '../testing/what-if-worlds.js';
import type { Difference } from './differences.js';
import { ON_TIME_METRICS } from './on-time.js';
import { CLOCK } from './replayed-clock.js';
import { simulateIncident, type SimulatedIncident } from './simulated-incident.js';
import { WhatIfTotals } from './what-if.report.js';
import { simulateWindow } from './window.js';
import { partsOf, type LivePart } from './window.part.js';

const incidents = 120;
const yearMsMax = 300_000;
const asOf = new Date(YEAR.toMs).toISOString();

interface Lived {
  readonly year: DistrictYear;
  readonly stories: readonly (readonly RecordedIncidentEvent[])[];
}

async function lived(seed: number, isEverAway: boolean): Promise<Lived> {
  const year = await DistrictYear.open(seed, isEverAway);
  year.attendedBy(intake, dispatch, standing, whistling, departments, closing);
  await year.live(incidents, report);
  const stories = await Promise.all(year.incidentIds.map((id) => year.eventsOf(id)));
  return { year, stories: stories.map((events) => events.map(decodeIncidentEvent)) };
}

async function under({ year, stories }: Lived, changes: Changes): Promise<SimulatedIncident[]> {
  const rules = await rulesWith(year.office.store, changes);
  return stories.map((events) => simulateIncident(events, rules, asOf));
}

/** The documents in force once more, as if they were others. */
const unchanged: Changes = { policy: () => ({}), ladder: () => ({}), calendar: () => ({}) };

/** Their ends are rules at work: a longer one lets a clock be owed for longer. */
const WINDOWS = ['RETURN_WINDOW', 'FEEDBACK_WINDOW'];

const lengthened =
  (factors: readonly number[]) =>
  ({ rules }: DeadlinePolicy): Partial<DeadlinePolicy> => ({
    rules: rules.map((rule, place) => {
      const factor = factors[place % factors.length] ?? 1;
      if (!rule.duration || WINDOWS.includes(rule.timer)) return rule;
      const amount = rule.duration.amount * factor;
      const isDays = rule.duration.unit.endsWith('DAY');
      return { ...rule, duration: { ...rule.duration, amount: isDays ? Math.ceil(amount) : amount } };
    }),
  });

const missedIn = (world: SimulatedIncident['recorded'], timers: (timer: string) => boolean): string[] =>
  [...world.deadlines.values()]
    .filter(({ breachedDue, timer }) => breachedDue !== null && timers(timer))
    .map(({ deadlineId, timer }) => `${timer} ${deadlineId}`);

/**
 * The times to answer orders that were over when silence was taken for an acknowledgement. Holidays make that window end
 * later, and the answer is owed until then.
 */
function answersEndedBySilence(
  story: readonly RecordedIncidentEvent[],
  { state }: SimulatedIncident['simulated'],
): Set<string> {
  const lifted = story.flatMap((event) =>
    event.type === 'SupervisionLifted' && event.actor.id === CLOCK.id ? [event.data.supervisionId] : [],
  );
  return new Set(
    state.supervisions
      .filter(({ supervisionId }) => lifted.includes(supervisionId))
      .flatMap(({ deadlines }) => deadlines.map(({ timer, deadlineId }) => `${timer} ${deadlineId}`)),
  );
}

describe('a year whose clock was never late', () => {
  const { seed } = propertyParameters({});
  let life: Lived;
  beforeAll(async () => {
    life = await lived(seed, false);
  }, yearMsMax);
  afterAll(() => life.year.office.close());

  it('is the same under the same rules: every breach, reminder, order and rate of the log, and no other', async () => {
    const simulated = await under(life, unchanged);

    expect({ seed, first: simulated.flatMap(({ differences }) => differences).slice(0, 5) }).toEqual({
      seed,
      first: [],
    });
    const count = (...types: string[]): number =>
      life.stories.flat().filter(({ type }) => types.includes(type)).length;
    const totals = totalsOf(simulated, life);
    const sum = (counts: Readonly<Record<string, { simulated: number }>>): number =>
      Object.values(counts).reduce((all, { simulated: one }) => all + one, 0);
    expect(sum(totals.breaches)).toBe(count('TaskOverdue', 'IncidentOverdue'));
    expect(sum(totals.reminders)).toBe(count('DeadlineWarned'));
    expect(sum(totals.breaches)).toBeGreaterThan(150);
    expect(sum(totals.supervisionOrders)).toBeGreaterThan(50);
  });

  it('is told the same, difference by difference, by one and by two who live it', async () => {
    const rules = await rulesWith(life.year.office.store, { policy: lengthened([0.5]) });
    const window = { from: new Date(YEAR.fromMs).toISOString(), to: asOf };
    const { store } = life.year.office;
    const read = { store, rules, window, knownAt: { position: await store.head(), asOf } };
    const told = async (helpers: readonly LivePart[], differencesMax?: number) => {
      const rows: Difference[] = [];
      const report = await simulateWindow({
        ...{ ...read, signal: new AbortController().signal, helpers: () => helpers, streamsInPart: 8 },
        ...{ onDifferences: (some) => void rows.push(...some), differencesMax },
      });
      return { report, rows };
    };
    let untold = 0;
    // What comes from another thread is a copy, and comes when it comes.
    const other: LivePart = async (streamIds, isTold) => {
      untold += isTold ? 0 : 1;
      return structuredClone(await partsOf(read)(streamIds, isTold));
    };

    const alone = await told([]);
    expect(await told([other])).toEqual(alone);
    expect(alone.report.differences).toBe(alone.rows.length);
    expect(untold).toBe(0);
    // Beyond what is told, differences are counted all the same, and no more is asked for.
    const { report, rows } = alone;
    expect(rows.length).toBeGreaterThan(100);
    expect(await told([other], 100)).toEqual({ report, rows: rows.slice(0, 100) });
    expect(untold).toBeGreaterThan(0);
    expect(alone.report.incidentsAffected).toBeGreaterThan(50);
  });

  it.each(ON_TIME_METRICS)('has the rate %s that the metric has', async (metric) => {
    const { onTime } = totalsOf(await under(life, unchanged), life);
    const window = { from: '1970-01-01T00:00:00.000Z', to: '2200-01-01T00:00:00.000Z' };
    const cases = casesOf(metric, life.stories.flat(), window, { asOf, knownAt: asOf });
    const dimension = metric === 'closing-on-time' ? 'street' : 'department';
    const expected = [...Map.groupBy(cases, ({ dimensions }) => dimensions[dimension])]
      .map(([key, own]) => ({
        ...{ key, denominator: own.filter(({ counts }) => counts).length },
        numerator: own.filter(({ good }) => good).length,
      }))
      .filter(({ denominator }) => denominator > 0);
    const told = onTime
      .filter((row) => row.metric === metric && row.recorded.denominator > 0)
      .map(({ key, recorded: { numerator, denominator } }) => ({ key, denominator, numerator }));
    const order = (rows: typeof told) => rows.sort((a, b) => String(a.key).localeCompare(String(b.key)));
    expect({ seed, rows: order(told) }).toEqual({ seed, rows: order(expected) });
  });

  it('misses nothing more where everybody has longer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 1, max: 4, noNaN: true }), { minLength: 1, maxLength: 9 }),
        async (factors) => {
          for (const { recorded, simulated } of await under(life, { policy: lengthened(factors) })) {
            const before = new Set(missedIn(recorded, () => true));
            expect(missedIn(simulated, () => true).filter((missed) => !before.has(missed))).toEqual([]);
          }
        },
      ),
      propertyParameters({ numRuns: 3, endOnFailure: true }),
    );
  });

  it('misses nothing more of what is counted in working time where there are more holidays', async () => {
    const days = Array.from({ length: 365 }, (_, day) =>
      new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10),
    );
    await fc.assert(
      fc.asyncProperty(fc.subarray(days, { minLength: 1, maxLength: 40 }), async (more) => {
        const calendar: Changes['calendar'] = ({ years }) => {
          const { holidays = [], makeUpWorkdays = [] } = years['2026'] ?? {};
          const all = [
            ...new Set([...holidays, ...more.filter((day) => !makeUpWorkdays.includes(day))]),
          ].sort();
          return { years: { ...years, '2026': { makeUpWorkdays, holidays: all } } };
        };
        const policy = life.year.office.directory.policy('default');
        const ofWorkingTime = (timer: string): boolean =>
          policy?.rules.every(
            (rule) => rule.timer !== timer || !rule.duration || isWorkingUnit(rule.duration.unit),
          ) === true;
        const simulations = await under(life, { calendar });
        for (const [place, { recorded, simulated }] of simulations.entries()) {
          const before = new Set(missedIn(recorded, ofWorkingTime));
          const later = missedIn(simulated, ofWorkingTime).filter((missed) => !before.has(missed));
          const liftedLater = answersEndedBySilence(life.stories[place] ?? [], simulated);
          expect(later.filter((missed) => !liftedLater.has(missed))).toEqual([]);
        }
      }),
      propertyParameters({ numRuns: 3, endOnFailure: true }),
    );
  });

  it('has totals that are the sums of what is told one by one', async () => {
    const halved: Changes = { policy: lengthened([0.5]) };
    const simulated = await under(life, halved);
    const totals = totalsOf(simulated, life);
    const rows = simulated.flatMap(({ differences }) => differences);
    const changed = (
      kind: string,
      name: (row: (typeof rows)[number]) => string | null,
    ): Record<string, number> => {
      const own = Map.groupBy(
        rows.filter((row) => row.kind === kind),
        (row) => String(name(row)),
      );
      return Object.fromEntries(
        [...own].map(([key, list]) => [key, list.reduce((sum, { change }) => sum + change, 0)]),
      );
    };
    const told = (counts: typeof totals.breaches) =>
      Object.fromEntries(Object.entries(counts).map(([key, { difference }]) => [key, difference]));
    const withoutZero = (counts: Record<string, number>) =>
      Object.fromEntries(Object.entries(counts).filter(([, difference]) => difference !== 0));

    expect(withoutZero(changed('BREACH', ({ timer }) => timer))).toEqual(withoutZero(told(totals.breaches)));
    expect(withoutZero(changed('REMINDER', ({ timer }) => timer))).toEqual(
      withoutZero(told(totals.reminders)),
    );
    expect(withoutZero(changed('SUPERVISION_ORDER', ({ level }) => level))).toEqual(
      withoutZero(told(totals.supervisionOrders)),
    );
    for (const { metric, key, recorded, simulated: other } of totals.onTime) {
      const own = rows.filter((row) => row.metric === metric && row.unitId === key);
      const [good, all] = [
        own.reduce((sum, { change }) => sum + change, 0),
        own.reduce((sum, { denominatorChange }) => sum + denominatorChange, 0),
      ];
      expect({ metric, key, good, all }).toEqual({
        ...{ metric, key, good: other.numerator - recorded.numerator },
        all: other.denominator - recorded.denominator,
      });
    }
    expect(rows.length).toBeGreaterThan(100);
    expect(totals.byCause).toEqual({ RULES: rows.length, CLOCK: 0 });
    expect(rows.every(({ events }) => events.length > 0)).toBe(true);
  });
});

describe('a year whose clock was away three times', () => {
  const { seed } = propertyParameters({});

  it(
    'differs under the same rules only by what the clock was late for, and says so',
    async () => {
      const life = await lived(seed, true);
      const rows = (await under(life, unchanged)).flatMap(({ differences }) => differences);
      await life.year.office.close();
      expect({ seed, byRules: rows.filter(({ cause }) => cause === 'RULES').slice(0, 5) }).toEqual({
        seed,
        byRules: [],
      });
    },
    yearMsMax,
  );
});

function totalsOf(simulated: readonly SimulatedIncident[], { stories }: Lived) {
  const totals = new WhatIfTotals();
  for (const [place, incident] of simulated.entries()) totals.add(incident, stories[place]?.length ?? 0);
  return totals.report();
}
