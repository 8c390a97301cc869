import type { Clock } from '@shaoying/config';
import type { Moment } from '@shaoying/incident-read-models';

/** The moment a query asks for; live when it names none. */
export function momentOf({ asOf, knownAt }: { asOf?: string; knownAt?: string }, clock: Clock): Moment {
  const now = clock.now().toISOString();
  return { asOf: asOf ?? now, knownAt: knownAt ?? now, live: asOf === undefined && knownAt === undefined };
}
