import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { DELIVERY_OUTCOMES, DISABLE_CAUSES, SEND_ERRORS } from '@shaoying/webhooks';
import { parseInstant } from '@shaoying/http';
import { Transform } from 'class-transformer';
import { IsOptional, IsString, MaxLength, ValidateBy } from 'class-validator';
import { isFeedPosition, IsPosition, OptionalNumber } from './consumer-groups.dto.js';

const urlCharsMax = 500;
export const concurrencyDefault = 4;
export const perSecondDefault = 50;
export const overlapHoursDefault = 24;

export class RegisterWebhookDto {
  @ApiProperty({
    ...{ maxLength: urlCharsMax, example: 'https://hooks.example.gov.cn/shaoying' },
    description: 'https, a public address, no credentials. What it holds is no secret',
  })
  @IsString()
  @MaxLength(urlCharsMax)
  url!: string;

  @ApiPropertyOptional({
    description: 'Position after which it begins; 0 for everything. Default: from now on',
  })
  @IsOptional()
  @IsPosition()
  after?: string;

  @OptionalNumber('Deliveries under way at once', 1, 16, concurrencyDefault)
  concurrency?: number;

  @OptionalNumber('Deliveries begun in a second', 1, 500, perSecondDefault)
  perSecond?: number;
}

export class RotateWebhookDto {
  @OptionalNumber('Hours for which the former secret goes on to sign too', 0, 168, overlapHoursDefault)
  overlapHours?: number;
}

const place = { oneOf: [{ pattern: '^\\d{1,18}$' }, { format: 'date-time' }], maxLength: 40 };

/** Where in a feed: a position, or the time that an item tells; the latter is held in UTC with milliseconds. */
const IsPlaceInFeed = (): PropertyDecorator =>
  applyDecorators(
    Transform(({ value }: { value: unknown }): unknown => parseInstant(value) ?? value),
    ValidateBy({
      name: 'isPlaceInFeed',
      validator: {
        validate: (value) => isFeedPosition(value) || (value !== undefined && parseInstant(value) === value),
        defaultMessage: () =>
          '$property must be a position, or ISO 8601 with an offset, e.g. 2026-02-13T16:00:00+08:00',
      },
    }),
  );

/** Two positions, or two times; of one of each nobody can tell. */
const IsNotBeforeFrom = (): PropertyDecorator =>
  ValidateBy({
    name: 'isNotBeforeFrom',
    validator: {
      validate: (to, args) => {
        const { from } = args?.object as RedeliverDto;
        if (isFeedPosition(from) && isFeedPosition(to)) return BigInt(from) <= BigInt(to);
        const [fromTime, toTime] = [parseInstant(from), parseInstant(to)];
        return fromTime === undefined || toTime === undefined || fromTime <= toTime;
      },
      defaultMessage: () => '$property must not be before from',
    },
  });

export class RedeliverDto {
  @ApiProperty({
    ...{ type: String, ...place, example: '2026-02-13T18:00:00+08:00' },
    description: 'The first item: its position (sequence), or from which time on (time of the CloudEvent)',
  })
  @IsPlaceInFeed()
  from!: string;

  @ApiPropertyOptional({
    ...{ type: String, ...place, nullable: true },
    description:
      'The last item, in the same way. Default: where from is a position only that one, where it is a time all since',
  })
  @IsOptional()
  @IsPlaceInFeed()
  @IsNotBeforeFrom()
  to?: string | null;

  @ApiPropertyOptional({
    ...{ type: String, pattern: '^\\d{1,18}$', maxLength: 18, nullable: true },
    description: 'To go on: next of the answer before, with the same from and to',
  })
  @IsOptional()
  @IsPosition()
  after?: string | null;
}

const instant = { format: 'date-time', description: 'UTC' };
const nullableInstant = { type: String, format: 'date-time', nullable: true };

class WebhookStepAnswer {
  @ApiProperty({ enum: ['REGISTERED', 'ROTATED', 'DISABLED', 'ENABLED', 'DELETED'] }) what!: string;
  @ApiProperty(instant) at!: string;
  @ApiProperty({ description: 'Id of whoever did it' }) by!: string;
}

export class WebhookAnswer {
  @ApiProperty() id!: string;
  @ApiProperty() url!: string;
  @ApiProperty({ enum: ['ENABLED', 'DISABLED'] }) state!: string;
  @ApiProperty({
    ...{ enum: [...DISABLE_CAUSES, null], nullable: true },
    description:
      'GONE: it answered 410. FAILING: nothing was delivered for three days, in ten attempts at least',
  })
  disabledBecause!: string | null;
  @ApiProperty({ type: 'integer' }) concurrency!: number;
  @ApiProperty({ type: 'integer' }) perSecond!: number;
  @ApiProperty({
    ...nullableInstant,
    description: 'Until when the secret before the last rotation signs too',
  })
  formerSecretEndsAt!: string | null;
  @ApiProperty({
    description:
      'Up to here everything is delivered, given up, or waits. This and how deliveries go is as it is now, also where a request is repeated',
  })
  position!: string;
  @ApiProperty({ type: 'integer' }) waiting!: number;
  @ApiProperty({ type: 'integer', description: 'Items that were tried for three days; deliver them by hand' })
  givenUp!: number;
  @ApiProperty({ type: 'integer' }) failuresInARow!: number;
  @ApiProperty(nullableInstant) failingSince!: string | null;
  @ApiProperty(nullableInstant) deliveredAt!: string | null;
  @ApiProperty({ type: [WebhookStepAnswer] }) history!: WebhookStepAnswer[];
}

export class WebhookSecretAnswer extends WebhookAnswer {
  @ApiProperty({
    ...{ type: String, nullable: true },
    description:
      'whsec_… to check signatures by. Shown once; null when the same request is repeated: then rotate it',
  })
  secret!: string | null;
}

export class WebhooksAnswer {
  @ApiProperty({ type: [WebhookAnswer] }) items!: WebhookAnswer[];
}

export class WebhookDeliveryAnswer {
  @ApiProperty({ description: 'Of the item in the feed' }) position!: string;
  @ApiProperty({ description: 'webhook-id' }) eventId!: string;
  @ApiProperty({ type: 'integer' }) attempt!: number;
  @ApiProperty(instant) at!: string;
  @ApiProperty({ type: 'integer' }) tookMs!: number;
  @ApiProperty({ enum: [...DELIVERY_OUTCOMES] }) outcome!: string;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Null: there was no answer' }) status!:
    number | null;
  @ApiProperty({ enum: [...SEND_ERRORS, null], nullable: true }) error!: string | null;
}

export class WebhookDeliveriesAnswer {
  @ApiProperty({ type: [WebhookDeliveryAnswer] }) items!: WebhookDeliveryAnswer[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

export class RedeliverAnswer {
  @ApiProperty({ type: 'integer', description: 'Items that will be delivered once more' })
  redelivered!: number;
  @ApiProperty({
    ...{ type: String, nullable: true },
    description: 'There may be more: go on with it as after, and the same from and to',
  })
  next!: string | null;
}
