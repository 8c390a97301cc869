import { PERSONAL_FIELDS, type PersonalField, type SealedReporter } from '@shaoying/incident-domain';

/** What is sealed of a person, by the field it belongs to. */
export type PersonalData = Readonly<Partial<Record<Lowercase<PersonalField>, unknown>>>;

/** The names of what is sealed, as events have them. */
export const personalFieldsOf = (data: PersonalData): PersonalField[] =>
  PERSONAL_FIELDS.filter((field) => field.toLowerCase() in data);

/** Where a reporter's personal data is sealed. An abstract class, so that it can be injected by its type. */
export abstract class ReporterVault {
  /**
   * Seals for a person not known before, under a subject id made at random.
   * Durable before it returns: the key that opens the result is never lost with this process.
   */
  abstract sealNew(data: PersonalData): Promise<SealedReporter>;

  /** Seals more for a subject. Durable likewise. @throws SUBJECT_FORGOTTEN */
  abstract seal(subjectId: string, data: PersonalData): Promise<SealedReporter>;

  /** What was sealed, or `'FORGOTTEN'`. */
  abstract unseal(sealed: SealedReporter): Promise<unknown>;

  /** Destroys the key, for ever. Idempotent. */
  abstract forget(subjectId: string): Promise<void>;
}
