import type { Fact, SealedReporter } from './vocabulary.events.js';

/** What may be known of a reporter, and only sealed. */
export const PERSONAL_FIELDS = [
  ...(['NAME', 'PHONE', 'DESCRIPTION', 'NOTE', 'LOCATION', 'COMMENT'] as const),
  // Which ones is said by their hashes in the clear; the photos themselves are shown to whom the reporter is revealed.
  'PHOTOS',
] as const;

export type PersonalField = (typeof PERSONAL_FIELDS)[number];

/** Why somebody who has the matter in hand needs to know who reported it. */
export const REVEAL_PURPOSES = [
  'CONTACT_REPORTER',
  'VISIT_SITE',
  'VERIFY_FACTS',
  'CALL_BACK',
  'PREVENT_HARM',
] as const;

export type RevealPurpose = (typeof REVEAL_PURPOSES)[number];

/** What a reporter has marked as personal beside name and number; elsewhere stands only that it is. */
export type PersonalDataSealed = Fact<
  'PersonalDataSealed',
  {
    readonly about: 'REPORT' | 'FEEDBACK';
    readonly fields: readonly PersonalField[];
    readonly sealed: SealedReporter;
  }
>;

/** Recorded before it is told (domain.md §3.2, RevealReporter). What was told stands nowhere. */
export type ReporterIdentityRevealed = Fact<
  'ReporterIdentityRevealed',
  {
    readonly unitId: string | null;
    /** Of whoever asks as a department; null for the office that has the incident, and for a callback. */
    readonly taskId: string | null;
    readonly purpose: RevealPurpose;
    readonly reason: string;
    readonly fields: readonly PersonalField[];
  }
>;

/** The keys are destroyed: what was sealed under them is gone from every copy of the log. The case goes on. */
export type ReporterForgotten = Fact<'ReporterForgotten', { readonly subjectIds: readonly string[] }>;
