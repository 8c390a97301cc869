import type { Position } from '@shaoying/event-store';
import { parseMinPosition } from '@shaoying/http';
import type { FastifyRequest } from 'fastify';
import type { Platform } from '../platform.js';
import { Refused } from './refused.js';

/** api.md, read your writes. */
const waitMsMax = 5_000;

/**
 * Waits until a read model has what the caller has written (`Shaoying-Min-Position`).
 * @throws RequestRefused INVALID_POSITION, Refused READ_MODEL_BEHIND after 5 s
 */
export async function reached(platform: Platform, readModel: string, request: FastifyRequest): Promise<void> {
  const position = parseMinPosition(request.headers);
  if (position !== undefined) await reachedPosition(platform, readModel, position);
}

/** Waits until a read model has everything up to a position. @throws Refused READ_MODEL_BEHIND after 5 s */
export async function reachedPosition(
  platform: Platform,
  readModel: string,
  position: Position,
): Promise<void> {
  if (!(await platform.gate.waitFor(readModel, position, waitMsMax))) throw new Refused('READ_MODEL_BEHIND');
}
