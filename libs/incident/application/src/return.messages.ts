import type { Arbitrate, RequestExtension, RequestReturn } from '@shaoying/incident-domain';
import { TaskRequest } from './incident.messages.js';

export class RequestReturnCommand extends TaskRequest<
  Pick<RequestReturn, 'reasonCode' | 'basis' | 'suggestedUnitId'>
> {}

export class DecideReturnCommand extends TaskRequest<{
  readonly accept: boolean;
  readonly reason: string | null;
  /** Default for a lead: the unit that the department suggested. */
  readonly newUnitId: string | null;
}> {}

export class OpenArbitrationCommand extends TaskRequest<object> {}

export class ArbitrateCommand extends TaskRequest<Pick<Arbitrate, 'responsibleUnitId' | 'rule' | 'reason'>> {}

export class RequestExtensionCommand extends TaskRequest<
  Pick<RequestExtension, 'amount' | 'unit' | 'reason'>
> {}

export class DecideExtensionCommand extends TaskRequest<{
  readonly grant: boolean;
  readonly reason: string | null;
}> {}
