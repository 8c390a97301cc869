import fc from 'fast-check';
import { propertyParameters } from '@shaoying/event-store/testing';
import { IncidentBoardQuery, type BoardScope } from '../incident-board/incident-board.query.js';
import { containment, departmentTasks, incidentBoard, incidentFacts } from '../index.js';
import type { Moment } from '../sql-reader.js';
import { instantsAround, readModelSpec, simulatedCities, troubledCities } from '../testing/index.js';
import {
  casesIn,
  keysOf,
  listed,
  rowsBy,
  sumOfCases,
  sumOfListed,
  toList,
} from '../testing/metric-figures.js';
import type { MetricDefinition, MetricTerms } from './metric-definition.js';
import { everyMetricDefinition, rateOf } from './metric-definitions.js';
import type { MetricRow } from './metric-rows.js';
import { MetricsQuery, type MetricExplanation, type MetricWindow, type TakenOver } from './metrics.query.js';

const always: MetricWindow = { from: '2000-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z' };
const rounds = 3;

/** As published by a place that counts partial answers otherwise. */
const published: Partial<MetricTerms> = {
  ...{ definitionVersion: 2, minimumSample: 2, weightBasicallySatisfied: 0.5, weightPartlySolved: 0.25 },
};

type Asked = Parameters<typeof casesIn>[0];

