import { DossierNotProvable, type DossierMaker, type LogProofs } from '@shaoying/audit';

/** What proves and signs, for the doors that tell something about the log as a whole. */
export abstract class AuditSources {
  abstract readonly proofs: LogProofs;
  /** With the keys of this server; they are read once. @throws CheckpointKeysRefused */
  abstract dossiers(): Promise<DossierMaker>;
}

/** Of a server without a tree over its log: nothing is proved, and whoever asks is told to come back. */
export class NoAuditSources extends AuditSources {
  override readonly proofs: LogProofs = {
    lastCheckpoint: () => Promise.resolve(null),
    placesOf: () => Promise.resolve([]),
    inclusionProof: () => Promise.reject(new DossierNotProvable('there is no tree over the log')),
  };

  override dossiers(): Promise<DossierMaker> {
    return Promise.reject(new DossierNotProvable('there is no tree over the log'));
  }
}
