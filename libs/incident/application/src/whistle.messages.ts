import type { WhistleKind, WhistleOrigin } from '@shaoying/incident-domain';
import type { CommandOutcome } from './incident.command-service.js';
import { IncidentRequest, WhistleRequest } from './incident.messages.js';

export interface WhistleOutcome extends CommandOutcome {
  readonly whistleId: string;
}

export class BlowWhistleCommand extends IncidentRequest<
  {
    readonly kind: WhistleKind;
    readonly lead: string;
    readonly assists: readonly string[];
    readonly reason: string;
    /** Default: by who blows it. */
    readonly origin?: WhistleOrigin | null;
  },
  WhistleOutcome
> {}

/** Approves a proposed whistle or ratifies one that acted first; or refuses either. */
export class ApproveWhistleCommand extends WhistleRequest<{
  readonly approve: boolean;
  readonly note: string | null;
}> {}

export class CancelWhistleCommand extends WhistleRequest<{ readonly reason: string }> {}

export class EvaluateTaskCommand extends WhistleRequest<{
  readonly taskId: string;
  readonly score: number;
  readonly comment: string | null;
}> {}

export class AddDepartmentCommand extends WhistleRequest<{
  readonly departmentId: string;
  readonly reason: string;
}> {}

export class ChangeLeadCommand extends WhistleRequest<{
  readonly departmentId: string;
  readonly reason: string;
  readonly formerLead: 'ASSIST' | 'RELEASED';
}> {}
