import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cohorts, type Cohort } from './cohorts.js';
import type { MetricDefinition } from './metric-definition.js';
import { metricDefinitions } from './metric-definitions.js';

const file = join(__dirname, '../../golden/metric-definitions.json');

/** Keys in one order, whatever order they are written in. */
const ordered = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** Of words and SQL, however they are spaced. */
function hashOf(said: MetricDefinition | Cohort): string {
  const text = JSON.stringify(said, ordered).replaceAll(/(\\n|\s)+/g, ' ');
  return createHash('sha256').update(text).digest('hex');
}

const recorded = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, string>>;
/** Metrics by their version; and what they are counted from by its own, since it serves several of them. */
const told = Object.fromEntries([
  ...metricDefinitions.map((metric) => [`${metric.name}@${metric.version}`, hashOf(metric)] as const),
  ...Object.entries(cohorts).map(
    ([name, cohort]) => [`cohort ${name}@${cohort.version}`, hashOf(cohort)] as const,
  ),
]);

describe('the definitions of metrics', () => {
  it('are as they were recorded under their version: whoever changes one raises it, and adds a line with the new hash', () => {
    // A number that was published must mean for ever what its version says. Lines that are there stay as they are. Where the SQL of a
    // cohort changes what is counted, the metrics that are counted from it get a new version as well.
    expect(Object.fromEntries(Object.keys(told).map((name) => [name, recorded[name]]))).toEqual(told);
  });

  it('have a hash that changes with a word, a condition or a fact, and not with spaces', () => {
    const [metric] = metricDefinitions;
    const { formula, numerator } = metric!;
    const hash = hashOf(metric!);
    expect(hashOf({ ...metric!, formula: { ...formula, en: `${formula.en}.` } })).not.toBe(hash);
    expect(hashOf({ ...metric!, numerator: `${numerator} and true` })).not.toBe(hash);
    expect(hashOf({ ...metric!, cohort: 'closings' })).not.toBe(hash);
    expect(hashOf({ ...metric!, numerator: numerator.replaceAll(' ', '\n  ') })).toBe(hash);
    expect(hashOf({ ...cohorts.closings, sql: cohorts.checks.sql })).not.toBe(hashOf(cohorts.closings));
  });

  it('say in both languages what is counted over what, by which instant, and as of when it is whose', () => {
    for (const { name, meaning } of metricDefinitions)
      for (const [part, { zh, en }] of Object.entries(meaning)) {
        expect([name, part, zh]).toEqual([name, part, expect.stringMatching(/\p{Script=Han}/u)]);
        expect([name, part, en]).toEqual([name, part, expect.not.stringMatching(/^$|_(at|due|event|id)\b/)]);
      }
  });

  it('keep what each is shown with among those that there are', () => {
    const names = metricDefinitions.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { shownWith = [] } of metricDefinitions)
      expect(names).toEqual(expect.arrayContaining([...shownWith]));
  });
});
