import { registerProblems } from '@shaoying/http';

/** How refusals of the audit's proofs are told. Imported once, for its effect, by the api role. */
registerProblems({
  EVENT_NOT_IN_TREE: {
    status: 404,
    title: 'The audit tree has no such event',
    titleZh: '审计树中没有此记录',
    detail: 'A new event is in it within seconds.',
    detailZh: '新记录会在数秒内进入审计树。',
  },
  NO_CHECKPOINT_YET: {
    status: 409,
    title: 'No signed checkpoint covers it yet',
    titleZh: '尚无签名检查点覆盖该记录',
    detail: 'One is signed at least every minute while events come.',
    detailZh: '有新记录时，至少每分钟签署一次检查点。',
    retryAfterSeconds: 60,
  },
  NO_SUCH_TREE: {
    status: 404,
    title: 'There is no tree of such a size',
    titleZh: '不存在该大小的审计树',
    messageIsDetail: true,
  },
  LOG_CONTRADICTS_TREE: {
    status: 409,
    title: 'The log is not the one that was signed',
    titleZh: '日志与已签署的内容不符',
    messageIsDetail: true,
  },
});
