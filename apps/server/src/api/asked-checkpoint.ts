import { setTimeout as sleepMs } from 'node:timers/promises';
import { DossierNotProvable } from '@shaoying/audit';

/** For the checkpoint that was asked for over what was recorded just now, before the caller is told to come back. */
const waitMsMax = 4_000;
const everyMs = 250;
/**
 * An asking lasts four looks of a second, and what is asked after it was heard is heard as the wish for another checkpoint:
 * again only when it must have been in vain, as when the tree did not have the last event yet.
 */
const askAgainMs = 3_000;

export interface WithCheckpoint<Made> {
  /** @throws DossierNotProvable when no checkpoint covers it */
  make(): Promise<Made>;
  ask(): Promise<void>;
  /** Asking is a wish. Nobody is refused because it could not be told: the checkpoint may come by itself. */
  onAskFailed(error: unknown): void;
}

/** Of time; in milliseconds. */
export interface Waiting {
  nowMs(): number;
  sleep(ms: number): Promise<unknown>;
}

const waitingInEarnest: Waiting = { nowMs: () => performance.now(), sleep: (ms) => sleepMs(ms) };

/**
 * Makes what a checkpoint must cover, and asks for the checkpoint where there is none.
 * @throws DossierNotProvable when none has come within 4 s; what making it throws
 */
export async function madeUnderCheckpoint<Made>(
  { make, ask, onAskFailed }: WithCheckpoint<Made>,
  { nowMs, sleep }: Waiting = waitingInEarnest,
): Promise<Made> {
  const startedMs = nowMs();
  for (let askAtMs = startedMs; ;) {
    try {
      return await make();
    } catch (error) {
      if (!(error instanceof DossierNotProvable) || nowMs() - startedMs > waitMsMax) throw error;
    }
    if (nowMs() >= askAtMs) {
      await ask().catch(onAskFailed);
      askAtMs = nowMs() + askAgainMs;
    }
    await sleep(everyMs);
  }
}
