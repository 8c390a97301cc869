import { ApiProperty, ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { IsInstant, IsOpaqueId, TableQuery } from '@shaoying/http';
import {
  DURATION_UNITS,
  ORG_UNIT_KINDS,
  type CoordinateSystem,
  type DurationUnit,
  type OrgUnitKind,
} from '@shaoying/jurisdiction-contracts';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsNumber, IsOptional, Max, Min, ValidateBy } from 'class-validator';
import { OptionalCoordinateSystem } from './fields.dto.js';
import { MomentQuery } from './incident.dto.js';

const moment = { format: 'date-time', description: 'Default: now' };

/** One instant or the other: whoever names both means neither. */
const InsteadOfAsOf = (): PropertyDecorator =>
  ValidateBy({
    name: 'insteadOfAsOf',
    validator: {
      validate: (_, asked) => (asked?.object as AtQuery).asOf === undefined,
      defaultMessage: () => '$property stands instead of asOf, not beside it',
    },
  });

/** What was published, as it was by an instant, as far as the log knew at another. */
export class AtQuery extends MomentQuery {
  @ApiPropertyOptional({ format: 'date-time', description: 'Another name of asOf' })
  @IsOptional()
  @IsInstant()
  @InsteadOfAsOf()
  at?: string;
}

/** Of documents, which come into force as they are published. */
export class DocumentsQuery extends MomentQuery {}

export class CategoriesQuery extends IntersectionType(DocumentsQuery, TableQuery) {}

export class OrgUnitsQuery extends IntersectionType(AtQuery, TableQuery) {
  @ApiPropertyOptional({ enum: ORG_UNIT_KINDS })
  @IsOptional()
  @IsIn(ORG_UNIT_KINDS)
  kind?: OrgUnitKind;
}

/** The finest areas of a place name all above them. */
const AREAS_MAX = 10;

export class ResponsibleQuery extends DocumentsQuery {
  @ApiPropertyOptional({ type: String, description: `Up to ${AREAS_MAX} org units, separated by commas` })
  @IsOptional()
  @Transform(({ value }: { value: unknown }): unknown =>
    typeof value === 'string' ? value.split(',') : value,
  )
  @IsArray()
  @ArrayMaxSize(AREAS_MAX)
  @IsOpaqueId({ each: true })
  areas?: string[];
}

export class DueDto {
  @ApiProperty({ format: 'date-time' })
  @IsInstant()
  start!: string;

  @ApiProperty({ minimum: 0, maximum: 100_000 })
  @IsNumber()
  @Min(0)
  @Max(100_000)
  amount!: number;

  @ApiProperty({ enum: DURATION_UNITS })
  @IsIn(DURATION_UNITS)
  unit!: DurationUnit;
}

export class LocateDto {
  @ApiProperty({ minimum: -180, maximum: 180, description: 'Degrees' })
  @IsNumber()
  @Min(-180)
  @Max(180)
  lon!: number;

  @ApiProperty({ minimum: -90, maximum: 90, description: 'Degrees' })
  @IsNumber()
  @Min(-90)
  @Max(90)
  lat!: number;

  @OptionalCoordinateSystem()
  crs?: CoordinateSystem;

  @ApiPropertyOptional({ ...moment, description: 'By the boundaries that held then. Default: now' })
  @IsOptional()
  @IsInstant()
  at?: string;
}

export class PublishQuery {
  @ApiPropertyOptional({ enum: ['true', 'false'], description: 'Say what would change and what is wrong' })
  @IsOptional()
  @IsIn(['true', 'false'])
  dryRun?: 'true' | 'false';
}

const nullableText = { type: String, nullable: true };

export class LocatedAnswer {
  @ApiProperty({ ...nullableText, description: 'Null: outside every grid' }) gridId!: string | null;
  @ApiProperty(nullableText) orgUnitId!: string | null;
  @ApiProperty(nullableText) gridMapId!: string | null;
  @ApiProperty({ type: 'integer', nullable: true }) gridMapVersion!: number | null;
  @ApiProperty({ type: [String], description: 'Other grids that contain the point' })
  others!: readonly string[];
}

export class ResponsibleAnswer {
  @ApiProperty() departmentId!: string;
  @ApiProperty({ type: [String] }) assistingDepartmentIds!: readonly string[];
  @ApiProperty({ ...nullableText, description: 'Legal basis' }) basis!: string | null;
}

class PublishedAnswer {
  @ApiProperty({ example: 'DeadlinePolicyPublished' }) type!: string;
  @ApiProperty() documentId!: string;
  @ApiProperty({ type: 'integer' }) version!: number;
}

export class PublicationAnswer {
  @ApiProperty({ type: [PublishedAnswer], description: 'Empty when all of it was in force already' })
  published!: readonly PublishedAnswer[];
  @ApiProperty({ description: 'For Shaoying-Min-Position' }) position!: string;
  @ApiProperty({ type: [String] }) warnings!: readonly string[];
  @ApiPropertyOptional({ type: [String], description: 'Of a dry run' }) problems?: readonly string[];
}
