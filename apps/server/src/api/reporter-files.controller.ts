import { Controller, Param, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBody, ApiConsumes, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@shaoying/event-store';
import { PHOTO_TYPES, UploadIntake, type FileRecord, type Reporter } from '@shaoying/files';
import { commandContext } from '@shaoying/http';
import { ANONYMOUS } from '@shaoying/identity';
import { SupplementReportCommand, type CommandContext } from '@shaoying/incident-application';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hash } from 'node:crypto';
import { Platform } from '../platform.js';
import { ReporterUploadLimits } from '../reporter-upload-limits.js';
import { FileAnswer, Tells } from './answers.dto.js';
import { ReportsByReceipt } from './reports-by-receipt.js';
import { sentFile, shownFile, type Stored } from './sent-files.js';

/** With the largest photo, what reporters take of the memory; apart from what is set aside for those who work here. */
const atOnceMax = 4;

/** Whoever shows the code is the reporter: no other name reaches the log, whatever token comes with it. */
const reporter: Actor = { id: ANONYMOUS.id, role: 'anonymous', orgUnitId: null };

/** 随手拍: photos of whoever has reported something, by the receipt code alone. */
@ApiTags('files')
@Controller('v1/receipts')
export class ReporterFilesController {
  private readonly intake: UploadIntake;

  constructor(
    private readonly commands: CommandBus,
    private readonly platform: Platform,
    private readonly reports: ReportsByReceipt,
    private readonly limits: ReporterUploadLimits,
  ) {
    this.intake = new UploadIntake({ bytesMax: platform.config.fileBytesMax, atOnceMax });
  }

  @Tells(
    'Send a photo of a report; one that it has not named is added to it. The same bytes again get the same answer',
    FileAnswer,
    201,
    ['Idempotency-Replayed'],
  )
  @Post(':receiptCode/files')
  @ApiConsumes(...PHOTO_TYPES)
  @ApiBody({ schema: { type: 'string', format: 'binary' }, required: true })
  async send(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Param('receiptCode') receiptCode: string,
  ): Promise<Stored> {
    const { declared, body, bytes } = sentFile(request);
    const { id: reportOf } = await this.reports.find(receiptCode);
    const sender: Reporter = { reportOf };
    const { files } = this.platform;
    const caller = await this.limits.callerOf(request);
    return this.intake.receive(body, bytes, caller, async (original) => {
      const sha256 = hash('sha256', original, 'hex');
      const kept: { record?: FileRecord; again?: boolean } = {};
      await this.commands.execute(
        new SupplementReportCommand(contextOf(request, reportOf, sha256), reportOf, {
          ...{ receiptCode, sha256 },
          keep: async () => {
            // By this report: that others have sent the same photo is nobody's business.
            kept.again = await files.isFrom(sha256, sender);
            const added = await files.add(original, declared, sender, () => this.limits.use(caller));
            kept.record = added.record;
          },
          takeBack: () => files.withdraw(sha256, [sender]),
        }),
      );
      if (kept.again === true) void reply.header('Idempotency-Replayed', 'true');
      return { sha256, ...shownFile(kept.record!) };
    });
  }
}

/** Each attempt is a command of its own, and judged anew: what is recorded already is known by the photo itself. */
function contextOf(request: FastifyRequest, reportOf: string, sha256: string): CommandContext {
  const { 'x-correlation-id': correlation, traceparent } = request.headers;
  const headers = { 'x-correlation-id': correlation, traceparent };
  // Not the address: the receipt code is in it.
  const asked = { method: 'POST', url: '/v1/receipts/files', headers, id: request.id };
  return { ...commandContext({ ...asked, body: { reportOf, sha256 } }, ANONYMOUS), actor: reporter };
}
