import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cohortOf, cohorts, type Cohort, type CohortName } from './cohorts.js';
import { earlierCohorts } from './earlier/cohorts.js';
import type { MetricDefinition } from './metric-definition.js';
import {
  everyMetricDefinition,
  metricDefinition,
  metricDefinitions,
  rateOf,
  versionsOf,
} from './metric-definitions.js';

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

const everyCohort = [...Object.entries(cohorts), ...Object.entries(earlierCohorts)].flatMap(
  ([name, versions]: [string, Cohort | readonly Cohort[]]) =>
    [versions].flat().map((cohort) => ({ name, cohort })),
);

/** Metrics by their version; and what they are counted from by its own, since it serves several of them. */
const told = Object.fromEntries([
  ...everyMetricDefinition.map((metric) => [`${metric.name}@${metric.version}`, hashOf(metric)] as const),
  ...everyCohort.map(({ name, cohort }) => [`cohort ${name}@${cohort.version}`, hashOf(cohort)] as const),
]);

/** What stands behind a line, as whoever asks for that version is told it. */
function resolved(line: string): MetricDefinition | Cohort | undefined {
  const [, isCohort, name = '', version] = /^(cohort )?(.+)@(\d+)$/.exec(line) ?? [];
  return isCohort === undefined
    ? metricDefinition(name, Number(version))
    : cohortOf({ cohort: name as CohortName, cohortVersion: Number(version) });
}

/**
 * The first and the newest version of each that was ever recorded. A second list, kept by hand: whoever records a version raises the
 * newest, and nothing is ever lowered or taken out, so that no line vanishes together with its formula. Versions before the first were
 * never recorded: they were no formula of a number that anybody was told.
 */
const recordedVersions: Readonly<Record<string, readonly [first: number, newest: number]>> = {
  ...{ 'acknowledge-on-time': [4, 6], 'check-in-on-time': [4, 6], 'handling-on-time': [4, 6] },
  ...{ 'closing-on-time': [1, 3], 'closing-rate': [1, 3], 'whistle-rate': [1, 2], 'suspension-rate': [1, 2] },
  ...{ 'late-suspension-rate': [1, 3], 'cohort suspensions': [1, 3] },
  ...{ 'three-rates': [2, 8], 'response-rate': [2, 5], 'resolution-rate': [1, 2] },
  ...{ 'satisfaction-rate': [1, 2], 'reopen-rate': [1, 2], 'rework-rate': [1, 1], 'return-rate': [1, 1] },
  ...{ 'dispatch-accuracy': [1, 1], 'buck-passing-index': [1, 1], 'repeat-whistle-rate': [1, 2] },
  ...{ 'containment-estate': [3, 3], 'containment-community': [3, 3], 'containment-street': [3, 3] },
  ...{ 'contained-at-estate': [1, 1], 'contained-at-community': [1, 1] },
  ...{ 'contained-at-subdistrict': [1, 1], 'contained-at-district': [1, 1] },
  ...{ 'time-before-escalation': [1, 2], 'time-to-first-completion': [1, 2], 'time-to-resolution': [1, 2] },
  ...{ 'cohort callbacks': [1, 2], 'cohort checks': [1, 1], 'cohort closings': [1, 2] },
  ...{ 'cohort closures': [1, 1], 'cohort disputes': [1, 1], 'cohort incidents': [1, 2] },
  ...{ 'cohort responses': [1, 4], 'cohort summonses': [1, 1], 'cohort tasks': [1, 1] },
  ...{ 'cohort totals': [1, 3], 'cohort whistles': [1, 2] },
};

describe('the definitions of metrics', () => {
  it('are as they were recorded under their version: whoever changes one keeps it, and adds another with a line of its own', () => {
    // A number that was published must mean for ever what its version says. Lines that are there stay as they are: the old definition
    // goes to `earlier/`, written out. A cohort whose SQL changes stays there as well, for those that hold on to it.
    expect(Object.fromEntries(Object.keys(told).map((line) => [line, recorded[line]]))).toEqual(told);
  });

  it('are kept: every line that was recorded is one that numbers can be computed by', () => {
    for (const [line, hash] of Object.entries(recorded)) {
      const found = resolved(line);
      expect([line, found && hashOf(found)]).toEqual([line, hash]);
    }
  });

  it('are recorded from the first version to the newest, without a hole, and none is ever gone', () => {
    const lines = Object.entries(recordedVersions).flatMap(([name, [first, newest]]) =>
      Array.from({ length: newest - first + 1 }, (_, index) => `${name}@${first + index}`),
    );
    expect(lines.sort()).toEqual(Object.keys(recorded).sort());
  });

  it('are told by version, the newest in force, and none that was never recorded', () => {
    for (const { name, version } of metricDefinitions) {
      const [first = 0, newest = 0] = recordedVersions[name] ?? [];
      const versions = Array.from({ length: newest - first + 1 }, (_, index) => newest - index);
      expect([name, versionsOf(name), version]).toEqual([name, versions, newest]);
      expect(versions.map((each) => metricDefinition(name, each)?.version)).toEqual(versions);
      expect([first - 1, newest + 1].map((none) => metricDefinition(name, none))).toEqual([
        undefined,
        undefined,
      ]);
      expect(metricDefinition(name)?.version).toBe(newest);
    }
    for (const metric of everyMetricDefinition) expect(cohortOf(metric).sql).toContain('at_moment');
    expect(() => cohortOf({ cohort: 'totals', cohortVersion: 99 })).toThrow(
      'version 99 of the cohort totals',
    );
  });

  it('hold on to what they are made of: a composite in force to rates in force, an earlier one to those of its time', () => {
    const rates = metricDefinitions.filter(({ measure }) => measure !== 'COMPOSITE');
    const composites = metricDefinitions.filter(({ measure }) => measure === 'COMPOSITE');
    expect(composites).not.toEqual([]);
    for (const composite of composites)
      for (const { name, version } of rates)
        expect([composite.name, name, rateOf(composite, name)?.version]).toEqual([
          composite.name,
          name,
          version,
        ]);
    expect(rateOf(metricDefinition('three-rates', 2)!, 'closing-on-time')?.version).toBe(1);
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
