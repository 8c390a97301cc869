import { ApiProperty, ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { IsInstant, IsNotBeforeFrom, IsNotBlank, IsOpaqueId, PageQuery } from '@shaoying/http';
import { LIFECYCLES } from '@shaoying/incident-domain';
import type { CoordinateSystem } from '@shaoying/jurisdiction-contracts';
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
import {
  descriptionCharsMax,
  OptionalCoordinateSystem,
  OptionalId,
  OptionalOneOf,
  OptionalPhotos,
  OptionalWords,
} from './fields.dto.js';

/** What of a report may be marked as personal. */
export const personalParts = ['description', 'location', 'photos'] as const;

const severities = ['MINOR', 'MAJOR', 'GROUP'] as const;

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

  @OptionalCoordinateSystem()
  crs?: CoordinateSystem;

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

  @OptionalWords('For whoever has the matter in hand alone; stored encrypted')
  privateNote?: string;

  @ApiPropertyOptional({
    enum: personalParts,
    isArray: true,
    description:
      'What of the report is personal: stored encrypted, told like the reporter. A location is shown to some 100 m, photos to whom the reporter is revealed with PHOTOS',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(personalParts.length)
  @ArrayUnique()
  @IsIn(personalParts, { each: true })
  personal?: (typeof personalParts)[number][];

  @ApiPropertyOptional({ default: false, description: 'Forget the reporter; the receipt code still works' })
  @IsOptional()
  @IsBoolean()
  anonymous?: boolean;

  @OptionalPhotos()
  evidence?: string[];

  @OptionalId('An earlier incident that it is a recurrence of')
  recurrenceOf?: string;

  @ApiPropertyOptional({ default: false, description: 'File it in the same step; for offices only' })
  @IsOptional()
  @IsBoolean()
  file?: boolean;
}

export class EmptyDto {}

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

export class ListIncidentsQuery extends IntersectionType(PageQuery, MomentQuery) {
  @OptionalOneOf(LIFECYCLES)
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

  @ApiPropertyOptional({ type: Boolean, description: 'Waits for somebody to say where it is' })
  @IsOptional()
  @Transform(queryBoolean)
  @IsBoolean()
  unlocated?: boolean;

  @ApiPropertyOptional({ format: 'date-time', description: 'Reported at or after' })
  @IsOptional()
  @IsInstant()
  from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Reported before' })
  @IsOptional()
  @IsInstant()
  @IsNotBeforeFrom()
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
