import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { OptionalInstant } from './fields.dto.js';

/** Which span of time is replayed, and how fast. */
export class UnitReplayQuery {
  @ApiPropertyOptional({
    ...{ example: '2026-03-02', pattern: '^\\d{4}-\\d{2}-\\d{2}$' },
    description:
      'A day of the city, midnight to midnight in Asia/Shanghai; default, without from and to: today',
  })
  @IsOptional()
  @Matches(/^\d{4}-\d{2}-\d{2}$/, { message: '$property must be a date such as 2026-03-02' })
  day?: string;

  @OptionalInstant('Instead of day, with to: start of the window, included')
  from?: string;

  @OptionalInstant('Instead of day, with from: end of the window, excluded; 31 days at the most')
  to?: string;

  @ApiPropertyOptional({
    ...{ default: '60x', pattern: '^(max|[1-9]\\d{0,4}x)$' },
    description: 'Times faster than it was, 1x to 86400x; max: without waiting',
  })
  @IsOptional()
  @Matches(/^(max|[1-9]\d{0,4}x)$/, { message: '$property must be such as 60x, or max' })
  speed?: string;

  @OptionalInstant('As far as the log knew then')
  knownAt?: string;

  @ApiPropertyOptional({
    maxLength: 19,
    description: 'Id of the last event seen; Last-Event-ID goes before it',
  })
  @IsOptional()
  @IsString()
  @MaxLength(19)
  after?: string;
}

class LineAnswer {
  @ApiProperty() zh!: string;
  @ApiProperty() en!: string;
}

class ReplayActorAnswer {
  @ApiProperty() role!: string;
  @ApiProperty({ type: String, nullable: true }) orgUnitId!: string | null;
}

/** What `data` of each `event: replayed` is. */
export class ReplayedEventAnswer {
  @ApiProperty({ description: 'Rises; what Last-Event-ID goes on after' }) id!: string;
  @ApiProperty() type!: string;
  @ApiProperty({ format: 'date-time' }) occurredAt!: string;
  @ApiProperty({ format: 'date-time' }) recordedAt!: string;
  @ApiProperty({ type: String, nullable: true }) incidentId!: string | null;
  @ApiProperty({ type: 'integer' }) revision!: number;
  @ApiProperty() position!: string;
  @ApiProperty() eventId!: string;
  @ApiProperty({ type: ReplayActorAnswer }) actor!: ReplayActorAnswer;
  @ApiProperty({ type: LineAnswer }) line!: LineAnswer;
}
