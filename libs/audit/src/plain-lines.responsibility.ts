import type { TaskAssignment } from '@shaoying/incident-domain';
import {
  arbitrationCausesZh,
  lateEn,
  lateZh,
  type Lines,
  lostTimeLine,
  type NameOf,
  type PlainLine,
  releasesZh,
  returnsZh,
  rolesZh,
  rulesZh,
  when,
} from './plain-lines.words.js';

/** Who has the task from here on. */
const dispatchedTo = (task: TaskAssignment | null, name: NameOf): PlainLine =>
  task === null
    ? { zh: '不再改派', en: 'nobody takes its place' }
    : {
        zh: `改派 ${name(task.departmentId)}（${rolesZh[task.role]}）`,
        en: `dispatched to ${name(task.departmentId)} (${task.role})`,
      };

/** Whose task it is: returned, arbitrated, led by another, released, transferred. */
export const responsibilityLines = {
  ReturnRequested: ({ data }, name) => ({
    zh: `${name(data.departmentId)} 申请退单（${returnsZh[data.reasonCode]}，本轮第 ${data.ordinal} 次）${when(data.suggestedUnitId !== null, `，建议由 ${name(data.suggestedUnitId)} 承办`)}${lateZh(data)}`,
    en: `${name(data.departmentId)} asked to return its task (${data.reasonCode}, number ${data.ordinal} of the cycle)${when(data.suggestedUnitId !== null, `, suggesting ${name(data.suggestedUnitId)}`)}${lateEn(data)}`,
  }),
  ReturnAccepted: ({ data }, name) => ({
    zh: `${name(data.decidingUnitId)} 同意 ${name(data.departmentId)} 退单，${dispatchedTo(data.newTask, name).zh}${lostTimeLine(data.lostTime, name).zh}`,
    en: `${name(data.decidingUnitId)} accepted the return of ${name(data.departmentId)}, ${dispatchedTo(data.newTask, name).en}${lostTimeLine(data.lostTime, name).en}`,
  }),
  ReturnRejected: ({ data }, name) => ({
    zh: `${name(data.decidingUnitId)} 驳回 ${name(data.departmentId)} 的退单申请${lostTimeLine(data.lostTime, name).zh}`,
    en: `${name(data.decidingUnitId)} rejected the return of ${name(data.departmentId)}${lostTimeLine(data.lostTime, name).en}`,
  }),
  ArbitrationOpened: ({ data }, name) => ({
    zh: `启动裁定（${arbitrationCausesZh[data.cause]}），涉及 ${data.parties.map(name).join('、')}`,
    en: `Arbitration opened (${data.cause}), in question: ${data.parties.map(name).join(', ')}`,
  }),
  ResponsibilityDecided: ({ data }, name) => ({
    zh: `${name(data.arbitratingUnitId)} 裁定：由 ${name(data.responsibleUnitId)} 承办（依据：${rulesZh[data.rule]}），不得再退${lostTimeLine(data.lostTime, name).zh}`,
    en: `${name(data.arbitratingUnitId)} decided: ${name(data.responsibleUnitId)} is responsible (${data.rule}), finally${lostTimeLine(data.lostTime, name).en}`,
  }),
  DepartmentAdded: ({ data: { task } }, name) => ({
    zh: `增派 ${name(task.departmentId)}（${rolesZh[task.role]}）`,
    en: `${name(task.departmentId)} added (${task.role})`,
  }),
  LeadChanged: ({ data }, name) => ({
    zh: `主办由 ${name(data.fromDepartmentId)} 变更为 ${name(data.toDepartmentId)}，原主办${data.formerLead === 'ASSIST' ? '转为协办' : '解除任务'}${lostTimeLine(data.lostTime, name).zh}`,
    en: `Lead changed from ${name(data.fromDepartmentId)} to ${name(data.toDepartmentId)}, the former lead ${data.formerLead === 'ASSIST' ? 'assists' : 'is released'}${lostTimeLine(data.lostTime, name).en}`,
  }),
  ReleaseRequested: ({ data }, name) => ({
    zh: `主办 ${name(data.leadDepartmentId)} 反映协办 ${name(data.departmentId)} 拖延办理，申请解除其任务`,
    en: `Lead ${name(data.leadDepartmentId)} asked for the release of ${name(data.departmentId)}, which holds the matter up`,
  }),
  TaskReleased: ({ data }, name) => ({
    zh: `解除 ${name(data.departmentId)} 的任务（${releasesZh[data.reasonCode]}），${data.counted ? '计入考核' : '不计入考核'}`,
    en: `${name(data.departmentId)} released (${data.reasonCode}), ${data.counted ? 'counted' : 'not counted'} against it`,
  }),
  TaskTransferred: ({ data }, name) => ({
    zh: `机构调整，${name(data.fromDepartmentId)} 的任务转由 ${name(data.toDepartmentId)} 承接`,
    en: `Task of ${name(data.fromDepartmentId)} transferred to its successor ${name(data.toDepartmentId)}`,
  }),
} satisfies Partial<Lines>;
