import type { CsvCell, CsvColumns } from '@shaoying/http';
import type {
  ExcludedCase,
  ExplainedCase,
  MetricExplanation,
  MetricHeading,
  Withheld,
} from '@shaoying/incident-read-models';
import { termsText } from './metric-tables.js';
import type { MetricUnits } from './metric-units.js';

/** A case, or what was withheld of all of them. */
interface ExplainedRow {
  readonly place: 'NUMERATOR' | 'DENOMINATOR' | 'EXCLUDED' | 'WITHHELD' | 'NONE';
  readonly found: Partial<Pick<ExplainedCase, 'incidentId' | 'taskId' | 'metricId' | 'weight' | 'amount'>>;
  readonly reason: ExcludedCase['reason'] | null;
  readonly events: readonly string[];
  /** What it adds: the columns of the whole table come to the number, and to the cases left out. */
  readonly adds: Withheld;
}

const noneLeftOut = { denominator: 1, excluded: 0 };
const leftOut: Withheld = { numerator: 0, denominator: 0, excluded: 1 };

/** The cases of a page of an explanation, and what was left out, in one table. */
export const explanationRows = ({
  measure,
  cases,
  excluded,
}: Pick<MetricExplanation, 'measure' | 'cases' | 'excluded'>): ExplainedRow[] => [
  ...cases.map((found): ExplainedRow => {
    const { inNumerator, weight, amount, events } = found;
    const place = inNumerator ? 'NUMERATOR' : 'DENOMINATOR';
    const summed = measure === 'INDEX' || measure === 'DURATION';
    const numerator = summed ? (amount ?? 0) : (weight ?? (inNumerator ? 1 : 0));
    return { place, found, reason: null, events, adds: { numerator, ...noneLeftOut } };
  }),
  ...excluded.map((found): ExplainedRow => {
    return { place: 'EXCLUDED', found, reason: found.reason, events: [], adds: leftOut };
  }),
];

/** The last row of the whole table: what the caller may not see, in one; none where that is nothing. */
export const withheldRows = ({ withheld }: MetricExplanation): ExplainedRow[] =>
  withheld.denominator + withheld.excluded === 0
    ? []
    : [{ place: 'WITHHELD', found: {}, reason: null, events: [], adds: withheld }];

/** The only row of a table without a case: it says of which number there is none. */
export const noCase: ExplainedRow = {
  ...{ place: 'NONE', found: {}, reason: null, events: [] },
  adds: { numerator: 0, denominator: 0, excluded: 0 },
};

const headings = [
  ...(['metric', 'version', 'definitionVersion', 'terms', 'by', 'key'] as const),
  ...(['units', 'from', 'to', 'asOf', 'knownAt'] as const),
];
type Heading = Readonly<Record<(typeof headings)[number], CsvCell>>;

/** Whose table it is. */
export function headingOf(
  { name, version, terms, by, key, from, to, asOf, knownAt }: MetricHeading & Pick<MetricExplanation, 'key'>,
  units: MetricUnits,
): Heading {
  return {
    ...{ metric: name, version, definitionVersion: terms.definitionVersion, terms: termsText(terms) },
    ...{ by, key, units, from, to, asOf, knownAt },
  };
}

/** What the table is of stands in every row: rows are taken out of it, and files are opened months later. */
export const explanationColumns: CsvColumns<ExplainedRow & { readonly of: Heading }> = {
  place: ({ place }) => place,
  incidentId: ({ found }) => found.incidentId,
  taskId: ({ found }) => found.taskId,
  metricId: ({ found }) => found.metricId,
  weight: ({ found }) => found.weight,
  amount: ({ found }) => found.amount,
  numerator: ({ adds }) => adds.numerator,
  denominator: ({ adds }) => adds.denominator,
  excluded: ({ adds }) => adds.excluded,
  reason: ({ reason }) => reason,
  events: ({ events }) => events.join(' '),
  ...Object.fromEntries(headings.map((name) => [name, ({ of }: { readonly of: Heading }) => of[name]])),
};
