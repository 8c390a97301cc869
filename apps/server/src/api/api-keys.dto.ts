import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { API_KEY_ROLES, type ApiKeyRole } from '@shaoying/identity';
import { IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';
import { Id, OneOf, Words } from './fields.dto.js';

const labelCharsMax = 100;
export const daysDefault = 90;
/** Of any setting. */
const daysMax = 1_095;
export const overlapHoursDefault = 24;
const overlapHoursMax = 168;

class LifetimeDto {
  @ApiPropertyOptional({
    ...{ type: 'integer', minimum: 1, maximum: daysMax },
    description: `Days that it lives; API_KEY_DAYS_MAX at the most. Default ${daysDefault}, or as long again as before`,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(daysMax)
  expiresInDays?: number;
}

export class IssueApiKeyDto extends LifetimeDto {
  @Words('The system that will use it. Never the name of a person', labelCharsMax)
  label!: string;

  @OneOf(API_KEY_ROLES)
  role!: ApiKeyRole;

  @Id('Unit that the system acts for')
  orgUnitId!: string;

  @ApiPropertyOptional({ description: 'True: it may read, and change nothing', default: false })
  @IsOptional()
  @IsBoolean()
  readOnly?: boolean;
}

export class RotateApiKeyDto extends LifetimeDto {
  @ApiPropertyOptional({
    ...{ type: 'integer', minimum: 0, maximum: overlapHoursMax, default: overlapHoursDefault },
    description: 'Hours for which the former secret goes on to count; one older than that ends at once',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(overlapHoursMax)
  overlapHours?: number;
}

const instant = { format: 'date-time' };
const nullableInstant = { type: String, format: 'date-time', nullable: true };

export class ApiKeyStepAnswer {
  @ApiProperty({ enum: ['ISSUED', 'ROTATED', 'REVOKED'] }) what!: string;
  @ApiProperty(instant) at!: string;
  @ApiProperty({ description: 'Id of whoever did it' }) by!: string;
}

export class ApiKeyAnswer {
  @ApiProperty() id!: string;
  @ApiProperty() label!: string;
  @ApiProperty({ enum: [...API_KEY_ROLES] }) role!: string;
  @ApiProperty() orgUnitId!: string;
  @ApiProperty() readOnly!: boolean;
  @ApiProperty({ enum: ['ACTIVE', 'EXPIRED', 'REVOKED'] }) state!: string;
  @ApiProperty(instant) expiresAt!: string;
  @ApiProperty({ ...nullableInstant, description: 'Until when the secret before the last rotation counts' })
  formerSecretEndsAt!: string | null;
  @ApiProperty({
    ...{ ...nullableInstant, format: 'date' },
    description: 'UTC day. As far as it is known now, also where a request is repeated',
  })
  lastUsedOn!: string | null;
  @ApiProperty({ type: [ApiKeyStepAnswer] }) history!: ApiKeyStepAnswer[];
}

export class ApiKeySecretAnswer extends ApiKeyAnswer {
  @ApiProperty({
    ...{ type: String, nullable: true },
    description:
      'The key for Authorization: Bearer. Shown once; null when the same request is repeated: then rotate it',
  })
  key!: string | null;
}

export class ApiKeysAnswer {
  @ApiProperty({ type: [ApiKeyAnswer] }) items!: ApiKeyAnswer[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}
