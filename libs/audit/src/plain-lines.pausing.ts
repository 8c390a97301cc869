import { local, movesLine, suspensionsZh, when, type Lines } from './plain-lines.words.js';

/** Time that stands still: it cannot be solved now, or it is another incident. */
export const pausingLines = {
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
  IncidentMerged: ({ data }, name) => ({
    zh: `${name(data.unitId)} 并案：本事件并入事件 ${data.into}`,
    en: `${name(data.unitId)} merged it into incident ${data.into}`,
  }),
  IncidentUnmerged: ({ data }, name) => ({
    zh: `${name(data.unitId)} 撤销并案：本事件与事件 ${data.from} 分开办理${movesLine(data.moves).zh}`,
    en: `${name(data.unitId)} took it apart from incident ${data.from}${movesLine(data.moves).en}`,
  }),
  DuplicateJoined: ({ data }, name) => ({
    zh: `${name(data.unitId)} 并案：事件 ${data.incidentId} 并入本事件`,
    en: `${name(data.unitId)} joined incident ${data.incidentId} to it`,
  }),
  DuplicateLeft: ({ data }, name) => ({
    zh: `${name(data.unitId)} 撤销并案：事件 ${data.incidentId} 不再并入本事件`,
    en: `${name(data.unitId)} parted incident ${data.incidentId} from it`,
  }),
} satisfies Partial<Lines>;
