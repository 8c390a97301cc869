import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { WHISTLE_ORIGINS, type WhistleKind, type WhistleOrigin } from '@shaoying/incident-domain';
import { IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';
import { Id, OneOf, OptionalIds, OptionalOneOf, OptionalWords, Words } from './fields.dto.js';
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
