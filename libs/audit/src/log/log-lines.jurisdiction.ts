import type { JurisdictionEventData, JurisdictionEventType } from '@shaoying/jurisdiction-contracts';
import type { PlainLine } from '../plain-lines.words.js';

/** How each publication is told. The compiler asks for the line of a new type. */
export const jurisdictionLines: {
  readonly [Type in JurisdictionEventType]: (data: JurisdictionEventData[Type]) => PlainLine;
} = {
  OrgUnitEstablished: ({ orgUnit: { kind, name, effectiveFrom } }) => ({
    zh: `设立单位 ${name}（${kind}），自 ${effectiveFrom} 起`,
    en: `Unit ${name} (${kind}) established from ${effectiveFrom} on`,
  }),
  OrgUnitRevised: ({ orgUnit: { name, effectiveFrom, effectiveTo, successorIds = [] }, version }) =>
    effectiveTo === undefined
      ? {
          zh: `单位 ${name} 变更为第 ${version} 版，自 ${effectiveFrom} 起`,
          en: `Unit ${name} revised to version ${version} from ${effectiveFrom} on`,
        }
      : {
          zh: `单位 ${name} 于 ${effectiveTo} 撤销，承接：${listed(successorIds)}`,
          en: `Unit ${name} ended on ${effectiveTo}, taken over by ${listed(successorIds)}`,
        },
  GridMapPublished: ({ gridMap: { gridMapId, version, grids } }) => ({
    zh: `发布网格图 ${gridMapId} 第 ${version} 版，共 ${grids.length} 个网格`,
    en: `Grid map ${gridMapId} version ${version} published, ${grids.length} grids`,
  }),
  DispatchCataloguePublished: ({ catalogue: { catalogueId, version } }) => ({
    zh: `发布派单目录 ${catalogueId} 第 ${version} 版`,
    en: `Dispatch catalogue ${catalogueId} version ${version} published`,
  }),
  DeadlinePolicyPublished: ({ policy: { policyId, version, calendarId, ladderId } }) => ({
    zh: `发布时限政策 ${policyId} 第 ${version} 版（日历 ${calendarId}，督办阶梯 ${ladderId}）`,
    en: `Deadline policy ${policyId} version ${version} published (calendar ${calendarId}, ladder ${ladderId})`,
  }),
  EscalationLadderPublished: ({ ladder: { ladderId, version } }) => ({
    zh: `发布督办阶梯 ${ladderId} 第 ${version} 版`,
    en: `Escalation ladder ${ladderId} version ${version} published`,
  }),
  WorkingCalendarPublished: ({ calendar: { calendarId, version, years } }) => ({
    zh: `发布工作日历 ${calendarId} 第 ${version} 版（${listed(Object.keys(years))}）`,
    en: `Working calendar ${calendarId} version ${version} published (${listed(Object.keys(years))})`,
  }),
  MetricDefinitionPublished: ({ metric: { metricId, version } }) => ({
    zh: `发布指标定义 ${metricId} 第 ${version} 版`,
    en: `Metric definition ${metricId} version ${version} published`,
  }),
};

const listed = (words: readonly string[]): string => (words.length === 0 ? '—' : words.join(', '));
