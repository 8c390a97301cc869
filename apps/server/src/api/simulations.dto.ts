import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsObject, IsOptional, ValidateNested } from 'class-validator';
import { ON_TIME_METRICS } from '@shaoying/incident-application';
import { INCIDENT_TIMERS, TASK_TIMERS } from '@shaoying/incident-domain';
import { Instant, OptionalId } from './fields.dto.js';

export class SimulationScopeDto {
  @OptionalId('Only incidents that lie in this district') districtId?: string;
  @OptionalId('Only incidents that lie in this street') streetId?: string;
  @OptionalId('Only incidents in which this department had a task') departmentId?: string;
  @OptionalId('Only incidents of this category') category?: string;
}

const alternative =
  (what: string, version: string): PropertyDecorator =>
  (target, name) => {
    ApiPropertyOptional({
      ...{ type: 'object', additionalProperties: true },
      description: `A ${what} as its publication takes it, or a published one: ${version}. Absent: as each incident has it pinned`,
    })(target, name);
    IsOptional()(target, name);
    IsObject()(target, name);
  };

export class SimulateDto {
  @Instant('Incidents that were filed or whistled for from here on') from!: string;
  @Instant('and before here; five years later at the most') to!: string;

  @ApiPropertyOptional({ type: SimulationScopeDto, description: 'Absent: every incident of the window' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => SimulationScopeDto)
  scope?: SimulationScopeDto;

  @alternative('deadline policy', '{policyId, version}') deadlinePolicy?: Record<string, unknown>;
  @alternative('ladder', '{ladderId, version}') ladder?: Record<string, unknown>;
  @alternative('calendar', '{calendarId, version}') calendar?: Record<string, unknown>;
}

const timers = [...INCIDENT_TIMERS, ...TASK_TIMERS, 'RATIFICATION', 'SUPERVISION_RESPONSE'];
const instant = { format: 'date-time', description: 'UTC' };
const nullable = { type: String, nullable: true };
const nullableInstant = { ...nullable, format: 'date-time' };
const whole = { type: 'integer' } as const;
const counted = (by: string) =>
  ({
    type: 'object',
    additionalProperties: {
      type: 'object',
      properties: { recorded: whole, simulated: whole, difference: whole },
    },
    description: `By ${by}`,
  }) as const;

export class SimulationProgressAnswer {
  @ApiProperty({ type: 'integer' }) incidentsDone!: number;
  @ApiProperty({ type: 'integer', description: 'In the window; 0 while they are being looked for' })
  incidentsTotal!: number;
  @ApiProperty({ type: 'integer' }) eventsDone!: number;
  @ApiProperty({ type: Number, nullable: true }) eventsPerSecond!: number | null;
  @ApiProperty({ type: Number, nullable: true, description: 'At the rate so far' }) secondsLeft!:
    number | null;
}

export class RateAnswer {
  @ApiProperty({ type: 'integer' }) numerator!: number;
  @ApiProperty({ type: 'integer' }) denominator!: number;
  @ApiProperty({ type: Number, nullable: true, description: 'Null where the denominator is 0' })
  value!: number | null;
}

export class RateRowAnswer {
  @ApiProperty({ enum: [...ON_TIME_METRICS] }) metric!: string;
  @ApiProperty({ ...nullable, description: 'A department; of closing-on-time a street' }) key!: string | null;
  @ApiProperty({ type: RateAnswer }) recorded!: RateAnswer;
  @ApiProperty({ type: RateAnswer }) simulated!: RateAnswer;
}

export class CausesAnswer {
  @ApiProperty({ type: 'integer', description: 'The other rules make it' }) RULES!: number;
  @ApiProperty({ type: 'integer', description: 'Only because the recorded clock was late' }) CLOCK!: number;
}

export class KeptAnswer {
  @ApiProperty({
    type: 'integer',
    description: 'Set by a person, or counted otherwise by an earlier release',
  })
  NOT_BY_RULE!: number;
  @ApiProperty({ type: 'integer', description: 'Came with an imported case' }) IMPORTED!: number;
}

export class SimulationTextAnswer {
  @ApiProperty() zh!: string;
  @ApiProperty() en!: string;
}

export class WhatIfReportAnswer {
  @ApiProperty({ type: 'integer' }) incidents!: number;
  @ApiProperty({ type: 'integer' }) events!: number;
  @ApiProperty({ type: 'integer' }) incidentsAffected!: number;
  @ApiProperty(counted('timer')) breaches!: object;
  @ApiProperty(counted('timer')) reminders!: object;
  @ApiProperty(counted('level')) supervisionOrders!: object;
  @ApiProperty({ type: [RateRowAnswer] }) onTime!: RateRowAnswer[];
  @ApiProperty({ type: 'integer' }) differences!: number;
  @ApiProperty({ type: CausesAnswer }) byCause!: CausesAnswer;
  @ApiProperty({ type: KeptAnswer, description: 'Deadlines that stayed as recorded' }) kept!: KeptAnswer;
  @ApiProperty({ type: SimulationTextAnswer, description: 'What it says, and what it cannot say' })
  text!: SimulationTextAnswer;
}

export class KnownAtAnswer {
  @ApiProperty() position!: string;
  @ApiProperty(instant) asOf!: string;
}

export class SimulationAnswer {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: ['QUEUED', 'RUNNING', 'DONE', 'FAILED'] }) state!: string;
  @ApiProperty(instant) from!: string;
  @ApiProperty(instant) to!: string;
  @ApiProperty({ type: SimulationScopeDto }) scope!: SimulationScopeDto;
  @ApiProperty(instant) askedAt!: string;
  @ApiProperty(nullableInstant) startedAt!: string | null;
  @ApiProperty(nullableInstant) endedAt!: string | null;
  @ApiProperty({ type: KnownAtAnswer, nullable: true, description: 'Up to where the log was read' })
  knownAt!: KnownAtAnswer | null;
  @ApiProperty({ type: SimulationProgressAnswer, nullable: true }) progress!: SimulationProgressAnswer | null;
  @ApiProperty({ ...nullable, description: 'Code of what ended it' }) failure!: string | null;
  @ApiProperty({ type: WhatIfReportAnswer, nullable: true }) report!: WhatIfReportAnswer | null;
}

