import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { WHISTLE_ORIGINS, type WhistleKind, type WhistleOrigin } from '@shaoying/incident-domain';
import { IsOpaqueId } from '@shaoying/http';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { Id, noteCharsMax, OneOf, OptionalIds, OptionalOneOf, OptionalWords, Words } from './fields.dto.js';
import { ReasonDto } from './intake.dto.js';

const whistleKinds = ['PUBLIC_DEMAND', 'KEY_WORK', 'JOINT_ENFORCEMENT', 'EMERGENCY'] as const;
const assistsMax = 20;

export class BlowWhistleDto extends ReasonDto {
  @OneOf(whistleKinds)
  kind!: WhistleKind;

  @Id('Department that leads 主办')
  lead!: string;

  @OptionalIds('Departments that assist 协办', assistsMax)
  assists?: string[];

  @OptionalOneOf(WHISTLE_ORIGINS, 'What gave rise to it 哨源; default: by who blows it')
  origin?: WhistleOrigin;
}

export class ApproveWhistleDto {
  @ApiPropertyOptional({ default: true, description: 'false: refused' })
  @IsOptional()
  @IsBoolean()
  approve?: boolean;

  @OptionalWords('Why')
  note?: string;
}

export class EvaluationDto {
  @Id('Task that is rated')
  taskId!: string;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: 5, description: '5 is best' })
  @IsInt()
  @Min(1)
  @Max(5)
  score!: number;

  @OptionalWords('A word on it')
  comment?: string;
}

const single = (body: EvaluateDto): boolean => body.evaluations === undefined || body.evaluations === null;

/** One evaluation, or several of one whistle. */
export class EvaluateDto {
  @ApiPropertyOptional({ maxLength: 100, description: 'Task that is rated' })
  @ValidateIf(single)
  @IsOpaqueId()
  taskId?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 5, description: '5 is best' })
  @ValidateIf(single)
  @IsInt()
  @Min(1)
  @Max(5)
  score?: number;

  @ApiPropertyOptional({ maxLength: noteCharsMax })
  @IsOptional()
  @IsString()
  @MaxLength(noteCharsMax)
  comment?: string;

  @ApiPropertyOptional({ type: [EvaluationDto], maxItems: assistsMax + 1, description: 'Instead of one' })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(assistsMax + 1)
  @ValidateNested({ each: true })
  @Type(() => EvaluationDto)
  evaluations?: EvaluationDto[];
}

export class AddDepartmentDto extends ReasonDto {
  @Id('Department that assists from here on')
  departmentId!: string;
}

export class ChangeLeadDto {
  @Id('Department that leads from here on')
  departmentId!: string;

  @Words('Why')
  reason!: string;

  @OptionalOneOf(['ASSIST', 'RELEASED'], 'What becomes of who led before; default ASSIST')
  formerLead?: 'ASSIST' | 'RELEASED';
}
