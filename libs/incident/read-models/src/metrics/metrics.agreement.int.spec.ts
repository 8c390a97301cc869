import fc from 'fast-check';
import { propertyParameters } from '@shaoying/event-store/testing';
import { containment, departmentTasks, incidentFacts } from '../index.js';
import type { Moment } from '../sql-reader.js';
import { instantsAround, readModelSpec, simulatedCities, troubledCities } from '../testing/index.js';
import { casesIn, keysOf, listed, rowsBy, sumOfCases, toList } from '../testing/metric-figures.js';
import type { MetricDefinition, MetricTerms } from './metric-definition.js';
import { metricDefinitions } from './metric-definitions.js';
import type { MetricRow } from './metric-rows.js';
import { MetricsQuery, type MetricWindow, type TakenOver } from './metrics.query.js';

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
  const query = new MetricsQuery(tasks.sql);
  const definitionOf = (name: string): MetricDefinition => query.definition(name)!;

  // Not shrunk: see incident-projections.int.spec.ts.
  it('agrees with a plain calculation, and with the sum over its explanation and over any dimension, at any moment', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(simulatedCities(70), troubledCities),
        fc.infiniteStream(fc.nat()),
        async (city, dice) => {
          for (const spec of [tasks, closures, facts]) {
            await spec.startOver();
            await spec.givenEvents(city.events);
          }
          const instants = instantsAround(city);
          const roll = (): number => dice.next().value;
          const pick = (): string => instants[roll() % instants.length] ?? city.now;
          for (let round = 0; round < rounds; round += 1) {
            const [from = '', to = ''] = round === 0 ? [always.from, always.to] : [pick(), pick()].sort();
            const moment = round === 0 ? at(city.now, city.now) : at(pick(), pick());
            for (const metric of metricDefinitions) {
              const by = metric.dimensions[roll() % metric.dimensions.length] ?? null;
              const terms = { ...metric.terms, ...(round === 1 && published) };
              const asked = { log: city.events, metric, terms, window: { from, to }, moment, by };
              await expectAgreement({ ...asked, takenOver: round === 2 ? oneTakenOver(asked, roll()) : {} });
            }
          }
        },
      ),
      propertyParameters({ numRuns: 6, endOnFailure: true }),
    );
  }, 120_000);

  async function expectAgreement(all: Asked): Promise<void> {
    const { metric, terms, window, moment, by: dimension, takenOver } = all;
    const told = { metric: metric.name, window, moment, takenOver };
    const termsOf = (of: MetricDefinition): MetricTerms =>
      of === metric ? terms : { ...terms, windowDays: of.terms.windowDays, weights: [] };
    const sums: object[] = [];
    for (const by of [null, dimension]) {
      const asked = { ...all, by };
      const { rows } = await query.compute(metric, window, moment, by, termsOf, takenOver);
      expect({ ...told, by, rows: sorted(rows) }).toEqual({
        ...told,
        by,
        rows: sorted(rowsBy(asked, definitionOf)),
      });
      sums.push({ ...told, numerator: sum(rows, 'numerator'), denominator: sum(rows, 'denominator') });
      for (const key of keysOf(casesIn(asked), by)) {
        const explained = await query.explain(metric, window, moment, by, key, termsOf, takenOver);
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
