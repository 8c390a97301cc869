import { ApiProperty } from '@nestjs/swagger';
import { WORKLOAD_FIGURES } from '@shaoying/incident-read-models';
import { BilingualAnswer, instant, nullableId, nullableInstant, nullableNumber } from './answer-fields.js';

// Shapes of answers for the OpenAPI document, never made: see answers.dto.ts.

export class ByStateAnswer {
  @ApiProperty({ type: 'integer' }) NOTIFIED!: number;
  @ApiProperty({ type: 'integer' }) ACKNOWLEDGED!: number;
  @ApiProperty({ type: 'integer' }) CHECKED_IN!: number;
  @ApiProperty({ type: 'integer' }) WORKING!: number;
  @ApiProperty({ type: 'integer' }) RETURN_REQUESTED!: number;
  @ApiProperty({ type: 'integer' }) IN_ARBITRATION!: number;
}

class OnTimeCountsAnswer {
  @ApiProperty({ type: 'integer', description: 'Numerator of the rate' }) met!: number;
  @ApiProperty({ type: 'integer', description: 'Denominator of the rate' }) decided!: number;
}

export class WorkloadAnswer {
  @ApiProperty({ required: false }) departmentId?: string;
  @ApiProperty({ ...nullableId, required: false, description: 'By street' }) streetId?: string | null;
  @ApiProperty(instant) asOf!: string;
  @ApiProperty(instant) knownAt!: string;
  @ApiProperty({ ...instant, description: 'Start of the window of inflow, outflow and rates' }) from!: string;
  @ApiProperty({ type: 'integer' }) open!: number;
  @ApiProperty({ type: ByStateAnswer }) byState!: ByStateAnswer;
  @ApiProperty({ type: 'integer' }) overdue!: number;
  @ApiProperty({ type: 'integer' }) dueWithin24h!: number;
  @ApiProperty({ type: 'integer', description: 'Summoned, or successor of another' }) inflow!: number;
  @ApiProperty({ type: 'integer', description: 'Done, or handed on to a successor' }) outflow!: number;
  @ApiProperty({ type: 'integer', description: 'Given back in the window' }) returned!: number;
  @ApiProperty({ type: 'integer', description: 'Taken from it in the window' }) released!: number;
  @ApiProperty({ description: 'Time booked to it as lost. Milliseconds' }) lostMs!: number;
  @ApiProperty({
    type: 'integer',
    description: 'Minutes of work that its people booked in the window, less what they took back',
  })
  workedMinutes!: number;
  @ApiProperty({ description: 'LEAD counts 1, ASSIST 0.5, times the weight of its category' })
  weighted!: number;
  @ApiProperty({ ...nullableNumber, description: 'Of the tasks notified in the window' })
  acknowledgeOnTimeRate!: number | null;
  @ApiProperty({ ...nullableNumber, description: 'Of the tasks notified in the window' })
  handlingOnTimeRate!: number | null;
  @ApiProperty(nullableNumber) medianHandlingMinutes!: number | null;
  @ApiProperty(nullableNumber) p90HandlingMinutes!: number | null;
  @ApiProperty({
    ...nullableNumber,
    description:
      'Of the tasks notified in the window; the metric check-in-on-time takes those due in the window',
  })
  checkInOnTimeRate!: number | null;
  @ApiProperty(nullableNumber) medianCheckInMinutes!: number | null;
  @ApiProperty(nullableNumber) p90CheckInMinutes!: number | null;
  @ApiProperty({ type: OnTimeCountsAnswer }) acknowledgeOnTime!: OnTimeCountsAnswer;
  @ApiProperty({ type: OnTimeCountsAnswer }) checkInOnTime!: OnTimeCountsAnswer;
  @ApiProperty({ type: OnTimeCountsAnswer }) handlingOnTime!: OnTimeCountsAnswer;
}

