import { START } from '@shaoying/event-store';
import { readFile } from 'node:fs/promises';
import type { Platform } from './platform.js';

/** Publishes the sample jurisdiction when the log is empty. @returns whether it did */
export async function publishSampleJurisdiction(platform: Platform): Promise<boolean> {
  const { stores, config, publisher, clock, logger } = platform;
  if ((await stores.log.head()) !== START) return false;
  const yaml = await readFile(config.jurisdictionFile, 'utf8');
  const actor = { id: 'system:setup', role: 'system', orgUnitId: null };
  const { published } = await publisher.publishFile(yaml, actor, clock.now().toISOString());
  logger.info({ documents: published.length }, 'sample jurisdiction published into an empty log');
  return published.length > 0;
}
