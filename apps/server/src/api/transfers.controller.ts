import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiTags } from '@nestjs/swagger';
import { decodeCursor, encodeCursor } from '@shaoying/http';
import { TransferOpenTasksCommand } from '@shaoying/incident-application';
import { Platform } from '../platform.js';
import { Tells, TransferAnswer } from './answers.dto.js';
import { Caller, type CommandCaller } from './caller.js';
import { CommandDoor } from './command-door.js';
import { isQueuePlace } from './queue-place.js';
import { reached } from './read-your-writes.js';
import { Refused } from './refused.js';
import { TransferOpenTasksDto } from './task.dto.js';

/** What becomes of the open tasks of a department that is no more. */
@ApiTags('departments')
@ApiBearerAuth()
@ApiHeader({ name: 'Idempotency-Key', required: false })
@Controller('v1/departments')
export class TransfersController {
  constructor(
    private readonly door: CommandDoor,
    private readonly platform: Platform,
  ) {}

  @Tells(
    'Move the open tasks of a department that ended to its successor; again for what is left',
    TransferAnswer,
  )
  @Post(':id/transfer-open-tasks')
  @HttpCode(200)
  async transfer(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: TransferOpenTasksDto,
  ): Promise<TransferAnswer> {
    if (this.platform.directory.orgUnit(id)?.kind !== 'DEPARTMENT') throw new Refused('DEPARTMENT_NOT_FOUND');
    await reached(this.platform, 'department-tasks', caller.request);
    const { to, reason } = body;
    const after = decodeCursor(body.after, isQueuePlace) ?? null;
    const outcome = await this.door.send(caller, (context) => {
      return new TransferOpenTasksCommand(context, id, { to: to ?? null, reason, after });
    });
    const { departmentId, moved, refused, next } = outcome;
    const nextCursor = next === null ? null : encodeCursor(next);
    return {
      departmentId,
      to: outcome.to,
      moved: [...moved],
      refused: [...refused],
      more: next !== null,
      nextCursor,
    };
  }
}
