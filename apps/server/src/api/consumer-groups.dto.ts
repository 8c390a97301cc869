import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsWithoutRepeats } from '@shaoying/http';
import { isPosition } from '@shaoying/event-store';
import { hiddenMsMax, isDeliveryId } from '@shaoying/subscriptions';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
} from 'class-validator';
import { CloudEventAnswer } from './answers.dto.js';

export const leaseItemsMax = 100;
export const visibilitySecondsDefault = 30;
export const maxDeliveriesDefault = 10;
export const waitSecondsMax = 20;
export const visibilitySecondsMax = hiddenMsMax / 1_000;
const maxDeliveriesMax = 100;
const positionCharsMax = 19;

/** Names stand in addresses. */
export const groupName = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

export const OptionalNumber = (
  description: string,
  minimum: number,
  maximum: number,
  standard: number,
): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ type: 'integer', description, minimum, maximum, default: standard }),
    IsOptional(),
    IsInt(),
    Min(minimum),
    Max(maximum),
  );

/** Callers' text, in bodies and cursors: no longer than what a bigint column holds. */
export const isFeedPosition = (value: unknown): value is string =>
  typeof value === 'string' && value.length < positionCharsMax && isPosition(value);

/** A position in a feed, as callers give it. */
export const IsPosition = (each = false): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isPosition',
      validator: {
        validate: isFeedPosition,
        defaultMessage: () => '$property must be a position',
      },
    },
    { each },
  );

const Visibility = (): PropertyDecorator =>
  OptionalNumber('For how long nobody else gets them', 1, visibilitySecondsMax, visibilitySecondsDefault);

class DeliveriesDto {
  @ApiProperty({ type: [String], minItems: 1, maxItems: leaseItemsMax })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(leaseItemsMax)
  @IsWithoutRepeats()
  @ValidateBy(
    {
      name: 'isDeliveryId',
      validator: {
        validate: (value) => typeof value === 'string' && isDeliveryId(value),
        defaultMessage: () => '$property must be ids of deliveries',
      },
    },
    { each: true },
  )
  deliveryIds!: string[];
}

export class MakeConsumerGroupDto {
  @ApiProperty({
    description: 'Lower-case letters, digits and hyphens',
    maxLength: 40,
    example: 'map-screen',
  })
  @IsString()
  @MaxLength(40)
  @Matches(groupName)
  name!: string;

  @ApiPropertyOptional({ description: 'Position after which it begins; 0 for everything', default: '0' })
  @IsOptional()
  @IsPosition()
  after?: string;

  @OptionalNumber(
    'After as many deliveries without an acknowledgement an item is a dead letter',
    ...([1, maxDeliveriesMax, maxDeliveriesDefault] as const),
  )
  maxDeliveries?: number;
}

export class LeaseDto {
  @OptionalNumber('How many at most; of one incident one at a time', 1, leaseItemsMax, 10)
  max?: number;

  @Visibility()
  visibilitySeconds?: number;

  @OptionalNumber('How long to wait where there is nothing', 0, waitSecondsMax, 0)
  waitSeconds?: number;
}

export class AcknowledgeDto extends DeliveriesDto {}

export class GiveBackDto extends DeliveriesDto {
  @OptionalNumber('When they may be delivered again', 0, visibilitySecondsMax, 0)
  delaySeconds?: number;
}

export class ExtendDto extends DeliveriesDto {
  @Visibility()
  visibilitySeconds?: number;
}

export class RedriveDto {
  @ApiPropertyOptional({
    type: [String],
    maxItems: leaseItemsMax,
    description: 'Without it: the first thousand',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(leaseItemsMax)
  @IsPosition(true)
  positions?: string[];
}

const instant = { format: 'date-time', description: 'UTC' };

export class ConsumerGroupAnswer {
  @ApiProperty() name!: string;
  @ApiProperty({ description: 'Up to here everything is done, or counted below' }) position!: string;
  @ApiProperty({ type: 'integer' }) maxDeliveries!: number;
  @ApiProperty(instant) createdAt!: string;
  @ApiProperty({ type: 'integer', description: 'Lent to a consumer now' }) leased!: number;
  @ApiProperty({ type: 'integer', description: 'Taken from the feed and not lent now' }) waiting!: number;
  @ApiProperty({ type: 'integer', description: 'Dead letters' }) dead!: number;
}

export class ConsumerGroupsAnswer {
  @ApiProperty({ type: [ConsumerGroupAnswer] }) items!: ConsumerGroupAnswer[];
}

export class DeliveryAnswer {
  @ApiProperty({ description: 'Of this lease' }) deliveryId!: string;
  @ApiProperty({ type: 'integer', description: 'This one included' }) deliveries!: number;
  @ApiProperty(instant) leasedUntil!: string;
  @ApiProperty({ type: CloudEventAnswer, description: 'As in the feed' }) event!: unknown;
}

export class LeaseAnswer {
  @ApiProperty({ type: [DeliveryAnswer] }) items!: DeliveryAnswer[];
}

export class SettledAnswer {
  @ApiProperty({ type: [String] }) settled!: readonly string[];
  @ApiProperty({ type: [String], description: 'Lent to somebody else or ended before' })
  lost!: readonly string[];
}

export class DeadLetterAnswer {
  @ApiProperty() position!: string;
  @ApiProperty({ type: 'integer' }) deliveries!: number;
  @ApiProperty(instant) deadAt!: string;
  @ApiProperty({ type: CloudEventAnswer }) event!: unknown;
}

export class DeadLettersAnswer {
  @ApiProperty({ type: [DeadLetterAnswer] }) items!: DeadLetterAnswer[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

export class RedrivenAnswer {
  @ApiProperty({ type: [String], description: 'Positions of those that were dead letters' })
  redriven!: string[];
}
