import type { ApiKeyEvent, ApiKeyEventType } from '@shaoying/identity';
import { local, when, type NameOf, type PlainLine } from '../plain-lines.words.js';

type ApiKeyData<Type extends ApiKeyEventType> = Extract<ApiKeyEvent, { type: Type }>['data'];

/** How each event of an API key is told: whose it is and until when; never the label, which an office has written. */
export const apiKeyLines: {
  readonly [Type in ApiKeyEventType]: (data: ApiKeyData<Type>, name: NameOf) => PlainLine;
} = {
  ApiKeyIssued: ({ keyId, role, orgUnitId, readOnly, expiresAt }, name) => ({
    zh: `签发 API 密钥 ${keyId}：${name(orgUnitId)}，角色 ${role}${when(readOnly, '，只读')}，有效期至 ${local(expiresAt)}`,
    en: `API key ${keyId} issued to ${name(orgUnitId)} as ${role}${when(readOnly, ', read only')}, valid until ${local(expiresAt)}`,
  }),
  ApiKeyRotated: ({ keyId, formerSecretEndsAt, expiresAt }) => ({
    zh: `更换 API 密钥 ${keyId}，旧密钥 ${local(formerSecretEndsAt)} 失效，新密钥有效期至 ${local(expiresAt)}`,
    en: `API key ${keyId} rotated: the former one ends ${local(formerSecretEndsAt)}, the new one ${local(expiresAt)}`,
  }),
  ApiKeyRevoked: ({ keyId }) => ({ zh: `吊销 API 密钥 ${keyId}`, en: `API key ${keyId} revoked` }),
};
