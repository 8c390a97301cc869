import {
  WORKLOAD_FIGURES,
  workloadFigures,
  type FigureSql,
  type WorkloadDefinition,
  type WorkloadFigure,
  type WorkloadFigureName,
} from './workload-figures.js';

/** Of one number: a rate would have to bring its counts. */
export type EarlierFigure = WorkloadFigure & {
  readonly measure: 'COUNT' | 'SUM' | 'MEDIAN' | 'P90';
  readonly sql: FigureSql;
};

/**
 * Figures by formulas that were in force once, each written out as it was, with nothing shared: a number that was told by one of
 * them is computed by it for ever (docs/adr/0033-every-formula-stays.md). Nothing in them is ever changed.
 */
const earlier: Readonly<Partial<Record<WorkloadFigureName, readonly EarlierFigure[]>>> = {
  weighted: [
    {
      version: 1,
      measure: 'SUM',
      unit: 'WEIGHTED_TASKS',
      titles: { zh: '加权在办', en: 'Weighted' },
      formulas: {
        zh: 'asOf 时在办任务之和，主办（LEAD）计 1，协办（ASSIST）计 0.5（挂账、并入他案的事件之任务，期间不算在办）',
        en:
          'sum over the tasks open at `asOf`: LEAD counts 1, ASSIST 0.5 (tasks of incidents that are suspended, or merged into ' +
          'another, are not open meanwhile)',
      },
      sql: {
        counts: 'has and is_open',
        amount: "case role when 'LEAD' then 1 else 0.5 end",
        candidates:
          '(held_until >= $4 or (has and (done is null or done >= $4) and (ended is null or ended_at >= $4)))',
        reasons: [
          ['not has', 'HANDED_ON'],
          ['done is not null', 'DONE'],
          ['ended is not null', '{ended}'],
          ['set_aside is not null', '{set_aside}'],
        ],
        events: [
          ...(['NOTIFIED', 'TAKEN_OVER', 'TERMS_CHANGED', 'SET_ASIDE', 'COMPLETED', 'ENDED'] as const),
          'HANDED_ON',
        ],
      },
    },
  ],
};

/** The version that each figure is asked for by; the one in force where none is named. */
export type WorkloadVersions = Readonly<Partial<Record<WorkloadFigureName, number>>>;

/** @param version the one in force where none is named; undefined where it is not on record */
export const workloadFigure = (name: WorkloadFigureName, version?: number): WorkloadFigure | undefined =>
  [workloadFigures[name], ...(earlier[name] ?? [])].find(
    (figure) => version === undefined || figure.version === version,
  );

/** Those of the named figures that are to be computed by an earlier formula. */
export const earlierFigures = (
  versions: WorkloadVersions,
): readonly (readonly [WorkloadFigureName, EarlierFigure])[] =>
  WORKLOAD_FIGURES.flatMap((name) => {
    const found = earlier[name]?.find(({ version }) => version === versions[name]);
    return found === undefined ? [] : [[name, found] as const];
  });

/** What is told of a figure's meaning. @throws Error for a version that is not on record */
export function workloadDefinition(name: WorkloadFigureName, version?: number): WorkloadDefinition {
  const figure = workloadFigure(name, version);
  if (figure === undefined) throw new Error(`version ${version} of ${name} is not kept`);
  const { titles, formulas, measure, unit } = figure;
  const versions = [workloadFigures[name], ...(earlier[name] ?? [])].map((each) => each.version);
  return {
    ...{ name, version: figure.version, versions: versions.sort((a, b) => b - a), title: titles.zh, titles },
    ...{ formula: formulas.en, formulaZh: formulas.zh, measure, unit },
  };
}

/** The same of all of them. */
export const workloadDefinitions = (versions: WorkloadVersions = {}): readonly WorkloadDefinition[] =>
  WORKLOAD_FIGURES.map((name) => workloadDefinition(name, versions[name]));
