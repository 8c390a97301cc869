import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInstant, IsNotBlank, IsOpaqueId, IsSha256, PageQuery } from '@shaoying/http';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';

const severities = ['MINOR', 'MAJOR', 'GROUP'] as const;
const whistleKinds = ['PUBLIC_DEMAND', 'KEY_WORK', 'JOINT_ENFORCEMENT', 'EMERGENCY'] as const;
const states = ['REPORTED', 'FILED', 'HANDLING', 'CHECKING', 'FEEDBACK', 'CLOSED'] as const;

/** Longest texts. A report is some paragraphs; a note is one. */
const descriptionCharsMax = 5_000;
const noteCharsMax = 2_000;
const evidenceMax = 20;
const assistsMax = 20;

export class LocationDto {
  @ApiPropertyOptional({ description: 'Degrees; with lat, or neither', minimum: -180, maximum: 180 })
  @ValidateIf((location: LocationDto) => location.lat !== undefined || location.address === undefined)
  @IsNumber()
  @Min(-180)
  @Max(180)
  lon?: number;

  @ApiPropertyOptional({ description: 'Degrees; with lon, or neither', minimum: -90, maximum: 90 })
  @ValidateIf((location: LocationDto) => location.lon !== undefined || location.address === undefined)
  @IsNumber()
  @Min(-90)
  @Max(90)
  lat?: number;

  @ApiPropertyOptional({ enum: ['WGS84', 'GCJ02', 'BD09'], default: 'WGS84' })
  @IsOptional()
  @IsIn(['WGS84', 'GCJ02', 'BD09'])
  crs?: 'WGS84' | 'GCJ02' | 'BD09';

  @ApiPropertyOptional({ maxLength: 500 })
  @IsOptional()
  @IsString()
  @IsNotBlank()
  @MaxLength(500)
  address?: string;
}

export class ReporterDto {
  @ApiPropertyOptional({ maxLength: 100 })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  name?: string;

  @ApiPropertyOptional({ maxLength: 30, example: '+86 10 5550 0100' })
  @IsOptional()
  @Matches(/^[0-9+() -]{5,30}$/, { message: '$property must be a telephone number' })
  phone?: string;
}

export class ReportIncidentDto {
  @ApiProperty({ description: 'Code of a category in use, see GET /v1/categories' })
  @IsOpaqueId()
  category!: string;

  @ApiProperty({ enum: severities, description: '小事 / 大事 / 群体事件' })
  @IsIn(severities)
  severity!: (typeof severities)[number];

  @ApiProperty({ maxLength: descriptionCharsMax })
  @IsString()
  @IsNotBlank()
  @MaxLength(descriptionCharsMax)
  description!: string;

  @ApiProperty({ type: LocationDto })
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => LocationDto)
  location!: LocationDto;

  @ApiPropertyOptional()
  @IsOptional()
  @IsOpaqueId()
  gridId?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsOpaqueId()
  estateId?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Default: now' })
  @IsOptional()
  @IsInstant()
  occurredAt?: string;

  @ApiProperty({ example: 'APP', description: 'How it arrived: APP, HOTLINE_12345, PATROL, WALK_IN …' })
  @Matches(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/, { message: '$property must be a code of up to 40 characters' })
  channel!: string;

  @ApiPropertyOptional({ type: ReporterDto, description: 'Stored encrypted; no query of incidents shows it' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ReporterDto)
  reporter?: ReporterDto;

  @ApiPropertyOptional({ default: false, description: 'Forget the reporter; the receipt code still works' })
  @IsOptional()
  @IsBoolean()
  anonymous?: boolean;

  @ApiPropertyOptional({ default: false, description: 'File it in the same step; for offices only' })
  @IsOptional()
  @IsBoolean()
  file?: boolean;
}

export class EmptyDto {}

export class NoteDto {
  @ApiPropertyOptional({ maxLength: noteCharsMax })
  @IsOptional()
  @IsString()
  @MaxLength(noteCharsMax)
  note?: string;
}

