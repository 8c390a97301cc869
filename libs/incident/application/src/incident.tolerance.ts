import type { CapturedEvidence, ClaimTolerance } from '@shaoying/incident-domain';

/** domain.md §6, 25: 30 min of skew, 24 h to sync. */
export const claimTolerance: ClaimTolerance = { skewMs: 30 * 60_000, syncMs: 24 * 3_600_000 };

/**
 * domain.md §6, 40: an hour, in which clocks of cameras are off and people walk; a kilometre, since phones write places in
 * GCJ-02 under the name of WGS-84, which is 700 m away.
 */
export const evidenceTolerance: CapturedEvidence['tolerance'] = { aroundMs: 60 * 60_000, metres: 1_000 };