export class DifferenceEventAnswer {
  @ApiProperty() type!: string;
  @ApiProperty({ format: 'uuid' }) eventId!: string;
  @ApiProperty() position!: string;
}

export class SideAnswer {
  @ApiProperty(nullableInstant) dueAt!: string | null;
  @ApiProperty({
    enum: [
      ...['BREACHED', 'NOT_BREACHED', 'REMINDED', 'NOT_REMINDED', 'ISSUED', 'NOT_ISSUED'],
      ...['ON_TIME', 'LATE', 'NOT_COUNTED'],
    ],
  })
  outcome!: string;
}

export class DifferenceAnswer {
  @ApiProperty({ enum: ['BREACH', 'REMINDER', 'SUPERVISION_ORDER', 'ON_TIME'] }) kind!: string;
  @ApiProperty() incidentId!: string;
  @ApiProperty(nullable) taskId!: string | null;
  @ApiProperty({ ...nullable, description: 'Department; of closing-on-time street' }) unitId!: string | null;
  @ApiProperty({ ...nullable, enum: [...timers, null] }) timer!: string | null;
  @ApiProperty(nullable) stage!: string | null;
  @ApiProperty(nullable) deadlineId!: string | null;
  @ApiProperty({ ...nullable, enum: ['BLUE', 'ORANGE', 'RED', null] }) level!: string | null;
  @ApiProperty({ ...nullable, enum: [...ON_TIME_METRICS, null] }) metric!: string | null;
  @ApiProperty({ type: SideAnswer }) recorded!: SideAnswer;
  @ApiProperty({ type: SideAnswer }) simulated!: SideAnswer;
  @ApiProperty({
    type: 'integer',
    description: 'What it adds to the number, or to the numerator of the rate',
  })
  change!: number;
  @ApiProperty({ type: 'integer', description: 'What it adds to the denominator of the rate' })
  denominatorChange!: number;
  @ApiProperty({ enum: ['RULES', 'CLOCK'] }) cause!: string;
  @ApiProperty({ type: [DifferenceEventAnswer] }) events!: DifferenceEventAnswer[];
}

export class DifferencesAnswer {
  @ApiProperty({ type: [DifferenceAnswer] }) items!: DifferenceAnswer[];
  @ApiProperty(nullable) nextCursor!: string | null;
}
