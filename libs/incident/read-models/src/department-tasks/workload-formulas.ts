import {
  WORKLOAD_FIGURES,
  workloadFigures,
  type FigureSql,
  type WorkloadDefinition,
  type WorkloadFigure,
  type WorkloadFigureName,
} from './workload-figures.js';

/** One that is made of tasks. */
export type EarlierFigure = WorkloadFigure & { readonly sql: FigureSql };

/**
 * Figures by formulas that were in force once, each written out as it was, with nothing shared: a number that was told by one of
 * them is computed by it for ever (docs/adr/0033-every-formula-stays.md). Nothing in them is ever changed.
 */
const earlier: Readonly<Partial<Record<WorkloadFigureName, readonly EarlierFigure[]>>> = {
  acknowledgeOnTimeRate: [
    {
      version: 1,
      measure: 'RATE',
      unit: 'SHARE',
      titles: { zh: '按时签收率', en: 'Share acknowledged on time' },
      formulas: {
        zh: '分子 met ÷ 分母 decided；分母：吹哨时刻（notifiedAt）在自 from 起至 asOf 止之内、asOf 时签收已见分晓（已签收，或已过时限）且当时归其所有的任务；分子：其中不晚于时限签收的。不计：已退回或免除而不计责的、无该时限的、未到期的、挂账或并案中的。与指标 acknowledge-on-time 不同：本数按吹哨时刻取窗口内的任务，该指标按签收时限取窗口内到期的任务',
        en: 'met / decided; decided: tasks notified from `from` to `asOf` that by `asOf` are acknowledged, or past the due time, and were its own when that was decided; met: those of them acknowledged no later than due. Left out: tasks given back, or released without counting; those without such a deadline; those not due yet; those not done while suspended or merged. Differs from the metric acknowledge-on-time: this takes the tasks notified in the window, the metric those due in the window',
      },
      sql: {
        counts:
          'notified_at >= $4 and (ended is null or counted) and acknowledge_due is not null and (ack is not null or (acknowledge_due < as_of and not false and set_aside is null)) and (least(ack, acknowledge_due) >= held_since or held_since = notified_at) and (held_until is null or least(ack, acknowledge_due) < held_until)',
        amount: '((ack <= acknowledge_due) is true)::int',
        candidates: 'notified_at >= $4',
        dueAt: 'acknowledge_due',
        doneAt: 'ack',
        events: [
          'NOTIFIED',
          'TAKEN_OVER',
          'TERMS_CHANGED',
          'ENDED',
          'SET_ASIDE',
          'HANDED_ON',
          'ACKNOWLEDGED',
        ],
        reasons: [
          ['ended is not null and not counted', '{ended}'],
          ['acknowledge_due is null', 'NO_DEADLINE'],
          ['ack is null and acknowledge_due >= as_of', 'NOT_DUE_YET'],
          ['ack is null and false and undecided', 'UNDECIDED'],
          ['ack is null and false', 'EXTENSION_ASKED'],
          ['ack is null and set_aside is not null', '{set_aside}'],
          ['true', 'ANOTHER_HAD_IT'],
        ],
      },
    },
  ],
  checkInOnTimeRate: [
    {
      version: 1,
      measure: 'RATE',
      unit: 'SHARE',
      titles: { zh: '按时报到率', en: 'Share checked in on time' },
      formulas: {
        zh: '分子 met ÷ 分母 decided；分母：吹哨时刻（notifiedAt）在自 from 起至 asOf 止之内、asOf 时报到已见分晓（已报到，或已过时限）且当时归其所有的任务；分子：其中不晚于时限报到的。不计：已退回或免除而不计责的、无该时限的、未到期的、挂账或并案中、退回或裁定未决的。与指标 check-in-on-time 不同：本数按吹哨时刻取窗口内的任务，该指标按报到时限取窗口内到期的任务',
        en: 'met / decided; decided: tasks notified from `from` to `asOf` that by `asOf` are checked in, or past the due time, and were its own when that was decided; met: those of them checked in no later than due. Left out: tasks given back, or released without counting; those without such a deadline; those not due yet; those not done while suspended or merged, or while a return or an arbitration is undecided. Differs from the metric check-in-on-time: this takes the tasks notified in the window, the metric those due in the window',
      },
      sql: {
        counts:
          'notified_at >= $4 and (ended is null or counted) and check_in_due is not null and (arrived is not null or (check_in_due < as_of and not undecided and set_aside is null)) and (least(arrived, check_in_due) >= held_since or held_since = notified_at) and (held_until is null or least(arrived, check_in_due) < held_until)',
        amount: '((arrived <= check_in_due) is true)::int',
        candidates: 'notified_at >= $4',
        dueAt: 'check_in_due',
        doneAt: 'arrived',
        events: [
          'NOTIFIED',
          'TAKEN_OVER',
          'TERMS_CHANGED',
          'ENDED',
          'SET_ASIDE',
          'HANDED_ON',
          'CHECKED_IN',
          'UNDECIDED',
        ],
        reasons: [
          ['ended is not null and not counted', '{ended}'],
          ['check_in_due is null', 'NO_DEADLINE'],
          ['arrived is null and check_in_due >= as_of', 'NOT_DUE_YET'],
          ['arrived is null and undecided and undecided', 'UNDECIDED'],
          ['arrived is null and undecided', 'EXTENSION_ASKED'],
          ['arrived is null and set_aside is not null', '{set_aside}'],
          ['true', 'ANOTHER_HAD_IT'],
        ],
      },
    },
  ],
  handlingOnTimeRate: [
    {
      version: 1,
      measure: 'RATE',
      unit: 'SHARE',
      titles: { zh: '按时处置率', en: 'Share handled on time' },
      formulas: {
        zh: '分子 met ÷ 分母 decided；分母：吹哨时刻（notifiedAt）在自 from 起至 asOf 止之内、asOf 时处置已见分晓（已处置，或已过时限）且当时归其所有的任务；分子：其中不晚于时限处置的。不计：已退回或免除而不计责的、无该时限的、未到期的、挂账或并案中、退回、裁定或延期申请未决的。与指标 handling-on-time 不同：本数按吹哨时刻取窗口内的任务，该指标按处置时限取窗口内到期的任务',
        en: 'met / decided; decided: tasks notified from `from` to `asOf` that by `asOf` are handled, or past the due time, and were its own when that was decided; met: those of them handled no later than due. Left out: tasks given back, or released without counting; those without such a deadline; those not due yet; those not done while suspended or merged, or while a return, an arbitration or an extension is undecided. Differs from the metric handling-on-time: this takes the tasks notified in the window, the metric those due in the window',
      },
      sql: {
        counts:
          'notified_at >= $4 and (ended is null or counted) and handling_due is not null and (handled is not null or (handling_due < as_of and not (undecided or extending) and set_aside is null)) and (least(handled, handling_due) >= held_since or held_since = notified_at) and (held_until is null or least(handled, handling_due) < held_until)',
        amount: '((handled <= handling_due) is true)::int',
        candidates: 'notified_at >= $4',
        dueAt: 'handling_due',
        doneAt: 'handled',
        events: [
          'NOTIFIED',
          'TAKEN_OVER',
          'TERMS_CHANGED',
          'ENDED',
          'SET_ASIDE',
          'HANDED_ON',
          'COMPLETED',
          'ACCEPTED_COMPLETION',
          'UNDECIDED',
          'EXTENSION_ASKED',
        ],
        reasons: [
          ['ended is not null and not counted', '{ended}'],
          ['handling_due is null', 'NO_DEADLINE'],
          ['handled is null and handling_due >= as_of', 'NOT_DUE_YET'],
          ['handled is null and (undecided or extending) and undecided', 'UNDECIDED'],
          ['handled is null and (undecided or extending)', 'EXTENSION_ASKED'],
          ['handled is null and set_aside is not null', '{set_aside}'],
          ['true', 'ANOTHER_HAD_IT'],
        ],
      },
    },
  ],
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