describe('every metric', () => {
  const tasks = readModelSpec(departmentTasks);
  const closures = readModelSpec(containment, tasks);
  const facts = readModelSpec(incidentFacts, tasks);
  const boards = readModelSpec(incidentBoard, tasks);
  const query = new MetricsQuery(tasks.sql);
  const board = new IncidentBoardQuery(tasks.sql);

  // Not shrunk: see incident-projections.int.spec.ts.
  it('agrees with a plain calculation, and with the sum over its explanation and over any dimension, at any moment', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(simulatedCities(70), troubledCities),
        fc.infiniteStream(fc.nat()),
        async (city, dice) => {
          for (const spec of [tasks, closures, facts, boards]) {
            await spec.startOver();
            await spec.givenEvents(city.events);
          }
          const instants = instantsAround(city);
          const roll = (): number => dice.next().value;
          const pick = (): string => instants[roll() % instants.length] ?? city.now;
          for (let round = 0; round < rounds; round += 1) {
            const [from = '', to = ''] = round === 0 ? [always.from, always.to] : [pick(), pick()].sort();
            const moment = round === 0 ? at(city.now, city.now) : at(pick(), pick());
            for (const metric of everyMetricDefinition) {
              const by = metric.dimensions[roll() % metric.dimensions.length] ?? null;
              const terms = { ...metric.terms, ...(round === 1 && published) };
              const asked = { log: city.events, metric, terms, window: { from, to }, moment, by };
              const all = { ...asked, takenOver: round === 2 ? oneTakenOver(asked, roll()) : {} };
              await expectAgreement(all, 1 + (roll() % 7));
              await expectScopedSums(all, scopes[roll() % scopes.length] ?? {}, 1 + (roll() % 7));
            }
          }
        },
      ),
      propertyParameters({ numRuns: 6, endOnFailure: true }),
    );
  }, 600_000);

  const termsFor =
    ({ metric, terms }: Asked) =>
    (of: MetricDefinition): MetricTerms =>
      of === metric ? terms : { ...terms, windowDays: of.terms.windowDays, weights: [] };

  /**
   * An explanation read to its end, each page no longer than asked for; the sums are the same on every page, and the list without
   * them is the same list.
   */
  async function readToTheEnd(
    { metric, window, moment, takenOver, ...all }: Asked,
    key: string | null,
    limit: number,
    scope: BoardScope | null,
  ): Promise<MetricExplanation> {
    const termsOf = termsFor({ metric, window, moment, takenOver, ...all });
    const pages: MetricExplanation[] = [];
    for (let from: MetricExplanation['next'] = null; pages.length === 0 || from !== null;) {
      const page = { limit, from, scope };
      const read = await query.explain(metric, window, moment, all.by, key, termsOf, takenOver, page);
      if (from !== null) {
        const { cases, excluded, next } = read;
        expect(
          await query.explainOn(metric, window, moment, all.by, key, termsOf, takenOver, { ...page, from }),
        ).toEqual({ cases, excluded, next });
      }
      const rows = read.cases.length + read.excluded.length;
      expect({ rows: read.next === null ? limit : rows, tooMany: rows > limit }).toEqual({
        ...{ rows: limit, tooMany: false },
      });
      const { numerator, denominator, withheld } = read;
      expect({ numerator, denominator, withheld }).toEqual({
        ...{ numerator, denominator, withheld, ...sumsOf(pages[0]) },
      });
      pages.push(read);
      from = read.next;
    }
    const [first] = pages;
    return {
      ...first!,
      cases: pages.flatMap(({ cases }) => cases),
      excluded: pages.flatMap(({ excluded }) => excluded),
    };
  }

  /** To whoever may not see all of it the list and what is withheld are the number, to the last amount. */
  async function expectScopedSums(all: Asked, scope: BoardScope, limit: number): Promise<void> {
    const { metric } = all;
    const told = { metric: `${metric.name}@${metric.version}`, moment: all.moment, scope };
    const whole = await readToTheEnd({ ...all, by: null }, null, limit, null);
    const scoped = await readToTheEnd({ ...all, by: null }, null, limit, scope);
    const ids = [...whole.cases, ...whole.excluded].map(({ incidentId }) => incidentId);
    const visible = await board.visibleAmong([...new Set(ids)], scope);
    const seen = ({ incidentId }: { incidentId: string }): boolean => visible.has(incidentId);
    expect({ ...told, cases: scoped.cases, excluded: scoped.excluded }).toEqual({
      ...{ ...told, cases: whole.cases.filter(seen), excluded: whole.excluded.filter(seen) },
    });
    const hidden = whole.cases.filter((found) => !seen(found));
    expect({ ...told, withheld: scoped.withheld }).toEqual({
      ...told,
      withheld: {
        ...{ numerator: sumOfCases(metric, { ...whole, cases: hidden }), denominator: hidden.length },
        excluded: whole.excluded.length - scoped.excluded.length,
      },
    });
    const { numerator, denominator } = scoped;
    expect({ ...told, numerator, denominator }).toEqual({
      ...told,
      numerator: expect.closeTo(sumOfListed(metric, scoped) + scoped.withheld.numerator, 6),
      denominator: scoped.cases.length + scoped.withheld.denominator,
    });
  }

  async function expectAgreement(all: Asked, limit: number): Promise<void> {
    const { metric, window, moment, by: dimension, takenOver } = all;
    const told = { metric: `${metric.name}@${metric.version}`, window, moment, takenOver };
    const termsOf = termsFor(all);
    const sums: object[] = [];
    for (const by of [null, dimension]) {
      const asked = { ...all, by };
      const { rows } = await query.compute(metric, window, moment, by, termsOf, takenOver);
      expect({ ...told, by, rows: sorted(rows) }).toEqual({
        ...told,
        by,
        rows: sorted(rowsBy(asked, (name) => rateOf(metric, name)!)),
      });
      sums.push({ ...told, numerator: sum(rows, 'numerator'), denominator: sum(rows, 'denominator') });
      for (const key of keysOf(casesIn(asked), by)) {
        const explained = await readToTheEnd(asked, key, limit, null);
        const figure = rows.find((row) => row.key === key);
        const { numerator, denominator, cases } = explained;
        expect({ ...told, by, key, numerator, denominator }).toEqual({
          ...{ ...told, by, key, numerator: figure?.numerator, denominator: figure?.denominator },
        });
        expect({ ...told, by, key, numerator, denominator }).toEqual({
          ...{ ...told, by, key, numerator: sumOfCases(metric, explained), denominator: cases.length },
        });
        expect({ ...told, by, key, ...listed(explained) }).toEqual({
          ...told,
          by,
          key,
          ...toList(asked, key),
        });
      }
    }
    // Every case is somebody's, and nobody's twice: by whatever it is grouped, the sum is the total.
    expect(sums[1]).toEqual(sums[0]);
  }
});

const scopes: readonly BoardScope[] = [
  ...[{}, { streetIds: ['street-1'] }, { estateId: 'estate-1' }, { departmentId: 'dept-1' }],
  { streetIds: ['street-2'], departmentId: 'dept-2' },
];

const sumsOf = (page: MetricExplanation | undefined): object =>
  page === undefined
    ? {}
    : { numerator: page.numerator, denominator: page.denominator, withheld: page.withheld };

/** Some unit of the window taken over by another of it, as after a merger. */
function oneTakenOver(asked: Omit<Asked, 'takenOver'>, roll: number): TakenOver {
  const units = keysOf(casesIn({ ...asked, takenOver: {} }), asked.by).filter((key) => key !== null);
  const [from, into] = [units[roll % units.length], units[(roll + 1) % units.length]];
  return asked.by === null || from === undefined || into === undefined ? {} : { [from]: into };
}

const at = (asOf: string, knownAt: string): Moment => ({ asOf, knownAt });

const sum = (rows: readonly MetricRow[], of: 'numerator' | 'denominator'): number =>
  rows.reduce((total, row) => total + row[of], 0);

const sorted = (rows: readonly MetricRow[]): MetricRow[] =>
  [...rows].sort((a, b) => String(a.key).localeCompare(String(b.key)));
