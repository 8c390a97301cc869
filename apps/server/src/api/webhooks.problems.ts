import { registerProblems } from '@shaoying/http';

/** How refusals about webhooks are told. Imported once, for its effect, by the api role. */
registerProblems({
  WEBHOOK_NOT_FOUND: {
    status: 404,
    title: 'The department has no such webhook',
    titleZh: '该部门没有此回调',
  },
  TOO_MANY_WEBHOOKS: {
    status: 409,
    title: 'The department has as many webhooks as it may have',
    titleZh: '回调数量已达上限',
  },
  WEBHOOK_URL_REFUSED: {
    status: 422,
    title: 'The address of the webhook may not be called',
    titleZh: '回调地址不可用',
    messageIsDetail: true,
  },
  WEBHOOK_DISABLED: {
    status: 409,
    title: 'The webhook is disabled',
    titleZh: '回调已停用',
    detail: 'Enable it first.',
    detailZh: '请先启用该回调。',
  },
  TOO_MANY_REDELIVERIES: {
    status: 409,
    title: 'Too much waits for delivery already',
    titleZh: '待投递内容过多',
    detail: 'Wait until the webhook has caught up.',
    detailZh: '请待积压投递完成后再试。',
  },
});