export class CompletionDto extends NoteDto {
  @ApiPropertyOptional({ type: [String], description: 'SHA-256 of photos and papers, hexadecimal' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(evidenceMax)
  @IsSha256({ each: true })
  evidence?: string[];
}

export class StartSelfHandlingDto extends NoteDto {
  @ApiPropertyOptional({
    enum: ['ESTATE', 'COMMUNITY'],
    description: 'Default: ESTATE where the incident lies in one',
  })
  @IsOptional()
  @IsIn(['ESTATE', 'COMMUNITY'])
  level?: 'ESTATE' | 'COMMUNITY';
}

export class BlowWhistleDto {
  @ApiProperty({ enum: whistleKinds })
  @IsIn(whistleKinds)
  kind!: (typeof whistleKinds)[number];

  @ApiProperty({ description: 'Department that leads 主办' })
  @IsOpaqueId()
  lead!: string;

  @ApiPropertyOptional({ type: [String], description: 'Departments that assist 协办' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(assistsMax)
  @ArrayUnique()
  @IsOpaqueId({ each: true })
  assists?: string[];

  @ApiProperty({ maxLength: noteCharsMax })
  @IsString()
  @IsNotBlank()
  @MaxLength(noteCharsMax)
  reason!: string;
}

export class CheckInDto extends CompletionDto {
  @ApiPropertyOptional({
    format: 'date-time',
    description: 'For check-ins made offline; needs evidence to count',
  })
  @IsOptional()
  @IsInstant()
  occurredAt?: string;

  @ApiPropertyOptional({ type: LocationDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => LocationDto)
  location?: LocationDto;
}

export class CheckHandlingDto {
  @ApiProperty({ enum: ['PASS', 'FAIL'] })
  @IsIn(['PASS', 'FAIL'])
  result!: 'PASS' | 'FAIL';

  @ApiProperty({ maxLength: noteCharsMax })
  @IsString()
  @IsNotBlank()
  @MaxLength(noteCharsMax)
  note!: string;

  @ApiPropertyOptional({ type: [String] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(evidenceMax)
  @IsSha256({ each: true })
  evidence?: string[];
}

export class FeedbackDto {
  @ApiProperty({ enum: ['SOLVED', 'PARTLY', 'UNSOLVED'] })
  @IsIn(['SOLVED', 'PARTLY', 'UNSOLVED'])
  solved!: 'SOLVED' | 'PARTLY' | 'UNSOLVED';

  @ApiProperty({ enum: ['SATISFIED', 'BASICALLY_SATISFIED', 'DISSATISFIED', 'NOT_RATED'] })
  @IsIn(['SATISFIED', 'BASICALLY_SATISFIED', 'DISSATISFIED', 'NOT_RATED'])
  satisfaction!: 'SATISFIED' | 'BASICALLY_SATISFIED' | 'DISSATISFIED' | 'NOT_RATED';

  @ApiPropertyOptional({ maxLength: noteCharsMax })
  @IsOptional()
  @IsString()
  @MaxLength(noteCharsMax)
  comment?: string;

  @ApiPropertyOptional({ description: "The reporter's secret; not needed by a callback operator" })
  @IsOptional()
  @IsString()
  @MaxLength(40)
  receiptCode?: string;
}

const queryBoolean = ({ value }: { value: unknown }): unknown =>
  value === 'true' ? true : value === 'false' ? false : value;

export class MomentQuery {
  @ApiPropertyOptional({ format: 'date-time', description: 'What was true then' })
  @IsOptional()
  @IsInstant()
  asOf?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'As far as the log knew then' })
  @IsOptional()
  @IsInstant()
  knownAt?: string;
}

export class ListIncidentsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: states })
  @IsOptional()
  @IsIn(states)
  state?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsOpaqueId()
  category?: string;

  @ApiPropertyOptional({ enum: severities })
  @IsOptional()
  @IsIn(severities)
  severity?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsOpaqueId()
  streetId?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsOpaqueId()
  communityId?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsOpaqueId()
  estateId?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsOpaqueId()
  departmentId?: string;

  @ApiPropertyOptional({ type: Boolean })
  @IsOptional()
  @Transform(queryBoolean)
  @IsBoolean()
  overdue?: boolean;

  @ApiPropertyOptional({ format: 'date-time', description: 'Reported at or after' })
  @IsOptional()
  @IsInstant()
  from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Reported before' })
  @IsOptional()
  @IsInstant()
  to?: string;

  @ApiPropertyOptional({ description: 'Part of the description', maxLength: 100 })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  q?: string;
}

export class ReplayQuery {
  @ApiProperty({ description: 'An instant (ISO 8601 with offset) or a revision' })
  @IsString()
  @MaxLength(40)
  at!: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'With an instant: as far as the log knew then' })
  @IsOptional()
  @IsInstant()
  knownAt?: string;
}
