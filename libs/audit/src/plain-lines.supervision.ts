import type { IncidentEventOf } from '@shaoying/incident-domain';
import {
  coloursZh,
  lateEn,
  lateZh,
  liftedZh,
  type Lines,
  local,
  movesLine,
  type PlainLine,
  suspensionsZh,
  timersZh,
  when,
} from './plain-lines.words.js';

/** Where an order comes from: the step of a ladder, or a person. */
function origin({ step, dueAt }: IncidentEventOf<'SupervisionIssued'>['data']): PlainLine {
  if (step === null) return { zh: '人工发出', en: 'by a person' };
  // Orders of version 1 do not say when it was due; the breach before them does.
  return {
    zh: `第 ${step} 级${when(dueAt !== null, `，时限 ${local(dueAt)}`)}`,
    en: `step ${step}${when(dueAt !== null, `, due ${local(dueAt)}`)}`,
  };
}

/** Time that ran out, and time that stands still. */
export const supervisionLines = {
  TaskOverdue: ({ data }, name) => ({
    zh: `${name(data.departmentId)} ${timersZh[data.timer]}超期（时限 ${local(data.dueAt)}）`,
    en: `${name(data.departmentId)} missed its ${data.timer} deadline (due ${local(data.dueAt)})`,
  }),
  IncidentOverdue: ({ data }) => ({
    zh: `事件${timersZh[data.timer]}超期（时限 ${local(data.dueAt)}）`,
    en: `The incident missed its ${data.timer} deadline (due ${local(data.dueAt)})`,
  }),
  SupervisionIssued: ({ data }, name) => ({
    zh: `发出${coloursZh[data.level]}督办（${origin(data).zh}）${when(data.departmentId !== null, `：${name(data.departmentId)}`)}`,
    en: `${data.level} supervision order (${origin(data).en}) issued${when(data.departmentId !== null, ` to ${name(data.departmentId)}`)}`,
  }),
  SupervisionResponded: ({ data }, name) => ({
    zh: `${name(data.respondingUnitId)} 回复督办${lateZh(data)}`,
    en: `${name(data.respondingUnitId)} answered the supervision order${lateEn(data)}`,
  }),
  SupervisionLifted: ({ data }, name) => ({
    zh: `解除督办（${liftedZh[data.reason]}）${when(data.departmentId !== null, `：${name(data.departmentId)}`)}`,
    en: `Supervision order lifted${when(data.departmentId !== null, ` for ${name(data.departmentId)}`)} (${data.reason})`,
  }),
  IncidentSuspended: ({ data }, name) => ({
    zh: `${name(data.approvingUnitId)} 批准挂账（${suspensionsZh[data.reasonCode]}${when(data.usedPercent !== null, `，时限已用 ${data.usedPercent}%`)}），${local(data.reviewAt)} 前复核`,
    en: `${name(data.approvingUnitId)} suspended it (${data.reasonCode}${when(data.usedPercent !== null, `, ${data.usedPercent} % of the time used`)}), to be reviewed by ${local(data.reviewAt)}`,
  }),
  SuspensionRenewed: ({ data }, name) => ({
    zh: `${name(data.approvingUnitId)} 复核后继续挂账，${local(data.reviewAt)} 前再行复核`,
    en: `${name(data.approvingUnitId)} keeps it suspended, to be reviewed by ${local(data.reviewAt)}`,
  }),
  IncidentResumed: ({ data }, name) => ({
    zh: `${name(data.unitId)} 解除挂账，恢复办理${movesLine(data.moves).zh}`,
    en: `${name(data.unitId)} resumed it${movesLine(data.moves).en}`,
  }),
} satisfies Partial<Lines>;
