import { isSameHash } from './api-key.text.js';
import type { RecordedApiKeyEvent } from './api-key.events.js';
import type { ApiKeyRole } from './api-key.roles.js';

interface Secret {
  readonly hash: string;
  readonly endsAt: string;
}

/** What has been done to a key, by whom and when. */
export interface ApiKeyStep {
  readonly what: 'ISSUED' | 'ROTATED' | 'REVOKED';
  readonly at: string;
  readonly by: string;
}

/** A key as its stream tells it. */
export interface ApiKey {
  readonly keyId: string;
  readonly label: string;
  readonly role: ApiKeyRole;
  readonly orgUnitId: string;
  readonly readOnly: boolean;
  readonly secret: Secret;
  /** The one before a rotation, while it still counts. */
  readonly former: Secret | null;
  readonly revokedAt: string | null;
  readonly steps: readonly ApiKeyStep[];
  readonly revision: number;
}

export type ApiKeyVerdict = 'GOOD' | 'UNKNOWN' | 'EXPIRED' | 'REVOKED';

/** Undefined for no events. */
export function foldApiKey(events: readonly RecordedApiKeyEvent[]): ApiKey | undefined {
  return events.reduce<ApiKey | undefined>(evolve, undefined);
}

function evolve(key: ApiKey | undefined, event: RecordedApiKeyEvent): ApiKey | undefined {
  const step = (what: ApiKeyStep['what']): Pick<ApiKey, 'steps' | 'revision'> => ({
    steps: [...(key?.steps ?? []), { what, at: event.recordedAt, by: event.actor.id }],
    revision: event.revision,
  });
  if (event.type === 'ApiKeyIssued') {
    const { secretHash, expiresAt, ...data } = event.data;
    const secret = { hash: secretHash, endsAt: expiresAt };
    return { ...data, secret, former: null, revokedAt: null, ...step('ISSUED') };
  }
  if (key === undefined) return undefined;
  if (event.type === 'ApiKeyRevoked') {
    return { ...key, revokedAt: key.revokedAt ?? event.recordedAt, ...step('REVOKED') };
  }
  const { secretHash, expiresAt, formerSecretEndsAt } = event.data;
  return {
    ...key,
    secret: { hash: secretHash, endsAt: expiresAt },
    former: { hash: key.secret.hash, endsAt: formerSecretEndsAt },
    ...step('ROTATED'),
  };
}

/** What a presented secret is worth, and until when. That a key has ended is told to its holder only. */
export function judgeSecret(
  key: ApiKey,
  presentedHash: string,
  now: Date,
): { readonly verdict: ApiKeyVerdict; readonly endsAt: Date } {
  const secret = [key.secret, key.former].find((kept) => kept && isSameHash(kept.hash, presentedHash));
  if (!secret) return { verdict: 'UNKNOWN', endsAt: now };
  const endsAt = new Date(secret.endsAt);
  if (key.revokedAt !== null) return { verdict: 'REVOKED', endsAt };
  return { verdict: now < endsAt ? 'GOOD' : 'EXPIRED', endsAt };
}

/** Whether a key opens anything still. */
export function stateOf(key: ApiKey, now: Date): 'ACTIVE' | 'EXPIRED' | 'REVOKED' {
  if (key.revokedAt !== null) return 'REVOKED';
  return now < new Date(key.secret.endsAt) ? 'ACTIVE' : 'EXPIRED';
}
