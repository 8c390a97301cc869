import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  PERSONAL_FIELDS,
  REVEAL_PURPOSES,
  type PersonalField,
  type RevealPurpose,
} from '@shaoying/incident-domain';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsIn, IsOptional } from 'class-validator';
import { CommandAnswer } from './answers.dto.js';
import { OneOf } from './fields.dto.js';
import { LocationDto } from './incident.dto.js';
import { ReasonDto } from './intake.dto.js';

// Bodies and answers about the person who reported.

const nullableText = { type: String, nullable: true };

export class RevealReporterDto extends ReasonDto {
  @OneOf(REVEAL_PURPOSES, 'What it is needed for; stays on record')
  purpose!: RevealPurpose;

  @ApiPropertyOptional({
    enum: PERSONAL_FIELDS,
    isArray: true,
    description:
      'No more than is needed. Default: name and telephone number. PHOTOS: those that are marked as personal are shown to who asks, for a day',
  })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(PERSONAL_FIELDS.length)
  @ArrayUnique()
  @IsIn(PERSONAL_FIELDS, { each: true })
  fields?: PersonalField[];
}

export class RevealedReporterAnswer {
  @ApiProperty(nullableText) name!: string | null;
  @ApiProperty(nullableText) phone!: string | null;
  @ApiProperty(nullableText) description!: string | null;
  @ApiProperty(nullableText) note!: string | null;
  @ApiProperty({ type: LocationDto, nullable: true }) location!: LocationDto | null;
  @ApiProperty({ type: [String], description: 'Of feedback' }) comments!: string[];
}

export class RevealAnswer extends CommandAnswer {
  @ApiProperty({ type: RevealedReporterAnswer, description: 'What was not asked for is null' })
  reporter!: RevealedReporterAnswer;
}

export class ForgottenAnswer {
  @ApiProperty({ type: String, nullable: true, description: 'Null where nothing was ever recorded of it' })
  incidentId!: string | null;
  @ApiProperty({ type: [String] }) subjectIds!: string[];
  @ApiProperty({ enum: ['FORGOTTEN'] }) reporter!: 'FORGOTTEN';
}
