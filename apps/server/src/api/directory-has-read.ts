import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { parseMinPosition } from '@shaoying/http';
import { DirectoryBehind } from '@shaoying/jurisdiction-application';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { Platform } from '../platform.js';
import { Refused } from './refused.js';

/**
 * Read your writes (api.md) for what is answered from the jurisdiction: units, weights, who has taken over. Whoever has published
 * in one process and asks another is answered when that one has read it too.
 * @throws RequestRefused INVALID_POSITION, Refused READ_MODEL_BEHIND after 5 s
 */
@Injectable()
export class DirectoryHasRead implements NestInterceptor {
  constructor(private readonly platform: Platform) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const position = parseMinPosition(context.switchToHttp().getRequest<FastifyRequest>().headers);
    if (position !== undefined) {
      try {
        await this.platform.directory.hasReadUpTo(position);
      } catch (error) {
        throw error instanceof DirectoryBehind ? new Refused('READ_MODEL_BEHIND') : error;
      }
    }
    return next.handle();
  }
}
