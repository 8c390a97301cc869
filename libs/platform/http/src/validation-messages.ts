/** Chinese texts by rule. `{…}` takes the limits out of the English text, which class-validator builds with them. */
const TEXTS: Readonly<Record<string, string>> = {
  unknownField: '未知字段',
  isDefined: '必填',
  isNotEmpty: '不能为空',
  isNotBlank: '不能为空',
  isString: '必须是文本',
  isNumber: '必须是数字',
  isInt: '必须是整数',
  isBoolean: '必须是 true 或 false',
  isArray: '必须是数组',
  isObject: '必须是对象',
  nestedValidation: '必须是对象',
  isEnum: '必须是以下之一：{list}',
  isIn: '必须是以下之一：{list}',
  min: '不能小于 {1}',
  max: '不能大于 {1}',
  minLength: '长度不能少于 {1}',
  maxLength: '长度不能超过 {1}',
  isLength: '长度不符合要求（{all}）',
  arrayMinSize: '至少需要 {1} 项',
  arrayMaxSize: '最多 {1} 项',
  arrayUnique: '各项不能重复',
  arrayNotEmpty: '至少需要一项',
  isInstant:
    '必须是带时区偏移的 ISO 8601 时间（1970 至 2200 年），例如 2026-02-13T16:00:00+08:00；在地址中 + 写作 %2B',
  isPosition: '必须是序号（sequence）',
  isPlaceInFeed: '必须是序号（sequence）或带时区偏移的 ISO 8601 时间',
  isNotBeforeFrom: '不能早于 from',
  needsBy: '须与 by 同时给出：它是该维度中的一行',
  isOpaqueId: '必须是 1 至 100 个字母、数字、点、连字符或下划线组成的编号',
  isLatitude: '必须是纬度',
  isLongitude: '必须是经度',
  isUuid: '必须是 UUID',
  matches: '格式不符合要求',
};

export function chineseMessage(rule: string, english: string): string {
  const text = TEXTS[rule] ?? '不符合要求';
  if (!text.includes('{')) return text;
  const numbers = english.match(/-?\d+(?:\.\d+)?/g) ?? [];
  const list = english.slice(english.indexOf(': ') + 2);
  return text
    .replace('{list}', () => list)
    .replace('{1}', () => numbers.at(-1) ?? '')
    .replace('{all}', () => numbers.join('–'));
}
