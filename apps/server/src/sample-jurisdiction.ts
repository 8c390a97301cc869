import { readFile } from 'node:fs/promises';
import type { Platform } from './platform.js';

/**
 * Publishes the sample jurisdiction when no deadline policy is in force: into an empty log, beside cases imported
 * before the first start, and again after a crash in the middle (policies are published last). @returns whether it did
 */
export async function publishSampleJurisdiction(platform: Platform): Promise<boolean> {
  const { directory, config, publisher, clock, logger } = platform;
  if (directory.policies().length > 0) return false;
  const yaml = await readFile(config.jurisdictionFile, 'utf8');
  const actor = { id: 'system:setup', role: 'system', orgUnitId: null };
  const { published } = await publisher.publishFile(yaml, actor, clock.now().toISOString());
  logger.info(
    { documents: published.length },
    'sample jurisdiction published, since no deadline policy was in force',
  );
  return published.length > 0;
}
