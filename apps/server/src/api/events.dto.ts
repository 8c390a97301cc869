import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { QUERIED_TYPES_MAX, QUERY_PURPOSES, type QueryPurpose } from '@shaoying/audit';
import { IsNotBeforeFrom, IsOpaqueId, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from '@shaoying/http';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { OptionalId, OptionalInstant, OptionalOneOf } from './fields.dto.js';

const formats = ['json', 'csv', 'ndjson'] as const;
export type EventsFormat = (typeof formats)[number];

/** `types=A,B` and `types=A&types=B` alike. */
const listed = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' ? value.split(',') : value;

export class EventsQuery {
  @ApiPropertyOptional({ maxLength: 19, description: 'Position: only what stands behind it' })
  @IsOptional()
  @IsString()
  @MaxLength(19)
  after?: string;

  @ApiPropertyOptional({
    ...{ type: 'integer', minimum: 1, maximum: PAGE_LIMIT_MAX, default: PAGE_LIMIT_DEFAULT },
    description: 'Of a page; an export is whole',
  })
  @Transform(({ value }: { value: unknown }): unknown =>
    typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value,
  )
  @IsInt()
  @Min(1)
  @Max(PAGE_LIMIT_MAX)
  limit: number = PAGE_LIMIT_DEFAULT;

  @ApiPropertyOptional({
    ...{ type: [String], maxItems: QUERIED_TYPES_MAX, example: ['WhistleBlown', 'DepartmentCheckedIn'] },
    description: 'Wire names of events, with commas or several times',
  })
  @IsOptional()
  @Transform(listed)
  @IsArray()
  @ArrayMaxSize(QUERIED_TYPES_MAX)
  @IsOpaqueId({ each: true })
  types?: string[];

  @ApiPropertyOptional({
    maxLength: 200,
    description: 'Account of whoever did it, as events show it. Asks about a person: purpose is needed',
  })
  @IsOptional()
  @IsString()
  @Matches(/^[^\p{Cc}]{1,200}$/u, { message: '$property must be 1 to 200 characters' })
  actor?: string;

  @OptionalOneOf(QUERY_PURPOSES, 'Why the actor is asked about; recorded before it is told')
  purpose?: QueryPurpose;

  @OptionalId('Unit of whoever did it, or one within it')
  org?: string;

  @OptionalId('Of one incident')
  incidentId?: string;

  @OptionalInstant('It was so then or later')
  from?: string;

  @OptionalInstant('It was so before')
  @IsNotBeforeFrom()
  to?: string;

  @ApiPropertyOptional({ enum: formats, description: 'Before what Accept says; csv and ndjson are exports' })
  @IsOptional()
  @IsIn(formats)
  format?: EventsFormat;
}

class LoggedActorAnswer {
  @ApiProperty() id!: string;
  @ApiProperty() role!: string;
  @ApiProperty({ type: String, nullable: true }) orgUnitId!: string | null;
}

class LoggedLineAnswer {
  @ApiProperty() zh!: string;
  @ApiProperty() en!: string;
}

export class LoggedEventAnswer {
  @ApiProperty() eventId!: string;
  @ApiProperty() type!: string;
  @ApiProperty({ type: 'integer' }) schemaVersion!: number;
  @ApiProperty() streamId!: string;
  @ApiProperty({ type: 'integer' }) revision!: number;
  @ApiProperty() position!: string;
  @ApiProperty({ format: 'date-time' }) occurredAt!: string;
  @ApiProperty({ format: 'date-time' }) recordedAt!: string;
  @ApiProperty({ type: LoggedActorAnswer }) actor!: LoggedActorAnswer;
  @ApiProperty() correlationId!: string;
  @ApiProperty() causationId!: string;
  @ApiProperty() commandId!: string;
  @ApiProperty({ required: false, description: 'W3C Trace Context of the request behind it' })
  traceparent?: string;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'As it is stored' }) data!: object;
  @ApiProperty({ type: LoggedLineAnswer }) line!: LoggedLineAnswer;
}

export class LoggedEventsAnswer {
  @ApiProperty({ type: [LoggedEventAnswer] }) items!: LoggedEventAnswer[];
  @ApiProperty({
    type: String,
    nullable: true,
    description: '`after` of the next page; null at the end of the log',
  })
  nextCursor!: string | null;
  @ApiProperty({ description: 'Up to here the log was looked through' }) position!: string;
}
