import { ApiProperty } from '@nestjs/swagger';
import { CloudEventAnswer } from './answers.dto.js';
import {
  leaseItemsMax,
  OptionalNumber,
  visibilitySecondsDefault,
  visibilitySecondsMax,
  waitSecondsMax,
} from './consumer-groups.dto.js';

const Visibility = (): PropertyDecorator =>
  OptionalNumber('For how long nobody else gets them', 1, visibilitySecondsMax, visibilitySecondsDefault);

export class LeaseDispatchesDto {
  @OptionalNumber('How many at most; of one incident one at a time', 1, leaseItemsMax, 10)
  max?: number;

  @Visibility()
  visibilityTimeoutSeconds?: number;

  @OptionalNumber('How long to wait where there is nothing', 0, waitSecondsMax, 0)
  waitSeconds?: number;
}

export class GiveUpLeaseDto {
  @OptionalNumber('When it may be delivered again', 0, visibilitySecondsMax, 0)
  delaySeconds?: number;
}

export class ExtendLeaseDto {
  @Visibility()
  visibilityTimeoutSeconds?: number;
}

export class LeasedDispatchAnswer {
  @ApiProperty({ description: 'What it is acknowledged, given back or extended by' }) leaseId!: string;
  @ApiProperty({ type: 'integer', description: 'This one included' }) deliveries!: number;
  @ApiProperty({ format: 'date-time', description: 'UTC' }) leasedUntil!: string;
  @ApiProperty({ type: CloudEventAnswer, description: 'As in the feed' }) event!: unknown;
}

export class LeasedAnswer {
  @ApiProperty({ type: [LeasedDispatchAnswer] }) items!: LeasedDispatchAnswer[];
}

export class OneLeaseAnswer {
  @ApiProperty() leaseId!: string;
}
