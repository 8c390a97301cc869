import type { MergeIncident, SuspendIncident } from '@shaoying/incident-domain';
import type { ResumeIncident } from '@shaoying/incident-domain';
import { IncidentRequest } from './incident.messages.js';

export class SuspendIncidentCommand extends IncidentRequest<
  Pick<SuspendIncident, 'reasonCode' | 'reason' | 'reviewAt'>
> {}

/** Resumes, or with another review date stays suspended until then. */
export class ResumeIncidentCommand extends IncidentRequest<Pick<ResumeIncident, 'reason' | 'renewUntil'>> {}

export class MergeIncidentCommand extends IncidentRequest<
  Pick<MergeIncident, 'into' | 'reason' | 'keepDepartments'>
> {}

export class UnmergeIncidentCommand extends IncidentRequest<{ readonly reason: string }> {}