class WorkloadDefinitionAnswer {
  @ApiProperty({
    enum: WORKLOAD_FIGURES,
    description: 'As the answer has it; a state of byState after a point',
  })
  name!: string;
  @ApiProperty({ type: 'integer', description: 'Another one when its meaning changes' }) version!: number;
  @ApiProperty({
    type: 'integer',
    isArray: true,
    description: 'That it can be computed by, the newest first',
  })
  versions!: number[];
  @ApiProperty({ description: 'Chinese' }) title!: string;
  @ApiProperty({ type: BilingualAnswer }) titles!: BilingualAnswer;
  @ApiProperty() formula!: string;
  @ApiProperty() formulaZh!: string;
  @ApiProperty({
    enum: ['COUNT', 'SUM', 'RATE', 'MEDIAN', 'P90'],
    description: 'Of what its tasks contribute',
  })
  measure!: string;
  @ApiProperty({ enum: ['TASKS', 'WEIGHTED_TASKS', 'MILLISECONDS', 'SHARE', 'MINUTES'] }) unit!: string;
}

export class OneWorkloadAnswer extends WorkloadAnswer {
  @ApiProperty({ type: [WorkloadDefinitionAnswer], description: 'What each figure means' })
  definitions!: WorkloadDefinitionAnswer[];
}

class DecidingEventAnswer {
  @ApiProperty({ description: 'What it is to the task: NOTIFIED, CHECKED_IN, SET_ASIDE …' }) what!: string;
  @ApiProperty() eventId!: string;
  @ApiProperty(instant) at!: string;
  @ApiProperty({ ...instant, description: 'When the log learnt of it' }) knownAt!: string;
}

class ExplainedTaskAnswer {
  @ApiProperty({ ...nullableId, description: 'Null: out of sight, counted and not named' })
  incidentId!: string | null;
  @ApiProperty(nullableId) taskId!: string | null;
  @ApiProperty({
    ...nullableId,
    description: 'Whose it is or was; of time lost, who bears it; of work, who booked it',
  })
  departmentId!: string | null;
  @ApiProperty({ description: 'False: left out, for the reason' }) counts!: boolean;
  @ApiProperty({ ...nullableNumber, description: '1, or 0 of a rate; its weight, milliseconds, minutes' })
  contribution!: number | null;
  @ApiProperty({ type: String, nullable: true }) reason!: string | null;
  @ApiProperty(nullableInstant) dueAt!: string | null;
  @ApiProperty(nullableInstant) doneAt!: string | null;
  @ApiProperty({ ...nullableNumber, description: 'By doneAt, or asOf; negative: before it was due' })
  lateMs!: number | null;
  @ApiProperty({ type: [DecidingEventAnswer] }) events!: DecidingEventAnswer[];
}

export class WorkloadExplanationAnswer extends WorkloadDefinitionAnswer {
  @ApiProperty({ enum: WORKLOAD_FIGURES }) figure!: string;
  @ApiProperty({ required: false }) departmentId?: string;
  @ApiProperty({ ...nullableId, required: false, description: 'By street' }) streetId?: string | null;
  @ApiProperty(instant) asOf!: string;
  @ApiProperty(instant) knownAt!: string;
  @ApiProperty(instant) from!: string;
  @ApiProperty({ ...nullableNumber, description: 'The figure, of all that counts on every page' })
  value!: number | null;
  @ApiProperty({ type: 'integer', description: 'How many count: the denominator of a rate' })
  counted!: number;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Numerator of a rate' }) met!: number | null;
  @ApiProperty({
    ...{ type: 'object', additionalProperties: { type: 'integer' } },
    description: 'How many are left out, by reason',
  })
  excluded!: Record<string, number>;
  @ApiProperty({ type: [ExplainedTaskAnswer] }) items!: ExplainedTaskAnswer[];
  @ApiProperty({ ...nullableId, description: 'The pages after the first are of its moment' })
  nextCursor!: string | null;
}

class LostTimeSumAnswer {
  @ApiProperty({ enum: ['DISPATCH', 'DEPARTMENT'] }) account!: string;
  @ApiProperty({ ...nullableId, description: 'Null: the dispatch bears it' }) unitId!: string | null;
  @ApiProperty({ description: 'Milliseconds' }) ms!: number;
  @ApiProperty({ type: 'integer' }) tasks!: number;
}

export class WorkloadsAnswer {
  @ApiProperty({ type: [WorkloadAnswer] }) items!: WorkloadAnswer[];
  @ApiProperty({
    type: [LostTimeSumAnswer],
    description: 'Borne by these, and by the dispatch with tasks that these had',
  })
  lostTime!: LostTimeSumAnswer[];
  @ApiProperty({ type: [WorkloadDefinitionAnswer], description: 'What each figure means' })
  definitions!: WorkloadDefinitionAnswer[];
}
