import { isUuid } from '@shaoying/config';
import { randomBytes, randomUUID } from 'node:crypto';
import { FORGOTTEN, type PersonalDataVault } from '../personal-data-vault.js';
import { SubjectForgotten, SubjectKeyMissing } from '../personal-data.errors.js';
import { KEY_BYTES, sealJson, unsealJson, type SealedData } from '../sealing.js';

interface Entry {
  readonly keyId: string;
  readonly key: Buffer | null;
}

/** The vault for tests of those who use it: the same sealing, keys that die with the process. */
export class InMemoryPersonalDataVault implements PersonalDataVault {
  private readonly entries = new Map<string, Entry>();

  sealNew(data: unknown): Promise<SealedData> {
    return this.seal(randomUUID(), data);
  }

  async seal(subjectId: string, data: unknown): Promise<SealedData> {
    const subject = normalised(subjectId);
    const entry = this.entries.get(subject) ?? { keyId: randomUUID(), key: randomBytes(KEY_BYTES) };
    if (entry.key === null) throw new SubjectForgotten();
    const sealed = sealJson(entry.key, subject, entry.keyId, data);
    this.entries.set(subject, entry);
    return sealed;
  }

  async unseal(sealed: SealedData): Promise<unknown> {
    const subject = normalised(sealed.subjectId);
    const entry = this.entries.get(subject);
    if (entry?.key === null) return FORGOTTEN;
    if (entry === undefined || entry.keyId !== sealed.keyId) throw new SubjectKeyMissing();
    return unsealJson(entry.key, { ...sealed, subjectId: subject });
  }

  async forget(subjectId: string): Promise<void> {
    const subject = normalised(subjectId);
    this.entries.set(subject, { keyId: this.entries.get(subject)?.keyId ?? randomUUID(), key: null });
  }

  async close(): Promise<void> {}
}

function normalised(subjectId: string): string {
  if (!isUuid(subjectId)) throw new TypeError('a subject id must be a UUID');
  return subjectId.toLowerCase();
}
