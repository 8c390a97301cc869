import { registerProblems } from '@shaoying/http';

/** How refusals of simulations are told. Imported once, for its effect, by the api role. */
registerProblems({
  SIMULATION_NOT_FOUND: {
    status: 404,
    title: 'There is no such simulation',
    titleZh: '推演不存在',
    detail: 'It may have been cancelled, or is older than what is kept.',
    detailZh: '可能已取消，或已超过保留期限。',
  },
  SIMULATION_WINDOW: {
    status: 422,
    title: 'The window must end after it begins, five years later at the most',
    titleZh: '时间窗口须先始后终，且不超过五年',
  },
  SIMULATION_SCOPE: {
    status: 422,
    title: 'The scope names a unit that does not exist',
    titleZh: '范围中的单位不存在',
  },
  ALTERNATIVE_NOT_PUBLISHED: {
    status: 422,
    title: 'A version that is named there is not published',
    titleZh: '所指版本尚未发布',
  },
  TOO_MANY_SIMULATIONS: {
    status: 429,
    title: 'As many simulations wait as may',
    titleZh: '等待中的推演已达上限',
    retryAfterSeconds: 30,
  },
});
