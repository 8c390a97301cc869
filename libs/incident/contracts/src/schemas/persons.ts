import Type from 'typebox';
import { Closed, Id, List, Nullable, OneOf, Text } from './parts.js';

// Whose matter it is: sealed, revealed to who has it in hand, forgotten.

/** Base64 of some 75 KB at the most: a long report in three bytes a character. */
const Ciphertext = Type.String({ maxLength: 100_000 });
const Fields = Type.Array(OneOf('NAME', 'PHONE', 'DESCRIPTION', 'NOTE', 'LOCATION', 'COMMENT', 'PHOTOS'), {
  maxItems: 10,
});

export const PersonalDataSealed = Closed({
  about: OneOf('REPORT', 'FEEDBACK'),
  fields: Fields,
  sealed: Closed({ subjectId: Id, keyId: Id, ciphertext: Ciphertext }),
});

export const ReporterIdentityRevealed = Closed({
  unitId: Nullable(Id),
  taskId: Nullable(Id),
  purpose: OneOf('CONTACT_REPORTER', 'VISIT_SITE', 'VERIFY_FACTS', 'CALL_BACK', 'PREVENT_HARM'),
  reason: Text,
  fields: Fields,
});

export const ReporterForgotten = Closed({ subjectIds: List(Id) });
