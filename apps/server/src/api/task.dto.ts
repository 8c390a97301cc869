import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ARBITRATION_RULES,
  RELEASE_REASONS,
  RETURN_REASONS,
  type ArbitrationRule,
  type DurationUnit,
  type ReleaseReason,
  type ReturnReason,
} from '@shaoying/incident-domain';
import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  NotEquals,
  ValidateNested,
} from 'class-validator';
import {
  Id,
  OneOf,
  OptionalEvidence,
  OptionalId,
  OptionalInstant,
  OptionalOneOf,
  OptionalWords,
  Words,
} from './fields.dto.js';
import { LocationDto } from './incident.dto.js';
import { CompletionDto, ReasonDto } from './intake.dto.js';

const durationUnits = ['WORKING_HOUR', 'WORKING_DAY', 'CALENDAR_DAY', 'CLOCK_HOUR'] as const;

/** A hundred hours: ten people for a day and a half. What is more was a slip of the pen, or is told in parts. */
const workedMinutesMax = 6_000;
const workedMinutesWords = 'Minutes of work, of all who worked together';

const OptionalWorkedMinutes = (): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({
      ...{ type: 'integer', minimum: 1, maximum: workedMinutesMax },
      description: `${workedMinutesWords}, that are booked with it`,
    }),
    IsOptional(),
    IsInt(),
    Min(1),
    Max(workedMinutesMax),
  );

/** A year of working days: no extension is longer. */
const extensionMax = 260;

export class CheckInDto extends CompletionDto {
  @OptionalInstant('For check-ins made offline; needs evidence to count')
  occurredAt?: string;

  @ApiPropertyOptional({ type: LocationDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => LocationDto)
  location?: LocationDto;
}

export class ContactDto {
  @ApiPropertyOptional({ default: true, description: 'false: tried, and nobody answered' })
  @IsOptional()
  @IsBoolean()
  reached?: boolean;

  @OptionalWords('Without names or numbers')
  note?: string;
}

export class ProgressDto {
  @Words('How it goes')
  note!: string;

  @OptionalWords('Stage of handling that is done by it', 100)
  stage?: string;

  @OptionalEvidence()
  evidence?: string[];

  @OptionalWorkedMinutes()
  workedMinutes?: number;
}

export class TaskCompletionDto extends CompletionDto {
  @OptionalWorkedMinutes()
  workedMinutes?: number;
}

export class WorkDto {
  @ApiProperty({
    ...{ type: 'integer', minimum: -workedMinutesMax, maximum: workedMinutesMax },
    description: `${workedMinutesWords}; below 0 takes back what was booked, never 0`,
  })
  @IsInt()
  @Min(-workedMinutesMax)
  @Max(workedMinutesMax)
  @NotEquals(0)
  workedMinutes!: number;

  @OptionalWords('Without names; required to take back')
  note?: string;
}

export class ReturnDto {
  @OneOf(RETURN_REASONS)
  reasonCode!: ReturnReason;

  @Words('Rule or document it rests on')
  basis!: string;

  @OptionalId('Who should have it instead')
  suggestedUnit?: string;
}

export class DecideReturnDto {
  @ApiProperty({ description: 'false: the task is theirs, and the time it cost is booked to them' })
  @IsBoolean()
  accept!: boolean;

  @OptionalWords('Why; required to refuse')
  reason?: string;

  @OptionalId('Who gets it; for a lead by default whom the department suggested')
  newUnit?: string;
}

export class ArbitrateDto extends ReasonDto {
  @Id('Who is responsible; final')
  responsibleUnit!: string;

  @OneOf(ARBITRATION_RULES, 'What it rests on')
  rule!: ArbitrationRule;
}

export class ExtensionDto extends ReasonDto {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: extensionMax })
  @IsInt()
  @Min(1)
  @Max(extensionMax)
  amount!: number;

  @OneOf(durationUnits)
  unit!: DurationUnit;
}

export class DecideExtensionDto {
  @ApiProperty()
  @IsBoolean()
  grant!: boolean;

  @OptionalWords('Why; required to refuse')
  reason?: string;
}

export class ReleaseDto extends ReasonDto {
  @OptionalOneOf(RELEASE_REASONS, 'Default NOT_NEEDED; HOLDS_UP counts against the department')
  reasonCode?: ReleaseReason;
}

export class TransferTaskDto extends ReasonDto {
  @Id('Department that has taken over')
  to!: string;
}

export class MoveOpenDeadlinesDto extends ReasonDto {
  @ApiPropertyOptional({ type: 'integer', description: 'Which version; the one in force by default' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  policyVersion?: number;

  @ApiPropertyOptional({ description: 'nextCursor of the answer before: goes on behind what it looked at' })
  @IsOptional()
  @IsString()
  @MaxLength(1_024)
  after?: string;
}

export class TransferOpenTasksDto extends ReasonDto {
  @OptionalId('Which successor, where there are several')
  to?: string;

  @ApiPropertyOptional({ description: 'nextCursor of the answer before: goes on behind what it refused' })
  @IsOptional()
  @IsString()
  @MaxLength(1_024)
  after?: string;
}
