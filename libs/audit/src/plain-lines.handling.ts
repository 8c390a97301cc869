import { lateEn, lateZh, levelsZh, partiesZh, when, type Lines } from './plain-lines.words.js';

const mismatchZh = { TIME: '时间', PLACE: '地点' } as const;
const mismatchEn = { TIME: 'time', PLACE: 'place' } as const;

/** Who handles it without a whistle: the estate and its parties, or a higher level; and how handling ends. */
export const handlingLines = {
  SelfHandlingStarted: ({ data }, name) => ({
    zh: `${name(data.handlingUnitId)} 开始自处置（${levelsZh[data.level]}）${when(data.parties.length > 0, `，会同${data.parties.map((party) => partiesZh[party]).join('、')}`)}`,
    en: `${name(data.handlingUnitId)} started handling it themselves (${data.level})${when(data.parties.length > 0, `, together with ${data.parties.join(', ')}`)}`,
  }),
  ReporterContactedBySelfHandler: ({ data }, name) => ({
    zh: `${name(data.handlingUnitId)} ${data.reached ? '先行联系上报人' : '联系上报人未果'}${lateZh(data)}`,
    en: `${name(data.handlingUnitId)} ${data.reached ? 'contacted the reporter' : 'tried to contact the reporter, in vain'}${lateEn(data)}`,
  }),
  IncidentEscalated: ({ data: { from, to, unitId } }, name) => ({
    zh: `${name(unitId)} 提级办理：${from === null ? '' : `由${levelsZh[from]}`}提至${levelsZh[to]}`,
    en: `${name(unitId)} escalated it${from === null ? '' : ` from ${from}`} to ${to}`,
  }),
  HandlingCompleted: ({ data }) => ({
    zh: `处置完成（${levelsZh[data.level]}），待核查${lateZh(data)}`,
    en: `Handling completed (${data.level}), to be checked${lateEn(data)}`,
  }),
  EvidenceFlagged: ({ data: { unitId, mismatches } }, name) => ({
    zh: `${name(unitId)} 所附照片的拍摄${mismatches.map((kind) => mismatchZh[kind]).join('、')}与所述不符`,
    en: `A photo by ${name(unitId)} was taken at another ${mismatches.map((kind) => mismatchEn[kind]).join(' and ')} than claimed`,
  }),
} satisfies Partial<Lines>;
