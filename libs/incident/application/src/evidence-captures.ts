import type { Actor } from '@shaoying/event-store';
import type { CapturedEvidence, EvidenceFacts, Location } from '@shaoying/incident-domain';
import { evidenceTolerance } from './incident.tolerance.js';

/** Port: what cameras say of files that are named as evidence. */
export abstract class EvidenceCaptures {
  /**
   * Of the files that are there already and that the sender, or their unit, has sent. Never rejects and never takes long:
   * a department is not kept from checking in by a store of photos.
   * @param claimed where they were taken, by whoever names them
   */
  abstract factsOf(
    evidence: readonly string[],
    sender: Pick<Actor, 'id' | 'orgUnitId'>,
    claimed: Location | null,
  ): Promise<readonly EvidenceFacts[]>;
}

/** For processes without files. */
export class NoCaptures extends EvidenceCaptures {
  override factsOf(): Promise<readonly EvidenceFacts[]> {
    return Promise.resolve([]);
  }
}

/** The part of a command that its photos are compared by; nothing where none of them is there. */
export async function capturedBy(
  captures: EvidenceCaptures,
  evidence: readonly string[],
  sender: Pick<Actor, 'id' | 'orgUnitId'>,
  claimed: Location | null = null,
): Promise<{ readonly captured?: CapturedEvidence }> {
  if (evidence.length === 0) return {};
  const files = await captures.factsOf(evidence, sender, claimed);
  return files.length === 0 ? {} : { captured: { files, tolerance: evidenceTolerance } };
}
