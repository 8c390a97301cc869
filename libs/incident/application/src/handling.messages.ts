import type {
  EscalateLevel,
  Party,
  RecordSelfHandlerContact,
  ResponsibilityLevel,
} from '@shaoying/incident-domain';
import { IncidentRequest } from './incident.messages.js';

export class StartSelfHandlingCommand extends IncidentRequest<{
  readonly level: ResponsibilityLevel | null;
  readonly parties?: readonly Party[];
  readonly note: string | null;
}> {}

export class RecordSelfHandlerContactCommand extends IncidentRequest<
  Pick<RecordSelfHandlerContact, 'reached' | 'note'>
> {}

export class CompleteSelfHandlingCommand extends IncidentRequest<{
  readonly note: string | null;
  readonly evidence: readonly string[];
}> {}

export class EscalateLevelCommand extends IncidentRequest<Pick<EscalateLevel, 'to' | 'reason'>> {}
