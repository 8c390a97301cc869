import type { SealedReporter } from '@shaoying/incident-domain';
import type { IncidentView, ReporterView } from './incident-view.js';
import { kept, type OneOf } from './view-changes.js';

// Whose matter it is: a reference and what became of it, never the person.

type PersonEvent = OneOf<'PersonalDataSealed' | 'ReporterIdentityRevealed' | 'ReporterForgotten'>;

export function afterWordOfPerson(view: IncidentView, event: PersonEvent, at: string): IncidentView {
  switch (event.type) {
    case 'PersonalDataSealed':
      return { ...view, reporter: sealedFor(view.reporter, event.data.sealed) };
    case 'ReporterIdentityRevealed': {
      const { unitId, taskId, purpose, fields } = event.data;
      const { reporter } = view;
      const reveals = kept(reporter?.reveals ?? [], { at, unitId, taskId, purpose, fields });
      return { ...view, reporter: reporter && { ...reporter, reveals } };
    }
    case 'ReporterForgotten': {
      const { reporter } = view;
      const subjectIds = reporter?.subjectIds.filter((id) => !event.data.subjectIds.includes(id)) ?? [];
      const reveals = reporter?.reveals ?? [];
      return {
        ...view,
        reporter: { state: subjectIds.length === 0 ? 'FORGOTTEN' : 'SEALED', subjectIds, reveals },
      };
    }
  }
}

/** Somebody of whom something is sealed, or of whom more is. */
export function sealedFor(
  reporter: ReporterView | null,
  sealed: Pick<SealedReporter, 'subjectId'> | null,
): ReporterView | null {
  if (sealed === null) return reporter;
  const { subjectIds = [], reveals = [] } = reporter ?? {};
  const { subjectId } = sealed;
  return {
    state: 'SEALED',
    subjectIds: subjectIds.includes(subjectId) ? subjectIds : [...subjectIds, subjectId],
    reveals,
  };
}
