import { randomUUID } from 'node:crypto';
import { OversightTrail, type OversightData } from '@shaoying/audit';
import type { Workplace } from '../workplace.js';
import type { OnVerified } from './verify.command.js';

/** Whoever has the machine may verify its log: the trail says that it was done here, and what came of it. */
const caller = () => ({
  actor: { id: 'system:cli', role: 'system', orgUnitId: null },
  correlationId: randomUUID(),
});

/** Puts a verification of the log on record before its result is shown; of a file nobody's log is told. */
export function recordsVerified({ stores, clock }: Workplace): OnVerified {
  const trail = new OversightTrail(stores.log, clock);
  return async ({ outcome, upTo, leaves, checkpoints, fault }) => {
    const data: OversightData<'LogVerified'> = {
      ...{ outcome, upTo, leaves, checkpoints: checkpoints.inLog + checkpoints.fromOutside },
      fault: fault && { code: fault.code, position: fault.event?.position ?? null },
    };
    await trail.record(caller(), { type: 'LogVerified', data });
  };
}
