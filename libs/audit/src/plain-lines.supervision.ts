import type { IncidentEventOf, RescheduledDeadline } from '@shaoying/incident-domain';
import {
  coloursZh,
  lateEn,
  lateZh,
  liftedZh,
  type Lines,
  local,
  type PlainLine,
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

/** How many of the deadlines have another due time by it. */
function changedLine(moves: readonly RescheduledDeadline[]): PlainLine {
  const changed = moves.filter(({ dueAt, formerDueAt }) => dueAt !== formerDueAt).length;
  return {
    zh: `（${moves.length} 项，其中 ${changed} 项时限有变）`,
    en: ` (${moves.length}, of which ${changed} are due at another time)`,
  };
}

/** Time that ran out, and what comes of it. */
export const supervisionLines = {
  DeadlineWarned: ({ data }, name) => ({
    zh: `${when(data.departmentId !== null, `${name(data.departmentId)} `)}${timersZh[data.timer]}即将到期（时限 ${local(data.dueAt)}）`,
    en: `The ${data.timer} deadline${when(data.departmentId !== null, ` of ${name(data.departmentId)}`)} is near (due ${local(data.dueAt)})`,
  }),
  DeadlinesRescheduled: ({ data }) => ({
    zh: `${data.cause === 'POLICY_MOVED' ? '时限改按新版标准计算' : '新一年工作日历公布，暂定时限已确定'}${changedLine(data.moves).zh}`,
    en: `${data.cause === 'POLICY_MOVED' ? 'Deadlines go on under another policy' : 'The calendar of the year was published; provisional deadlines are fixed'}${changedLine(data.moves).en}`,
  }),
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
} satisfies Partial<Lines>;
