import { registerProblems } from '@shaoying/http';

/** How refusals of oversight's doors are told. Imported once, for its effect, by the api role. */
registerProblems({
  REPLAY_WINDOW: {
    status: 400,
    title: 'The span of time cannot be replayed',
    titleZh: '回放时段无效',
    detail:
      'Give a day, or from and to with from before to, 31 days apart at the most; a speed of 1x to 86400x.',
    detailZh: '请给出 day,或同时给出 from 与 to（from 早于 to，最长 31 天）；速度为 1x 至 86400x。',
  },
  REPLAY_TOO_LARGE: {
    status: 422,
    title: 'The span of time holds more than is replayed in one go',
    titleZh: '时段内记录过多，无法一次回放',
    messageIsDetail: true,
  },
  TOO_MANY_REPLAYS: {
    status: 429,
    title: 'Too many replays are running',
    titleZh: '正在进行的回放过多',
    retryAfterSeconds: 10,
  },
  TOO_MANY_EXPORTS: {
    status: 429,
    title: 'Too many exports are running',
    titleZh: '正在进行的导出过多',
    retryAfterSeconds: 30,
  },
  PURPOSE_REQUIRED: {
    status: 400,
    title: 'Whoever asks about a person says what for',
    titleZh: '查询人员须说明用途',
    detail: 'Give purpose with actor. It is recorded before anything is told.',
    detailZh: '按 actor 查询时须同时给出 purpose；用途会先记录在案。',
  },
  DOCUMENT_MISSING: {
    status: 503,
    title: 'The log lacks a document that the incident names',
    titleZh: '日志缺少事件引用的文件',
    messageIsDetail: true,
  },
});
