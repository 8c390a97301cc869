import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsUUID, Max, Min } from 'class-validator';

const algorithms = ['sha256', 'sm3'];
const hash = { format: 'byte', maxLength: 44 };
/** Leaves, beyond any log; numbers stay exact. */
const sizeMax = 9_007_199_254_740_991;
const size = { type: 'integer' as const, minimum: 0, maximum: sizeMax };

function toInteger({ value }: { value: unknown }): unknown {
  return typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
}

export class ProofQuery {
  @ApiProperty({ format: 'uuid', maxLength: 36 })
  @Transform(({ value }: { value: unknown }): unknown =>
    typeof value === 'string' ? value.toLowerCase() : value,
  )
  @IsUUID()
  eventId!: string;
}

export class ConsistencyQuery {
  @ApiProperty({ ...size, description: 'Leaves of the older tree' })
  @Transform(toInteger)
  @IsInt()
  @Min(0)
  @Max(sizeMax)
  from!: number;

  @ApiProperty({ ...size, description: 'Leaves of the newer tree' })
  @Transform(toInteger)
  @IsInt()
  @Min(0)
  @Max(sizeMax)
  to!: number;
}

export class CheckpointAnswer {
  @ApiProperty() origin!: string;
  @ApiProperty({ ...size, description: 'Events under it: the first so many of the log' }) size!: number;
  @ApiProperty(hash) root!: string;
  @ApiProperty({ enum: algorithms }) algorithm!: string;
  @ApiProperty({ description: 'The signed note (c2sp.org/tlog-checkpoint), whole' }) note!: string;
  @ApiProperty({ format: 'date-time', description: 'UTC' }) signedAt!: string;
  @ApiProperty({ ...size, description: 'Events in the tree by now' }) treeSize!: number;
}

export class KeysAnswer {
  @ApiProperty() origin!: string;
  @ApiProperty({
    ...{ type: [String] },
    description:
      'Verifier keys as name+hash+base64 (c2sp.org/signed-note), those of former times too. Keep your own copy',
  })
  keys!: string[];
}

export class EventProofAnswer {
  @ApiProperty({ format: 'uuid' }) eventId!: string;
  @ApiProperty({ ...size, description: 'Events before it in the log' }) index!: number;
  @ApiProperty() position!: string;
  @ApiProperty({ description: 'Canonical bytes of the event, as text: docs/formats/audit.md' }) leaf!: string;
  @ApiProperty(hash) leafHash!: string;
  @ApiProperty({ enum: algorithms }) algorithm!: string;
  @ApiProperty(size) size!: number;
  @ApiProperty({ type: [String], description: 'Inclusion proof of RFC 9162, 2.1.3; base64' })
  proof!: string[];
  @ApiProperty({ description: 'The signed note over the tree of that size' }) checkpoint!: string;
}

export class ConsistencyProofAnswer {
  @ApiProperty(size) from!: number;
  @ApiProperty(size) to!: number;
  @ApiProperty({ enum: algorithms }) algorithm!: string;
  @ApiProperty(hash) fromRoot!: string;
  @ApiProperty(hash) toRoot!: string;
  @ApiProperty({ type: [String], description: 'Consistency proof of RFC 9162, 2.1.4; base64' })
  proof!: string[];
}
