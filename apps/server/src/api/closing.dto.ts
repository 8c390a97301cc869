import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsWithoutRepeats } from '@shaoying/http';
import {
  APPEAL_ITEMS,
  type AppealItem,
  type Satisfaction,
  type Solved,
  type SupervisionLevel,
} from '@shaoying/incident-domain';
import { ROLES } from '@shaoying/identity';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsIn, IsOptional } from 'class-validator';
import {
  OneOf,
  OptionalEvidence,
  OptionalId,
  OptionalReceiptCode,
  OptionalWords,
  Words,
} from './fields.dto.js';
import { ReasonDto } from './intake.dto.js';

// Bodies of checks, feedback, closing, supervision and appeals.

const notifiedMax = ROLES.length;

export class CheckHandlingDto {
  @OneOf(['PASS', 'FAIL'])
  result!: 'PASS' | 'FAIL';

  @Words('What was found on site')
  note!: string;

  @OptionalEvidence()
  evidence?: string[];
}

export class FeedbackDto {
  @OneOf(['SOLVED', 'PARTLY', 'UNSOLVED'])
  solved!: Solved;

  @OneOf(['SATISFIED', 'BASICALLY_SATISFIED', 'DISSATISFIED', 'NOT_RATED'])
  satisfaction!: Satisfaction;

  @OptionalWords('In their own words')
  comment?: string;

  @ApiPropertyOptional({
    enum: ['comment'],
    isArray: true,
    description: 'What of it is personal: stored encrypted, told like the reporter',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(1)
  @IsIn(['comment'], { each: true })
  personal?: 'comment'[];

  @OptionalReceiptCode("The reporter's secret; not needed by a callback operator")
  receiptCode?: string;
}

export class CorrectFeedbackDto extends FeedbackDto {
  @Words('Why it is corrected')
  reason!: string;
}

export class ReopenDto extends ReasonDto {
  @OptionalReceiptCode("The reporter's secret; not needed by an office")
  receiptCode?: string;
}

export class IssueSupervisionDto extends ReasonDto {
  @OptionalId('Task it concerns; without it the incident as a whole')
  taskId?: string;

  @OneOf(['BLUE', 'ORANGE', 'RED'], '督办 colour')
  level!: SupervisionLevel;

  @ApiPropertyOptional({ enum: ROLES, isArray: true, description: 'Roles that are told' })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(notifiedMax)
  @IsWithoutRepeats()
  @IsIn(ROLES, { each: true })
  notify?: string[];
}

export class RespondDto {
  @Words('What is done about it')
  response!: string;
}

export class AppealDto extends ReasonDto {
  @OneOf(APPEAL_ITEMS, 'What is contested')
  item!: AppealItem;

  @OptionalId('Of the item: an evaluation, a deadline, a return, a task; none for the feedback')
  itemId?: string;

  @OptionalEvidence()
  evidence?: string[];
}

export class DecideAppealDto extends ReasonDto {
  @ApiProperty({ description: 'true: left out of the score 剔除, not out of the record' })
  @IsBoolean()
  exclude!: boolean;
}
