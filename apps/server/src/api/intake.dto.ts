import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsWithoutRepeats } from '@shaoying/http';
import {
  REJECTION_REASONS,
  RESPONSIBILITY_LEVELS,
  PARTIES,
  SUSPENSION_REASONS,
  type Party,
  type RejectionReason,
  type ResponsibilityLevel,
  type SuspensionReason,
} from '@shaoying/incident-domain';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsObject,
  IsOptional,
  ValidateNested,
} from 'class-validator';
import {
  Id,
  Instant,
  OneOf,
  OptionalEvidence,
  OptionalId,
  OptionalIds,
  OptionalInstant,
  OptionalOneOf,
  OptionalReceiptCode,
  OptionalWords,
  Words,
} from './fields.dto.js';
import { LocationDto } from './incident.dto.js';

// Bodies of intake, self-handling, suspension and merging.

const departmentsKeptMax = 20;

export class ReasonDto {
  @Words('Why')
  reason!: string;
}

export class NoteDto {
  @OptionalWords('A word on it')
  note?: string;
}

export class CompletionDto extends NoteDto {
  @OptionalEvidence()
  evidence?: string[];
}

export class VerifyDto {
  @Words('What was found on site')
  note!: string;

  @OptionalEvidence()
  evidence?: string[];
}

export class RejectDto extends ReasonDto {
  @OneOf(REJECTION_REASONS)
  reasonCode!: RejectionReason;

  @OptionalWords('What the reporter is told; required where there is one')
  notice?: string;
}

export class WithdrawDto {
  @OptionalWords('Why')
  reason?: string;

  @OptionalReceiptCode("The reporter's secret; required without the account that reported it")
  receiptCode?: string;
}

export class LocateIncidentDto {
  @ApiPropertyOptional({ type: LocationDto, description: 'Where it is; the grid around it is looked up' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => LocationDto)
  location?: LocationDto;

  @OptionalId('Named by hand; wins over the location')
  gridId?: string;

  @OptionalId('Named by hand; wins over the location')
  estateId?: string;

  @OptionalWords('Why it is corrected')
  reason?: string;
}

export class DecideFlagDto extends ReasonDto {
  @ApiProperty({ description: 'true: it stands; it drops nothing' })
  @IsBoolean()
  approve!: boolean;
}

export class StartSelfHandlingDto extends NoteDto {
  @OptionalOneOf(
    ['ESTATE', 'COMMUNITY'],
    'ESTATE only where the incident lies in one and the estate has a part in it; the server sees to it',
  )
  level?: 'ESTATE' | 'COMMUNITY';

  @ApiPropertyOptional({ enum: PARTIES, isArray: true, description: 'Who of the estate takes part 三方协同' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(PARTIES.length)
  @IsWithoutRepeats()
  @IsIn(PARTIES, { each: true })
  parties?: Party[];
}

export class EscalateDto extends ReasonDto {
  @OneOf(RESPONSIBILITY_LEVELS, 'Higher than the level that holds it')
  to!: ResponsibilityLevel;
}

export class SuspendDto extends ReasonDto {
  @OneOf(SUSPENSION_REASONS)
  reasonCode!: SuspensionReason;

  @Instant('When it is looked at again; a year ahead at most')
  reviewAt!: string;
}

export class ResumeDto extends ReasonDto {
  @OptionalInstant('Stays suspended until then, instead of being resumed')
  renewUntil?: string;
}

export class MergeDto extends ReasonDto {
  @Id('The incident that goes on')
  into!: string;

  @OptionalIds(
    'Departments of this incident that go on there; must be said where both have open tasks',
    departmentsKeptMax,
  )
  keepDepartments?: string[];
}
