import { Body, HttpCode, Param, Post } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { RECORDS_NOTHING } from '@shaoying/http';
import { hasAnyRole, RoleNotPermitted } from '@shaoying/identity';
import {
  DecideReporterFlagCommand,
  FILES_AT_ONCE,
  FileIncidentCommand,
  FlagReporterCommand,
  LocateIncidentCommand,
  RejectIncidentCommand,
  ReportIncidentCommand,
  VerifyIncidentCommand,
  VoidIncidentCommand,
  WithdrawIncidentCommand,
} from '@shaoying/incident-application';
import { CommandAnswer, FlagAnswer, ReportAnswer, ReportCheckedAnswer, Tells } from './answers.dto.js';
import { byReceiptOrRight, Caller, type CommandCaller } from './caller.js';
import {
  answerOf,
  CommandDoor,
  IncidentCommands,
  locationOf,
  type Answer,
  type MadeIds,
} from './command-door.js';
import { EmptyDto, ReportIncidentDto } from './incident.dto.js';
import {
  DecideFlagDto,
  LocateIncidentDto,
  ReasonDto,
  RejectDto,
  VerifyDto,
  WithdrawDto,
} from './intake.dto.js';

/** From the report to the case: taken in, looked at, filed or not. */
@IncidentCommands()
export class IntakeController {
  constructor(private readonly door: CommandDoor) {}

  @Tells('Report an incident', ReportAnswer, 201, ['Location'])
  @Post()
  async report(
    @Caller() caller: CommandCaller,
    @Body() body: ReportIncidentDto,
  ): Promise<Answer & { receiptCode: string }> {
    // Others' reports are verified before they are filed; told, not passed over in silence.
    if (body.file === true && !hasAnyRole(caller.principal, FILES_AT_ONCE)) throw new RoleNotPermitted();
    const { category, severity, description, channel } = body;
    const reporter = reporterOf(body.reporter);
    const reporting = body.file === true ? { ...caller, permitted: FILES_AT_ONCE } : caller;
    const outcome = await this.door.send(reporting, (context) => {
      return new ReportIncidentCommand(context, {
        ...{ category, severity, description, channel, location: locationOf(body.location), reporter },
        ...{ gridId: body.gridId ?? null, estateId: body.estateId ?? null },
        ...{ occurredAt: body.occurredAt ?? null, recurrenceOf: body.recurrenceOf ?? null },
        anonymous: body.anonymous ?? reporter === null,
        privateNote: noteOf(body),
        personal: (body.personal ?? []).map((part) => PARTS[part]),
        evidence: body.evidence ?? [],
        file: body.file === true,
      });
    });
    void caller.reply.header('Location', `/v1/incidents/${outcome.incidentId}`);
    return { ...answerOf(outcome), receiptCode: outcome.receiptCode };
  }

  /** Checks a report as POST /v1/incidents would, and records nothing. */
  @Tells('Check a report without recording it', ReportCheckedAnswer)
  @ApiExtension(RECORDS_NOTHING, true)
  @Post('validate')
  @HttpCode(200)
  validate(@Body() _body: ReportIncidentDto): { valid: true } {
    return { valid: true };
  }

  @Tells('Verify 核实: seen on site before it is filed', CommandAnswer)
  @Post(':id/verify')
  @HttpCode(200)
  verify(@Caller() caller: CommandCaller, @Param('id') id: string, @Body() body: VerifyDto): Promise<Answer> {
    const { note, evidence } = body;
    return this.door.run(caller, (context) => {
      return new VerifyIncidentCommand(context, id, { note, evidence: evidence ?? [] });
    });
  }

  @Tells('Reject 不予受理: with a reason, and a notice to whoever reported it', CommandAnswer)
  @Post(':id/reject')
  @HttpCode(200)
  reject(@Caller() caller: CommandCaller, @Param('id') id: string, @Body() body: RejectDto): Promise<Answer> {
    const { reasonCode, reason, notice } = body;
    return this.door.run(caller, (context) => {
      return new RejectIncidentCommand(context, id, { reasonCode, reason, notice: notice ?? null });
    });
  }

  @Tells('File 立案: the clocks start, policy and calendar are pinned', CommandAnswer)
  @Post(':id/file')
  @HttpCode(200)
  file(@Caller() caller: CommandCaller, @Param('id') id: string, @Body() _body: EmptyDto): Promise<Answer> {
    return this.door.run(caller, (context) => new FileIncidentCommand(context, id));
  }

  @Tells('Locate: where it lies, found or corrected; nobody loses or gets a task by it', CommandAnswer)
  @Post(':id/locate')
  @HttpCode(200)
  locate(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: LocateIncidentDto,
  ): Promise<Answer> {
    const { gridId, estateId, reason } = body;
    return this.door.run(caller, (context) => {
      return new LocateIncidentCommand(context, id, {
        location: body.location ? locationOf(body.location) : null,
        ...{ gridId: gridId ?? null, estateId: estateId ?? null, reason: reason ?? null },
      });
    });
  }

  @Tells('Withdraw 撤回: by the reporter; a public hazard goes on without them', CommandAnswer)
  @Post(':id/withdraw')
  @HttpCode(200)
  withdraw(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: WithdrawDto,
  ): Promise<Answer> {
    const { reason, receiptCode } = body;
    return this.door.run(byReceiptOrRight(caller, receiptCode), (context) => {
      return new WithdrawIncidentCommand(context, id, {
        ...{ reason: reason ?? null, receiptCode: receiptCode ?? null },
      });
    });
  }

  @Tells('Void 作废: created in error; not by whoever created it', CommandAnswer)
  @Post(':id/void')
  @HttpCode(200)
  voidIt(@Caller() caller: CommandCaller, @Param('id') id: string, @Body() body: ReasonDto): Promise<Answer> {
    const { reason } = body;
    return this.door.run(caller, (context) => {
      return new VoidIncidentCommand(context, id, { reason });
    });
  }

  @Tells('Propose to flag the reporter: many reports of one hand, or made up ones; drops nothing', FlagAnswer)
  @Post(':id/flag-reporter')
  @HttpCode(200)
  flagReporter(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: ReasonDto,
  ): Promise<Answer & MadeIds> {
    const { reason } = body;
    return this.door.run(caller, (context) => {
      return new FlagReporterCommand(context, id, { reason });
    });
  }

  @Tells('Decide on a flag that another office has proposed', CommandAnswer)
  @Post(':id/flag-reporter/:flagId/decide')
  @HttpCode(200)
  decideFlag(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('flagId') flagId: string,
    @Body() body: DecideFlagDto,
  ): Promise<Answer> {
    const { approve, reason } = body;
    return this.door.run(caller, (context) => {
      return new DecideReporterFlagCommand(context, id, { flagId, approve, reason });
    });
  }
}

const PARTS = { description: 'DESCRIPTION', location: 'LOCATION', photos: 'PHOTOS' } as const;

/** A blank one is none. */
const noteOf = ({ privateNote }: ReportIncidentDto): string | null =>
  privateNote === undefined || privateNote === null || privateNote.trim() === '' ? null : privateNote;

/** Somebody who leaves neither name nor number is nobody who could be contacted. */
function reporterOf(
  given: ReportIncidentDto['reporter'],
): { name: string | null; phone: string | null } | null {
  const { name = null, phone = null } = given ?? {};
  return name === null && phone === null ? null : { name, phone };
}
