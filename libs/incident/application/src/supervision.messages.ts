import type { DecideAppeal, FileAppeal, SupervisionLevel } from '@shaoying/incident-domain';
import { IncidentRequest } from './incident.messages.js';

export class IssueSupervisionCommand extends IncidentRequest<{
  /** Null: the incident as a whole. */
  readonly taskId: string | null;
  readonly level: SupervisionLevel;
  /** Roles that are told; null for those whom it concerns. */
  readonly notify: readonly string[] | null;
  readonly reason: string;
}> {}

export class RespondToSupervisionCommand extends IncidentRequest<{
  readonly supervisionId: string;
  readonly response: string;
}> {}

export class LiftSupervisionCommand extends IncidentRequest<{
  readonly supervisionId: string;
  readonly reason: string;
}> {}

export class FileAppealCommand extends IncidentRequest<
  Pick<FileAppeal, 'item' | 'itemId' | 'reason' | 'evidence'>
> {}

export class DecideAppealCommand extends IncidentRequest<
  Pick<DecideAppeal, 'appealId' | 'exclude' | 'reason'>
> {}
