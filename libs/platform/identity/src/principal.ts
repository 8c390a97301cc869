/** Roles a token may carry, from the HTTP contract. */
export const ROLES = [
  'resident',
  'grid-worker',
  'community',
  'street-office',
  'department',
  'supervision-centre',
  'callback',
  'arbitrator',
  'oversight',
  'admin',
] as const;
export type Role = (typeof ROLES)[number];

/** Who sends a request. Never a name: the id is the token's `sub`, or `key-<id>` for an API key. */
export interface Principal {
  readonly id: string;
  readonly roles: readonly Role[];
  /** The unit the person acts for; null for residents and oversight. */
  readonly orgUnitId: string | null;
  /** When the access token or the API key ends; long answers such as streams end with it. Absent for callers without a token. */
  readonly expiresAt?: Date;
  /** True for an API key that may read only. */
  readonly readOnly?: boolean;
  /** For long answers: whether the credential counts still. Absent where only its end matters. */
  readonly stillCounts?: () => Promise<boolean>;
}

/** Someone without a token, where that is allowed. */
export const ANONYMOUS: Principal = Object.freeze({
  id: 'anonymous',
  roles: Object.freeze([]),
  orgUnitId: null,
});

export function isRole(text: unknown): text is Role {
  return (ROLES as readonly unknown[]).includes(text);
}

export function hasAnyRole(principal: Principal, roles: readonly Role[]): boolean {
  return roles.some((role) => principal.roles.includes(role));
}
