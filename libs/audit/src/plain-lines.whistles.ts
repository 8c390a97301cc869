import {
  kindsZh,
  lateEn,
  lateZh,
  type Lines,
  originsZh,
  releasedLine,
  summonsLine,
  when,
} from './plain-lines.words.js';

const approvalsZh = { NOT_NEEDED: '', APPROVED: '，经批准', TO_BE_RATIFIED: '，先行吹哨、待补批' };
const approvalsEn = { NOT_NEEDED: '', APPROVED: ', approved', TO_BE_RATIFIED: ', to be ratified' };

/** The summons of departments, from its proposal to its evaluation. */
export const whistleLines = {
  WhistleProposed: ({ data }, name) => ({
    zh: `${name(data.proposingUnitId)} 申请吹哨（${kindsZh[data.kind]}，哨源：${originsZh[data.origin]}），待审批：${summonsLine(data.summons, name).zh}`,
    en: `${name(data.proposingUnitId)} proposed a whistle (${data.kind}, origin ${data.origin}), to be approved: ${summonsLine(data.summons, name).en}`,
  }),
  WhistleApproved: ({ data }, name) => ({
    zh: `${name(data.approvingUnitId)} 批准吹哨`,
    en: `${name(data.approvingUnitId)} approved the whistle`,
  }),
  WhistleRefused: ({ data }, name) => ({
    zh: `${name(data.refusingUnitId)} 不予批准吹哨`,
    en: `${name(data.refusingUnitId)} refused the whistle`,
  }),
  WhistleBlown: ({ data }, name) => {
    const { kind, origin, approval, reverse, repeats } = data;
    const summons = summonsLine(data.tasks, name);
    // Reports are what most whistles come of: only another origin is worth a word.
    const fromElsewhere = origin !== 'REPORT';
    return {
      zh: `${name(data.whistlingUnitId)} ${when(reverse, '反向')}吹哨（${kindsZh[kind]}${when(fromElsewhere, `，哨源：${originsZh[origin]}`)}${approvalsZh[approval]}${when(repeats.length > 0, `，此前已吹哨 ${repeats.length} 次`)}）：${summons.zh}`,
      en: `${name(data.whistlingUnitId)} blew ${reverse ? 'a reverse' : 'the'} whistle (${kind}${when(fromElsewhere, `, origin ${origin}`)}${approvalsEn[approval]}${when(repeats.length > 0, `, whistles before it: ${repeats.length}`)}): ${summons.en}`,
    };
  },
  WhistleRatified: ({ data }, name) => ({
    zh: `${name(data.ratifyingUnitId)} 补批先行吹哨${lateZh(data)}`,
    en: `${name(data.ratifyingUnitId)} ratified the whistle that had acted first${lateEn(data)}`,
  }),
  WhistleFlagged: ({ data }) => ({
    zh: `先行吹哨${data.reason === 'NOT_RATIFIED' ? '逾期未补批' : '未获补批'}，记录在案`,
    en: `The whistle that had acted first was flagged (${data.reason})`,
  }),
  WhistleCancelled: ({ data }, name) => ({
    zh: `${name(data.cancellingUnitId)} 撤销吹哨${releasedLine(data.taskIds).zh}`,
    en: `${name(data.cancellingUnitId)} cancelled the whistle${releasedLine(data.taskIds).en}`,
  }),
  TaskEvaluated: ({ data }, name) => ({
    zh: `${name(data.evaluatingUnitId)} 评哨：${name(data.departmentId)} 得 ${data.score} 分（满分 5 分）`,
    en: `${name(data.evaluatingUnitId)} rated the part of ${name(data.departmentId)}: ${data.score} of 5`,
  }),
} satisfies Partial<Lines>;
