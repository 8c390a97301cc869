import type { WebhookEvent, WebhookEventType } from '@shaoying/webhooks';
import { local, type NameOf, type PlainLine } from '../plain-lines.words.js';

type WebhookData<Type extends WebhookEventType> = Extract<WebhookEvent, { type: Type }>['data'];

const causes = {
  BY_HAND: { zh: '人工停用', en: 'by hand' },
  GONE: { zh: '对方答复已撤销（410）', en: 'it answered 410' },
  FAILING: { zh: '连续三天投递失败', en: 'nothing was delivered for three days' },
} as const;

/** How each event of a webhook is told: whose it is; never its address, which may hold what only its department knows. */
export const webhookLines: {
  readonly [Type in WebhookEventType]: (data: WebhookData<Type>, name: NameOf) => PlainLine;
} = {
  WebhookRegistered: ({ webhookId, departmentId }, name) => ({
    zh: `${name(departmentId)} 登记派单推送 ${webhookId}`,
    en: `Webhook ${webhookId} of ${name(departmentId)} registered`,
  }),
  WebhookSecretRotated: ({ webhookId, formerSecretEndsAt }) => ({
    zh: `更换派单推送 ${webhookId} 的签名密钥，旧密钥 ${local(formerSecretEndsAt)} 失效`,
    en: `Secret of webhook ${webhookId} rotated: the former one ends ${local(formerSecretEndsAt)}`,
  }),
  WebhookDisabled: ({ webhookId, cause }) => ({
    zh: `停用派单推送 ${webhookId}：${causes[cause].zh}`,
    en: `Webhook ${webhookId} disabled: ${causes[cause].en}`,
  }),
  WebhookEnabled: ({ webhookId }) => ({
    zh: `重新启用派单推送 ${webhookId}`,
    en: `Webhook ${webhookId} enabled again`,
  }),
  WebhookDeleted: ({ webhookId }) => ({
    zh: `删除派单推送 ${webhookId}`,
    en: `Webhook ${webhookId} deleted`,
  }),
};
