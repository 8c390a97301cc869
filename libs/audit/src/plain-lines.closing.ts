import { appealItemsZh, levelsZh, type Lines, ratingZh } from './plain-lines.words.js';

/** From the check to the end, and what comes after it. */
export const closingLines = {
  CheckPassed: ({ data }, name) => ({
    zh: `${name(data.checkingUnitId)} 核查通过，待评价`,
    en: `${name(data.checkingUnitId)} checked it: passed, feedback awaited`,
  }),
  CheckFailed: ({ data }, name) => ({
    zh: `${name(data.checkingUnitId)} 核查不通过，第 ${data.rework} 次返工`,
    en: `${name(data.checkingUnitId)} checked it: failed, rework ${data.rework}`,
  }),
  FeedbackRecorded: ({ data }) => ({
    zh: `${data.source === 'CALLBACK' ? '回访' : '群众评价'}：${ratingZh(data)}`,
    en: `${data.source === 'CALLBACK' ? 'Callback' : "Reporter's feedback"}: ${data.solved}, ${data.satisfaction}`,
  }),
  FeedbackCorrected: ({ data }) => ({
    zh: `更正${data.source === 'CALLBACK' ? '回访结果' : '群众评价'}：${ratingZh(data)}`,
    en: `${data.source === 'CALLBACK' ? 'Callback' : "Reporter's feedback"} corrected: ${data.solved}, ${data.satisfaction}`,
  }),
  IncidentClosed: ({ data }) => ({
    zh: `结案，解决层级：${levelsZh[data.resolutionLevel]}`,
    en: `Closed, resolved at level ${data.resolutionLevel}`,
  }),
  IncidentReopened: ({ data }, name) => ({
    zh: `${data.by === 'REPORTER' ? '上报人' : name(data.unitId)} 重新打开，进入第 ${data.cycle} 轮办理`,
    en: `${data.by === 'REPORTER' ? 'The reporter' : name(data.unitId)} reopened it, cycle ${data.cycle} begins`,
  }),
  AppealFiled: ({ data }, name) => ({
    zh: `${name(data.unitId)} 提出申诉（${appealItemsZh[data.item]}）`,
    en: `${name(data.unitId)} filed an appeal (${data.item})`,
  }),
  ScoreExcluded: ({ data }, name) => ({
    zh: `${name(data.decidingUnitId)} 支持 ${name(data.unitId)} 的申诉，${appealItemsZh[data.item]}予以剔除`,
    en: `${name(data.decidingUnitId)} upheld the appeal of ${name(data.unitId)}, excluded from its score (${data.item})`,
  }),
  AppealRefused: ({ data }, name) => ({
    zh: `${name(data.decidingUnitId)} 驳回 ${name(data.unitId)} 的申诉`,
    en: `${name(data.decidingUnitId)} refused the appeal of ${name(data.unitId)}`,
  }),
} satisfies Partial<Lines>;
