import {
  askForCheckpoint,
  AuditTreeQuery,
  DossierMaker,
  openCheckpointKeys,
  type LogProofs,
  type NameOf,
  type NoteSigner,
} from '@shaoying/audit';
import type { Platform } from '../platform.js';

/** What proves and signs, for the doors that tell something about the log as a whole. */
export class AuditSources {
  readonly proofs: LogProofs;
  private keys: Promise<readonly NoteSigner[]> | undefined;

  constructor(
    private readonly platform: Platform,
    private readonly nameOf: NameOf,
  ) {
    this.proofs = new AuditTreeQuery(platform.stores.readModels);
  }

  /** From whichever process signs. @throws what PostgreSQL throws */
  async askForCheckpoint(): Promise<void> {
    await askForCheckpoint(this.platform.stores.pool);
  }

  /** With the keys of this server, which are read once. @throws CheckpointKeysRefused */
  async dossiers(): Promise<DossierMaker> {
    const { config, stores, clock } = this.platform;
    const { keyFile: checkpointKeyFile, origin: auditOrigin } = config.audit;
    this.keys ??= openCheckpointKeys({ dataDir: config.dataDir, checkpointKeyFile, auditOrigin });
    // A file that was mended is read again.
    this.keys.catch(() => (this.keys = undefined));
    return new DossierMaker(stores.log, this.proofs, await this.keys, this.nameOf, clock);
  }
}
