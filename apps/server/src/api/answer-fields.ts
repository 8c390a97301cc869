import { ApiProperty } from '@nestjs/swagger';

// Fields that the shapes of answers have in common.

export const instant = { format: 'date-time', description: 'UTC' };
export const nullableId = { type: String, nullable: true };
export const nullableInstant = { type: String, format: 'date-time', nullable: true };
export const nullableNumber = { type: Number, nullable: true };

export class BilingualAnswer {
  @ApiProperty() zh!: string;
  @ApiProperty() en!: string;
}
