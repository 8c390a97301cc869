import type { CapturedEvidence, EvidenceFacts } from '../incident.commands.js';
import type { CaptureDistance, EvidenceFlagged, EvidenceMismatch } from '../incident.events.js';

/** What a command says happened, and when, that its photos are to show. */
export interface EvidenceClaim {
  readonly of: EvidenceFlagged['data']['of'];
  readonly taskId: string | null;
  readonly unitId: string | null;
  readonly occurredAt: string;
  /** Photos were taken in this span, give or take the tolerance. */
  readonly from: string;
  readonly to: string;
}

const METRES_IN_KM = 1_000;

/** Files by which a claim and the camera contradict each other (domain.md §6, 40). Flagged, never refused: cameras err. */
export function flagged(claim: EvidenceClaim, captured: CapturedEvidence | undefined): EvidenceFlagged[] {
  if (captured === undefined) return [];
  const { occurredAt, of, taskId, unitId, from, to } = claim;
  return captured.files.flatMap((file): EvidenceFlagged[] => {
    const mismatches = mismatchesOf(file, claim, captured.tolerance);
    if (mismatches.length === 0) return [];
    const { sha256, capturedAt, metresFromClaim } = file;
    return [
      {
        type: 'EvidenceFlagged',
        occurredAt,
        data: {
          ...{ of, taskId, unitId, evidence: sha256, mismatches, capturedAt },
          ...{ claimedFrom: from, claimedTo: to },
          distance: mismatches.includes('PLACE') ? distanceOf(metresFromClaim ?? 0) : null,
        },
      },
    ];
  });
}

/** What the camera says otherwise than the claim; nothing where it says nothing. */
export function mismatchesOf(
  { capturedAt, metresFromClaim }: EvidenceFacts,
  { from, to }: Pick<EvidenceClaim, 'from' | 'to'>,
  { aroundMs, metres }: CapturedEvidence['tolerance'],
): EvidenceMismatch[] {
  const takenMs = capturedAt === null ? null : Date.parse(capturedAt);
  const atOtherTime =
    takenMs !== null && (takenMs < Date.parse(from) - aroundMs || takenMs > Date.parse(to) + aroundMs);
  const elsewhere = metresFromClaim !== null && metresFromClaim > metres;
  return [...(atOtherTime ? (['TIME'] as const) : []), ...(elsewhere ? (['PLACE'] as const) : [])];
}

/** Coarse, so that the log holds no place: where somebody really was is not its business. */
export function distanceOf(metres: number): CaptureDistance {
  if (metres > 100 * METRES_IN_KM) return 'OVER_100_KM';
  if (metres > 10 * METRES_IN_KM) return 'OVER_10_KM';
  return metres > METRES_IN_KM ? 'OVER_1_KM' : 'UP_TO_1_KM';
}
