import type { CsvColumns } from '@shaoying/http';
import type {
  CompanionMetric,
  MetricAnswer,
  MetricHeading,
  MetricPart,
  MetricRow,
} from '@shaoying/incident-read-models';
import type { MetricRowNow, MetricUnits } from './metric-units.js';

/** A number that was published, as it is known and weighed now. */
export interface Corrected extends Pick<MetricAnswer, 'knownAt' | 'terms'> {
  readonly rows: readonly MetricRowNow[];
  readonly companions: readonly CompanionMetric[];
}

export interface ToldMetric extends MetricAnswer {
  readonly units: MetricUnits;
  readonly rows: readonly MetricRowNow[];
  /** What it is never shown without: totals of the same window and moment. */
  readonly companions: readonly CompanionMetric[];
  /** Where knownAt was asked for. */
  readonly corrected?: Corrected;
}

/** What a line is told of: a key, a rate of the composite above it, what the metric is shown with, or nothing that has a case. */
type TabledKind = 'METRIC' | 'PART' | 'COMPANION' | 'NONE';

/** A number with the terms it was computed by. */
interface Told extends Pick<MetricHeading, 'knownAt' | 'terms'> {
  readonly row: MetricRowNow | MetricPart | undefined;
}

/** A line of the table, which says by itself what it is a line of: files are opened months later. */
interface TabledRow {
  readonly kind: TabledKind;
  readonly heading: MetricHeading;
  readonly units: MetricUnits;
  readonly metric: string;
  readonly version: number;
  readonly key: string | null;
  readonly told: Told;
  readonly corrected: Told | undefined;
}

/** Each key of either, those that were known first. */
const keysOf = ({ rows, corrected }: ToldMetric): readonly (string | null)[] => [
  ...new Set([...rows, ...(corrected?.rows ?? [])].map(({ key }) => key)),
];

function rowsOfKey(answer: ToldMetric, key: string | null): readonly TabledRow[] {
  const { name, version, units, corrected } = answer;
  const line = { heading: answer, units, key } as const;
  const ofKey = (rows: readonly MetricRowNow[]) => rows.find((row) => row.key === key);
  const [row, correctedRow] = [ofKey(answer.rows), ofKey(corrected?.rows ?? [])];
  const partsOf = (of: MetricRowNow | undefined) => new Map(of?.parts?.map((part) => [part.metricId, part]));
  const [parts, correctedParts] = [partsOf(row), partsOf(correctedRow)];
  const toldPart = (knownAt: string, part: MetricPart | undefined): Told => ({
    ...{ knownAt, terms: part?.terms ?? {}, row: part },
  });
  return [
    {
      ...{ ...line, kind: 'METRIC', metric: name, version, told: { ...answer, row } },
      corrected: corrected && { ...corrected, row: correctedRow },
    },
    ...[...new Set([...parts.keys(), ...correctedParts.keys()])].map((metric): TabledRow => {
      const [part, correctedPart] = [parts.get(metric), correctedParts.get(metric)];
      return {
        ...{ ...line, kind: 'PART', metric, version: (part ?? correctedPart)?.version ?? version },
        told: toldPart(answer.knownAt, part),
        corrected: corrected && toldPart(corrected.knownAt, correctedPart),
      };
    }),
  ];
}

/**
 * A metric's rows, each with what it is made of, and behind them the totals of those it is never shown without; beside each what it was
 * corrected to. One line that says whose table it is where there is no row.
 */
export function metricTableRows(answer: ToldMetric): readonly TabledRow[] {
  const { name, version, units, companions, corrected } = answer;
  const rows = keysOf(answer).flatMap((key) => rowsOfKey(answer, key));
  const none: TabledRow = {
    ...{ kind: 'NONE', heading: answer, units, metric: name, version, key: null },
    ...{ told: { ...answer, row: undefined }, corrected: corrected && { ...corrected, row: undefined } },
  };
  return [
    ...(rows.length === 0 ? [none] : rows),
    ...companions.map((companion): TabledRow => {
      const by = corrected?.companions.find((other) => other.name === companion.name);
      return {
        ...{ kind: 'COMPANION', heading: companion, units, metric: companion.name, key: companion.row.key },
        ...{ version: companion.version, told: companion, corrected: by },
      };
    }),
  ];
}

const counts = (excluded: MetricRow['excluded']): string =>
  Object.entries(excluded)
    .map(([reason, cases]) => `${reason}:${cases}`)
    .join(' ');

/** All but the version of what is published, which has a column of its own. */
export const termsText = ({
  definitionVersion: _own,
  weights = [],
  ...terms
}: MetricHeading['terms']): string =>
  [
    ...Object.entries(terms).map(([name, value]) => `${name}:${value}`),
    ...weights.map(({ metricId, weight }) => `weight/${metricId}:${weight}`),
  ].join(' ');

/** What stands in a line twice: as it was known, and corrected. */
const figures: CsvColumns<Told> = {
  numerator: ({ row }) => row?.numerator,
  denominator: ({ row }) => row?.denominator,
  value: ({ row }) => row?.value,
  percent: ({ row }) => row?.percent,
  partial: ({ row }) => row?.partial,
  coverage: ({ row }) => row?.coverage,
  medianMinutes: ({ row }) => ofRow(row)?.spread?.medianMinutes,
  p90Minutes: ({ row }) => ofRow(row)?.spread?.p90Minutes,
  insufficient: ({ row }) => ofRow(row)?.insufficient,
  excluded: ({ row }) => row && counts(row.excluded),
  includes: ({ row }) => ofRow(row)?.includes?.join(' '),
  dividedAmong: ({ row }) => ofRow(row)?.dividedAmong?.join(' '),
  weight: ({ row }) => (row !== undefined && 'weight' in row ? row.weight : null),
  definitionVersion: ({ terms }) => terms.definitionVersion,
  terms: ({ terms }) => termsText(terms),
  knownAt: ({ knownAt }) => knownAt,
};

const ofRow = (row: Told['row']): MetricRowNow | undefined =>
  row !== undefined && 'key' in row ? row : undefined;

const correctedName = (name: string): string => `corrected${name[0]?.toUpperCase() ?? ''}${name.slice(1)}`;

/** The same columns whatever is asked for: those of what was corrected are empty where nothing was. */
export const metricColumns: CsvColumns<TabledRow> = {
  kind: ({ kind }) => kind,
  metric: ({ metric }) => metric,
  version: ({ version }) => version,
  key: ({ key }) => key,
  ...Object.fromEntries(
    Object.entries(figures).map(([name, cell]) => [name, ({ told }: TabledRow) => cell(told)]),
  ),
  asOf: ({ heading }) => heading.asOf,
  from: ({ heading }) => heading.from,
  to: ({ heading }) => heading.to,
  by: ({ heading }) => heading.by,
  units: ({ units }) => units,
  // Of a composite's rate that of its own table.
  measure: ({ kind, heading }) => (kind === 'PART' ? null : heading.measure),
  formula: ({ kind, heading }) => (kind === 'PART' ? null : heading.formula),
  formulaZh: ({ kind, heading }) => (kind === 'PART' ? null : heading.formulaZh),
  ...Object.fromEntries(
    Object.entries(figures).map(([name, cell]) => [
      correctedName(name),
      ({ corrected }: TabledRow) => corrected && cell(corrected),
    ]),
  ),
};
