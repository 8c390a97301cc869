import { createHash } from 'node:crypto';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiResponse, ApiTags } from '@nestjs/swagger';
import { OversightTrail, type MadeDossier } from '@shaoying/audit';
import { CurrentPrincipal, PermittedRoles, type Principal, type Role } from '@shaoying/identity';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { actorOf } from './actors.js';
import { headersOf, Tells } from './answers.dto.js';
import { madeUnderCheckpoint } from './asked-checkpoint.js';
import { AuditSources } from './audit-sources.js';
import { correlationOf } from './events.controller.js';
import { reached } from './read-your-writes.js';
import { Refused } from './refused.js';
import { VisibleIncidents } from './visible-incidents.js';

/** Each is some megabytes at the worst, and reads its documents whole. */
const atOnceMax = 4;

/** 卷宗: everything about one incident in one file that is checked without this server. */
@ApiTags('oversight')
@ApiBearerAuth()
@Controller('v1')
export class DossiersController {
  private open = 0;

  constructor(
    private readonly platform: Platform,
    private readonly visible: VisibleIncidents,
    private readonly trail: OversightTrail,
    private readonly sources: AuditSources,
  ) {}

  @Tells('Everything about the incident in one signed file, for shaoying verify; recorded before it is told')
  @ApiResponse({
    status: 200,
    headers: headersOf(['Shaoying-Position']),
    content: { 'application/json': { schema: { type: 'object', additionalProperties: true } } },
  })
  @Get('incidents/:id/dossier')
  async dossier(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Param('id') id: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await reached(this.platform, 'incident-board', request);
    await this.visible.find(principal, permitted, id);
    if (this.open >= atOnceMax) throw new Refused('TOO_MANY_EXPORTS');
    this.open += 1;
    try {
      const { file, events, treeSize } = await this.made(id);
      const content = Buffer.from(file, 'utf8');
      const sha256 = createHash('sha256').update(content).digest('hex');
      const caller = { actor: actorOf(principal, permitted), correlationId: correlationOf(request) };
      const data = { incidentId: id, events, sha256, bytes: content.length, treeSize };
      const position = await this.trail.record(caller, { type: 'DossierProduced', data });
      void reply
        .header('Shaoying-Position', position)
        .header('Cache-Control', 'no-store')
        .header('Content-Disposition', `attachment; filename="shaoying-dossier-${id}.json"`)
        .type('application/json; charset=utf-8')
        .send(content);
    } finally {
      this.open -= 1;
    }
  }

  /** @throws DossierNotProvable when no checkpoint covers it within a few seconds */
  private async made(incidentId: string): Promise<MadeDossier> {
    const maker = await this.sources.dossiers();
    return madeUnderCheckpoint({
      make: () => maker.make(incidentId),
      ask: () => this.sources.askForCheckpoint(),
      onAskFailed: (error) =>
        this.platform.logger.warn({ err: error, incidentId }, 'no checkpoint could be asked for'),
    });
  }
}
