import { Body, Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiTags } from '@nestjs/swagger';
import { decodeCursor, encodeCursor } from '@shaoying/http';
import {
  MoveOpenDeadlinesCommand,
  MoveOpenDeadlinesHandler,
  type DeadlinesMoved,
} from '@shaoying/incident-application';
import { isUuid } from '@shaoying/config';
import { Platform } from '../platform.js';
import { DeadlinesMovedAnswer, Tells } from './answers.dto.js';
import { Caller, type CommandCaller } from './caller.js';
import { CommandDoor } from './command-door.js';
import { PublishQuery } from './jurisdiction.dto.js';
import { reached } from './read-your-writes.js';
import { MoveOpenDeadlinesDto } from './task.dto.js';

interface IncidentPlace {
  readonly incidentId: string;
}

const isIncidentPlace = (value: unknown): value is IncidentPlace =>
  typeof value === 'object' &&
  value !== null &&
  'incidentId' in value &&
  typeof value.incidentId === 'string' &&
  isUuid(value.incidentId);

/** What becomes of open deadlines once there is another policy: nothing, unless somebody says so here. */
@ApiTags('jurisdiction')
@ApiBearerAuth()
@ApiHeader({ name: 'Idempotency-Key', required: false })
@Controller('v1/deadline-policies')
export class ReschedulingController {
  constructor(
    private readonly door: CommandDoor,
    private readonly platform: Platform,
    private readonly moves: MoveOpenDeadlinesHandler,
  ) {}

  @Tells(
    'Move open deadlines under another version of the policy; with dryRun=true only say which would move and where to',
    DeadlinesMovedAnswer,
  )
  @Post(':id/move-open-deadlines')
  @HttpCode(200)
  async move(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: MoveOpenDeadlinesDto,
    @Query() { dryRun }: PublishQuery,
  ): Promise<DeadlinesMovedAnswer> {
    await reached(this.platform, 'open-deadlines', caller.request);
    const after = decodeCursor(body.after, isIncidentPlace)?.incidentId ?? null;
    const request = { policyVersion: body.policyVersion ?? null, reason: body.reason, after };
    if (dryRun === 'true') return answerOf(await this.moves.preview(id, request), true);
    const outcome = await this.door.send(caller, (context) => {
      return new MoveOpenDeadlinesCommand(context, id, request);
    });
    return answerOf(outcome, false);
  }
}

function answerOf({ policyId, policyVersion, moved, stayed, next }: DeadlinesMoved, dryRun: boolean) {
  const nextCursor = next === null ? null : encodeCursor({ incidentId: next });
  return {
    ...{ policyId, policyVersion, dryRun, moved: [...moved], stayed: [...stayed] },
    ...{ more: next !== null, nextCursor },
  };
}
