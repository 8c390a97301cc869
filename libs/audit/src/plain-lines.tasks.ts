import type { DeadlineMove } from '@shaoying/incident-domain';
import { durationZh, lateEn, lateZh, type Lines, local, when } from './plain-lines.words.js';

/** The last of the instants that deadlines were moved to; null where none was. */
const latestOf = (moves: readonly DeadlineMove[]): string | null =>
  moves.map(({ dueAt }) => dueAt).toSorted((a, b) => Date.parse(b) - Date.parse(a))[0] ?? null;

/** What a department does with its task, and how its time is extended. */
export const taskLines = {
  TaskAcknowledged: ({ data }, name) => ({
    zh: `${name(data.departmentId)} ${data.implied ? '视为签收' : '签收'}${lateZh(data)}`,
    en: `${name(data.departmentId)} ${data.implied ? 'counts as having acknowledged' : 'acknowledged'}${lateEn(data)}`,
  }),
  DepartmentCheckedIn: ({ data }, name) => ({
    zh: `${name(data.departmentId)} 报到${lateZh(data)}${when(data.disputed, '；所称时间存疑')}`,
    en: `${name(data.departmentId)} checked in${lateEn(data)}${when(data.disputed, '; claimed time disputed')}`,
  }),
  ReporterContacted: ({ data }, name) => ({
    zh: `${name(data.departmentId)} ${data.reached ? '先行联系上报人' : '联系上报人未果'}${lateZh(data)}`,
    en: `${name(data.departmentId)} ${data.reached ? 'contacted the reporter' : 'tried to contact the reporter, in vain'}${lateEn(data)}`,
  }),
  ProgressReported: ({ data: { departmentId, evidence } }, name) => ({
    zh: `${name(departmentId)} 报告办理进展${when(evidence.length > 0, `，附材料 ${evidence.length} 份`)}`,
    en: `${name(departmentId)} reported progress${when(evidence.length > 0, `, pieces of evidence: ${evidence.length}`)}`,
  }),
  TaskStageCompleted: ({ data }, name) => ({
    zh: `${name(data.departmentId)} 完成阶段处置（${data.stage}）${lateZh(data)}`,
    en: `${name(data.departmentId)} completed a stage (${data.stage})${lateEn(data)}`,
  }),
  TaskUrged: ({ data }, name) => ({
    zh: `${name(data.urgingUnitId)} 催办：${name(data.departmentId)}`,
    en: `${name(data.urgingUnitId)} urged ${name(data.departmentId)}`,
  }),
  WorkBooked: ({ data: { departmentId, workedMinutes } }, name) => {
    const minutes = Math.abs(workedMinutes);
    return workedMinutes < 0
      ? {
          zh: `${name(departmentId)} 冲减已登记工时 ${minutes} 分钟`,
          en: `${name(departmentId)} took back ${minutes} booked minutes of work`,
        }
      : {
          zh: `${name(departmentId)} 登记工时 ${minutes} 分钟`,
          en: `${name(departmentId)} booked ${minutes} minutes of work`,
        };
  },
  ExtensionRequested: ({ data }, name) => ({
    zh: `${name(data.departmentId)} 申请第 ${data.ordinal} 次延期：${durationZh(data.amount, data.unit)}`,
    en: `${name(data.departmentId)} asked for extension ${data.ordinal}: ${data.amount} × ${data.unit}`,
  }),
  ExtensionGranted: ({ data }, name) => {
    const until = latestOf(data.moves);
    return {
      zh: `${name(data.approvingUnitId)} 批准 ${name(data.departmentId)} 第 ${data.ordinal} 次延期${when(until !== null, `，时限延至 ${local(until)}`)}`,
      en: `${name(data.approvingUnitId)} granted extension ${data.ordinal} to ${name(data.departmentId)}${when(until !== null, `, now due ${local(until)}`)}`,
    };
  },
  ExtensionRefused: ({ data }, name) => ({
    zh: `${name(data.refusingUnitId)} 不予批准 ${name(data.departmentId)} 第 ${data.ordinal} 次延期`,
    en: `${name(data.refusingUnitId)} refused extension ${data.ordinal} to ${name(data.departmentId)}`,
  }),
  TaskCompleted: ({ data }, name) => ({
    zh: `${name(data.departmentId)} 处置完毕${lateZh(data)}`,
    en: `${name(data.departmentId)} completed its part${lateEn(data)}`,
  }),
} satisfies Partial<Lines>;
