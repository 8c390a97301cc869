import type { Place } from '@shaoying/incident-domain';
import { type Lines, rejectionsZh, releasedLine, when } from './plain-lines.words.js';

const areaOf = ({ communityId, streetId, districtId }: Place): string | null =>
  communityId ?? streetId ?? districtId;

const methodsZh = { BY_POINT: '按坐标定位', BY_HAND: '人工定位', AREA_TRANSFER: '随区划调整移交' };
const methodsEn = { BY_POINT: 'by its point', BY_HAND: 'by hand', AREA_TRANSFER: 'as areas were redrawn' };

/** From the report to the filing, and what happens to a report beside its handling. */
export const intakeLines = {
  IncidentReported: ({ data }) => ({
    zh: `${data.imported ? '导入' : '上报'}事件（${data.category}，渠道 ${data.channel}）${when(data.recurrenceOf !== null, `，系事件 ${data.recurrenceOf} 复发`)}${when(data.evidence.length > 0, `，附照片 ${data.evidence.length} 张`)}`,
    en: `Incident ${data.imported ? 'imported' : 'reported'} (${data.category}, by ${data.channel})${when(data.recurrenceOf !== null, `, a recurrence of incident ${data.recurrenceOf}`)}${when(data.evidence.length > 0, `, photos: ${data.evidence.length}`)}`,
  }),
  ReportSupplemented: ({ data: { evidence } }) => ({
    zh: `上报人补充照片 ${evidence.length} 张`,
    en: `The reporter added photos: ${evidence.length}`,
  }),
  IncidentLocated: ({ data }, name) => {
    const area = areaOf(data.place);
    const { gridMapId, gridMapVersion, suggestedDepartmentId } = data;
    return {
      zh: `${methodsZh[data.method]}：${area === null ? '不在任何辖区内' : name(area)}${when(gridMapId !== null, `（网格图 ${gridMapId} 第 ${gridMapVersion} 版）`)}${when(suggestedDepartmentId !== null, `，派单目录建议由 ${name(suggestedDepartmentId)} 承办`)}`,
      en: `Located ${methodsEn[data.method]}: ${area === null ? 'in no known area' : name(area)}${when(gridMapId !== null, ` (grid map ${gridMapId} version ${gridMapVersion})`)}${when(suggestedDepartmentId !== null, `, the dispatch catalogue suggests ${name(suggestedDepartmentId)}`)}`,
    };
  },
  IncidentVerified: ({ data }, name) => ({
    zh: `${name(data.verifyingUnitId)} 现场核实属实`,
    en: `${name(data.verifyingUnitId)} verified it on site`,
  }),
  IncidentRejected: ({ data }) => ({
    zh: `不予受理（${rejectionsZh[data.reasonCode]}），${data.notice === null ? '无从告知上报人' : '告知上报人'}`,
    en: `Rejected (${data.reasonCode}), ${data.notice === null ? 'nobody can be told' : 'the reporter is told'}`,
  }),
  IncidentFiled: ({ data: { cycle, pins } }) => ({
    zh: `立案${when(cycle > 1, `（第 ${cycle} 轮办理）`)}${pins ? `，适用时限政策 ${pins.policyId} 第 ${pins.policyVersion} 版` : ''}`,
    en: `Filed${when(cycle > 1, ` (cycle ${cycle})`)}${pins ? ` under deadline policy ${pins.policyId} version ${pins.policyVersion}` : ''}`,
  }),
  IncidentWithdrawn: ({ data: { goesOn, taskIds } }) => ({
    zh: `上报人撤回，${goesOn ? '事件继续办理' : `终止办理${releasedLine(taskIds).zh}`}`,
    en: `Withdrawn by the reporter, ${goesOn ? 'goes on without them' : `ended${releasedLine(taskIds).en}`}`,
  }),
  IncidentVoided: ({ data }, name) => ({
    zh: `${name(data.unitId)} 作废本事件`,
    en: `${name(data.unitId)} voided it`,
  }),
  ReporterFlagProposed: ({ data }, name) => ({
    zh: `${name(data.proposingUnitId)} 提议标记上报人（疑似重复或不实上报），待其他单位审批，事件照常办理`,
    en: `${name(data.proposingUnitId)} proposed to flag the reporter, for another office to decide; the incident goes on all the same`,
  }),
  ReporterFlagApproved: ({ data }, name) => ({
    zh: `${name(data.approvingUnitId)} 批准标记上报人，事件照常办理`,
    en: `${name(data.approvingUnitId)} approved the flag on the reporter; the incident goes on all the same`,
  }),
  ReporterFlagRefused: ({ data }, name) => ({
    zh: `${name(data.refusingUnitId)} 不同意标记上报人`,
    en: `${name(data.refusingUnitId)} refused the flag on the reporter`,
  }),
  ReporterFlagged: ({ data }, name) => ({
    zh: `${name(data.unitId)} 标记上报人疑似重复或不实上报，事件照常办理`,
    en: `${name(data.unitId)} flagged the reporter; the incident goes on all the same`,
  }),
} satisfies Partial<Lines>;
