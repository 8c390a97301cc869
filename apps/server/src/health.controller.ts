import { Controller, Get, Header, HttpCode, Inject, Optional, Res } from '@nestjs/common';
import { ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import { exposition, measurementsOf } from '@shaoying/telemetry';
import type { FastifyReply } from 'fastify';
import { BackgroundRoles } from './background-roles.js';
import { Platform } from './platform.js';
import { Readiness } from './readiness.js';

/**
 * Anyone may ask, and thousands of series take some 50 ms of the thread that answers everybody: they are put together
 * no oftener than this. Prometheus asks every 15 s.
 */
const expositionMsMin = 500;

class LiveAnswer {
  @ApiProperty({ enum: ['up'] }) status!: 'up';
}

class TroubleAnswer {
  @ApiProperty() part!: string;
  @ApiProperty() reason!: string;
}

class ReadyAnswer {
  @ApiProperty({ enum: ['ready', 'not ready'] }) status!: string;
  @ApiProperty({ type: [String] }) roles!: string[];
  @ApiProperty({ type: [TroubleAnswer] }) notReady!: TroubleAnswer[];
}

/** For load balancers, monitoring, and people at three in the morning. Speaks for the process of the other roles as well. */
@ApiTags('operations')
@Controller()
export class HealthController {
  private exposed: { readonly text: Promise<string>; readonly atMs: number } | null = null;

  constructor(
    @Inject(Platform) private readonly platform: Platform,
    @Inject(Readiness) private readonly readiness: Readiness,
    @Optional() @Inject(BackgroundRoles) private readonly background?: BackgroundRoles,
  ) {}

  @ApiResponse({ status: 200, type: LiveAnswer })
  @Get('health/live')
  live(): { status: 'up' } {
    return { status: 'up' };
  }

  /** 503 with the names of what is not ready. */
  @ApiResponse({ status: 200, type: ReadyAnswer })
  @ApiResponse({
    ...{ status: 503, type: ReadyAnswer, description: 'Not ready, and what is not' },
    headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds' } },
  })
  @Get('health/ready')
  @HttpCode(200)
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const [here, there] = await Promise.all([this.readiness.troubles(), this.background?.troubles() ?? []]);
    // Both look at the log and the jurisdiction.
    const notReady = [...here, ...there.filter(({ part }) => !here.some((trouble) => trouble.part === part))];
    if (notReady.length > 0) void reply.status(503).header('Retry-After', '2');
    return {
      status: notReady.length === 0 ? 'ready' : 'not ready',
      roles: [...this.platform.config.roles, ...(this.background?.roles ?? [])],
      notReady,
    };
  }

  @ApiResponse({
    ...{ status: 200, description: 'Prometheus, text format 0.0.4' },
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  metrics(): Promise<string> {
    const nowMs = performance.now();
    if (this.exposed === null || nowMs - this.exposed.atMs >= expositionMsMin) {
      this.exposed = { text: this.expose(), atMs: nowMs };
    }
    return this.exposed.text;
  }

  private async expose(): Promise<string> {
    const [here, there] = await Promise.all([
      measurementsOf(this.platform.metrics),
      this.background?.measurements() ?? '',
    ]);
    return exposition([here, there]);
  }
}
