import type { SealedData } from './sealing.js';

/**
 * Keeps personal data out of the log while the log keeps its place: events carry only ciphertext, under a key per
 * person. Erasing the key erases the data from every copy of the log at once, and the hash chain, which is over the
 * ciphertext, still verifies.
 *
 * What it does not do: a key erased today still stands in yesterday's backups and archived WAL of the key database
 * until those are deleted; keep them shorter than the time a person must be forgotten in.
 */
export interface PersonalDataVault {
  /**
   * Encrypts JSON for somebody not known before, under a subject id that is drawn for them. The key is durable before
   * this returns, and mostly before it was asked for: nothing is waited for.
   * @throws PersonalDataTooLarge, PersonalDataUnavailable
   */
  sealNew(data: unknown): Promise<SealedData>;

  /**
   * Encrypts JSON for one subject, whose key is made at the first time. The key is durable before this returns.
   * `subjectId` is a random UUID chosen by the caller, recorded beside the ciphertext; never derived from a person.
   * @throws SubjectForgotten, PersonalDataTooLarge, PersonalDataUnavailable, TypeError when `subjectId` is no UUID
   */
  seal(subjectId: string, data: unknown): Promise<SealedData>;

  /**
   * The data, or `'FORGOTTEN'` once its subject was erased.
   * @throws SealBroken, SubjectKeyMissing, PersonalDataUnavailable
   */
  unseal(sealed: SealedData): Promise<unknown>;

  /**
   * Erases the subject's key, for ever. Idempotent; a subject never sealed for is forgotten in advance.
   * @throws PersonalDataUnavailable: the key may or may not be erased; call it again
   */
  forget(subjectId: string): Promise<void>;

  close(): Promise<void>;
}

/** What {@link PersonalDataVault.unseal} gives for a person who has been erased. */
export const FORGOTTEN = 'FORGOTTEN';
