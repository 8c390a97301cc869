import type { ClaimTolerance } from '@shaoying/incident-domain';

/** domain.md §6, 25: 30 min of skew, 24 h to sync. */
export const claimTolerance: ClaimTolerance = { skewMs: 30 * 60_000, syncMs: 24 * 3_600_000 };
