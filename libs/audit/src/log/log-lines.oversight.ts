import { when, type PlainLine } from '../plain-lines.words.js';
import type { OversightData, OversightEventType, QueryPurpose } from '../trail/oversight.events.js';

const purposesZh: Readonly<Record<QueryPurpose, string>> = {
  SUPERVISION: '监督检查',
  COMPLAINT: '投诉核查',
  DISCIPLINE: '纪律审查',
  APPEAL: '申诉复核',
  DATA_SUBJECT_REQUEST: '个人信息查询',
  COURT: '司法调取',
};

const outcomesZh = { WHOLE: '完整', BROKEN: '发现不符', STOPPED: '中途停止' } as const;

/** How oversight's own trail is told. */
export const oversightLines: {
  readonly [Type in OversightEventType]: (data: OversightData<Type>) => PlainLine;
} = {
  PersonQueried: ({ filters: { actorId }, purpose, count }) => ({
    zh: `查询人员 ${actorId ?? '（日志中无此账号）'} 的操作记录，用途：${purposesZh[purpose]}，返回 ${count} 条`,
    en: `What ${actorId ?? '(no account of the log)'} has done was asked for, purpose ${purpose}, ${count} events told`,
  }),
  EventsExported: ({ exportId, format, purpose, upTo, filters: { actorId } }) => ({
    zh: `开始导出日志（${format}，截至位置 ${upTo}，编号 ${exportId}）${purpose === null ? '' : `，涉及人员 ${actorId ?? '—'}，用途：${purposesZh[purpose]}`}`,
    en: `Export ${exportId} of the log began (${format}, up to position ${upTo})${purpose === null ? '' : `, about ${actorId ?? '—'}, purpose ${purpose}`}`,
  }),
  EventsExportEnded: ({ exportId, complete, events }) => ({
    zh: `导出 ${exportId} ${complete ? '完成' : '中断'}，已发送 ${events} 条`,
    en: `Export ${exportId} ${complete ? 'is complete' : 'was cut off'}, ${events} events sent`,
  }),
  DossierProduced: ({ incidentId, events, treeSize }) => ({
    zh: `生成事件 ${incidentId} 的卷宗，含 ${events} 条记录，对应树大小 ${treeSize}`,
    en: `Dossier of incident ${incidentId} produced, ${events} events, proved at tree size ${treeSize}`,
  }),
  LogVerified: ({ outcome, leaves, fault }) => ({
    zh: `核验日志：${outcomesZh[outcome]}，共 ${leaves} 条${when(fault !== null, `（${fault?.code ?? ''}，位置 ${fault?.position ?? '—'}）`)}`,
    en: `The log was verified: ${outcome}, ${leaves} events${when(fault !== null, ` (${fault?.code ?? ''} at position ${fault?.position ?? '—'})`)}`,
  }),
};
