import { places, standardTerms, type MetricDefinition } from './metric-definition.js';

const levels = ['ESTATE', 'COMMUNITY', 'SUBDISTRICT', 'DISTRICT'] as const;
type Level = (typeof levels)[number];

/** The level and those below it. */
const upTo = (level: Level): readonly Level[] => levels.slice(0, levels.indexOf(level) + 1);
const resolvedIn = (level: Level): string =>
  `resolution_level in (${upTo(level)
    .map((each) => `'${each}'`)
    .join(', ')})`;

const chinese: Readonly<Record<Level | 'MINOR' | 'MAJOR' | 'GROUP', string>> = {
  ...{ ESTATE: '小区', COMMUNITY: '社区', SUBDISTRICT: '街道', DISTRICT: '区' },
  ...{ MINOR: '小事', MAJOR: '大事', GROUP: '群体事件' },
};

const ofLastClosing = {
  window: { zh: '按最后一次结案时间', en: 'by the time of the last closing' },
  dimensions: {
    zh: '地点以结案时为准，类别为上报时',
    en: 'place as it was when the incident was closed, category as reported',
  },
} as const satisfies Partial<MetricDefinition['meaning']>;

/** @param what is closed */
const resolvedWithin = (level: Level, what: MetricDefinition['title']): MetricDefinition['meaning'] => ({
  numerator: {
    zh: `其中办结层级不高于${chinese[level]}的件数；办结层级为结案轮次中承担过处置责任的最高层级`,
    en:
      `those of them with resolutionLevel in {${upTo(level).join(', ')}}: the highest level that held responsibility ` +
      'in the closing cycle',
  },
  denominator: {
    zh: `统计期内结案且未重开的${what.zh}件数`,
    en: `${what.en}, closed in [from, to) and not opened again`,
  },
  ...ofLastClosing,
});

const common = {
  ...{ measure: 'RATE', reading: 'HIGHER', cohort: 'closures', windowColumn: 'closed_at' },
  ...{ events: ['closed_event_id'], dimensions: places, department: null, terms: standardTerms },
  // Alone it rewards whoever does not whistle (domain.md §4).
  shownWith: ['satisfaction-rate', 'reopen-rate', 'time-before-escalation'],
} as const satisfies Partial<MetricDefinition>;

function ofSeverity(
  name: string,
  severity: 'MINOR' | 'MAJOR' | 'GROUP',
  level: Level,
  inAnEstate: boolean,
): MetricDefinition {
  const located = inAnEstate ? ' located in an estate' : '';
  const what = `${chinese[severity]}${inAnEstate ? '（位于小区内）' : ''}`;
  return {
    ...common,
    ...{
      name,
      version: 3,
      title: {
        zh: `${chinese[severity]}不出${chinese[level]}率`,
        en: `Containment: ${severity} within ${level}`,
      },
    },
    formula: {
      zh: `统计期内结案且未重开的${what}中，办结层级不高于${chinese[level]}的件数 ÷ 全部件数；办结层级为结案轮次中承担过处置责任的最高层级`,
      en:
        `closed ${severity} incidents with resolutionLevel in {${upTo(level).join(', ')}} / closed ${severity} incidents` +
        `${located}; cohort: last closing in [from, to), not opened again`,
    },
    meaning: resolvedWithin(level, { zh: what, en: `${severity} incidents${located}` }),
    exclusions: [
      [`severity <> '${severity}'`, 'OTHER_SEVERITY'],
      ...(inAnEstate ? [['estate_id is null', 'NOT_LOCATED_IN_AN_ESTATE'] as const] : []),
    ],
    numerator: resolvedIn(level),
  };
}

/** 累计: of all severities together. */
const cumulative = (level: Level): MetricDefinition => ({
  ...common,
  ...{
    name: `contained-at-${level.toLowerCase()}`,
    version: 1,
    exclusions: [],
    numerator: resolvedIn(level),
  },
  title: { zh: `${chinese[level]}内累计化解率`, en: `Contained at ${level} or below` },
  formula: {
    zh: `统计期内结案且未重开的事件中，办结层级不高于${chinese[level]}的件数 ÷ 全部件数`,
    en: `closed incidents with resolutionLevel in {${upTo(level).join(', ')}} / closed incidents; cohort: last closing in [from, to), not opened again`,
  },
  meaning: resolvedWithin(level, { zh: '事件', en: 'incidents of all severities' }),
});

export const containmentMetrics: readonly MetricDefinition[] = [
  ofSeverity('containment-estate', 'MINOR', 'ESTATE', true),
  ofSeverity('containment-community', 'MAJOR', 'COMMUNITY', false),
  ofSeverity('containment-street', 'GROUP', 'SUBDISTRICT', false),
  ...levels.map(cumulative),
];
