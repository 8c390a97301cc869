import { applyDecorators } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse } from '@nestjs/swagger';
import {
  ARBITRATION_RULES,
  INCIDENT_TIMERS,
  LIFECYCLES,
  TASK_STATES,
  TASK_TIMERS,
  WHISTLE_STATES,
} from '@shaoying/incident-domain';
import { dispatchNames, dispatchType } from '@shaoying/incident-contracts';
import { METRIC_DIMENSIONS, WORKLOAD_FIGURES } from '@shaoying/incident-read-models';
import { METRIC_UNITS, type MetricUnits } from './metric-units.js';

// Shapes of answers for the OpenAPI document. What the methods return is checked against their own types; these classes
// are never made.

const states = [...LIFECYCLES];
const taskStates = [...TASK_STATES];
const openTaskStates = taskStates.filter((state) => !['DONE', 'RETURNED', 'RELEASED'].includes(state));
const timers = [...INCIDENT_TIMERS, ...TASK_TIMERS, 'RATIFICATION', 'SUPERVISION_RESPONSE'];
const madeId = { required: false };
const instant = { format: 'date-time', description: 'UTC' };
const nullableId = { type: String, nullable: true };
const nullableInstant = { type: String, format: 'date-time', nullable: true };
const nullableNumber = { type: Number, nullable: true };

type Answer = new () => unknown;

/** One line for the list of calls, and the shape of the good answer where it has one of its own. */
export function Tells(summary: string, type?: Answer, status = 200): MethodDecorator {
  const answer = type ? [ApiResponse({ status, type })] : [];
  return applyDecorators(ApiOperation({ summary }), ...answer);
}

export class CommandAnswer {
  @ApiProperty({ description: 'Incident' }) id!: string;
  @ApiProperty({ enum: states }) state!: string;
  @ApiProperty({ type: 'integer' }) revision!: number;
}

export class ReportAnswer extends CommandAnswer {
  @ApiProperty({ example: 'K7QD-2M4X-90TB-ZC1F', description: "The reporter's secret" }) receiptCode!: string;
}

export class DeadlineAnswer {
  @ApiProperty() deadlineId!: string;
  @ApiProperty({ enum: timers }) timer!: string;
  @ApiProperty(instant) dueAt!: string;
  @ApiProperty(instant) warnAt!: string;
  @ApiProperty({ description: 'Reaches into a year whose calendar is not published' }) provisional!: boolean;
}

export class TaskAnswer {
  @ApiProperty() taskId!: string;
  @ApiProperty() departmentId!: string;
  @ApiProperty({ enum: ['LEAD', 'ASSIST'] }) role!: string;
  @ApiProperty({ type: [DeadlineAnswer] }) deadlines!: DeadlineAnswer[];
}

export class WhistleTaskAnswer extends TaskAnswer {
  @ApiProperty({ enum: taskStates }) taskState!: string;
}

export class WhistleStateAnswer extends CommandAnswer {
  @ApiProperty() whistleId!: string;
  @ApiProperty({ enum: [...WHISTLE_STATES] }) whistleState!: string;
  @ApiProperty({ type: [WhistleTaskAnswer], description: 'Empty while it is proposed' })
  tasks!: WhistleTaskAnswer[];
  @ApiProperty({ ...madeId, description: 'Of a department that has joined or leads now' }) newTaskId?: string;
  @ApiProperty({ ...madeId, description: 'Of an evaluation' }) evaluationId?: string;
}

export class RepeatWarningAnswer {
  @ApiProperty({ enum: ['REPEAT_WHISTLE'] }) code!: string;
  @ApiProperty({ description: 'The earlier incident' }) incidentId!: string;
  @ApiProperty() whistleId!: string;
  @ApiProperty(instant) blownAt!: string;
}

export class WhistleAnswer extends WhistleStateAnswer {
  @ApiProperty({ type: [RepeatWarningAnswer], description: 'Never a reason to refuse it' })
  warnings!: RepeatWarningAnswer[];
}

/** Of a command about one task. */
export class TaskStateAnswer extends CommandAnswer {
  @ApiProperty() taskId!: string;
  @ApiProperty({ enum: taskStates }) taskState!: string;
  @ApiProperty(madeId) returnId?: string;
  @ApiProperty(madeId) arbitrationId?: string;
  @ApiProperty(madeId) extensionId?: string;
  @ApiProperty({ ...madeId, description: 'Of whoever has the matter from here on' }) newTaskId?: string;
}

export class EndedDepartmentAnswer {
  @ApiProperty() departmentId!: string;
  @ApiProperty({ type: [String] }) successors!: string[];
}

export class ReopenAnswer extends CommandAnswer {
  @ApiProperty({ type: 'integer' }) cycle!: number;
  @ApiProperty({ type: [EndedDepartmentAnswer], description: 'Handled it before and no longer exist' })
  endedDepartments!: EndedDepartmentAnswer[];
}

export class SupervisionAnswer extends CommandAnswer {
  @ApiProperty() supervisionId!: string;
}

export class FlagAnswer extends CommandAnswer {
  @ApiProperty() flagId!: string;
}

export class AppealAnswer extends CommandAnswer {
  @ApiProperty() appealId!: string;
}

export class LostSpanAnswer {
  @ApiProperty({ enum: ['DISPATCH', 'DEPARTMENT'] }) account!: string;
  @ApiProperty({ ...nullableId, description: 'Null: lost by the dispatch' }) unitId!: string | null;
  @ApiProperty() taskId!: string;
  @ApiProperty(instant) from!: string;
  @ApiProperty(instant) to!: string;
  @ApiProperty({ type: 'integer', description: 'By the pinned calendar' }) workingMinutes!: number;
}

export class LostTotalAnswer {
  @ApiProperty({ enum: ['DISPATCH', 'DEPARTMENT'] }) account!: string;
  @ApiProperty(nullableId) unitId!: string | null;
  @ApiProperty({ type: 'integer' }) workingMinutes!: number;
}

export class LostTimeAnswer {
  @ApiProperty({ description: 'Incident' }) id!: string;
  @ApiProperty({ type: [LostSpanAnswer] }) spans!: LostSpanAnswer[];
  @ApiProperty({ type: [LostTotalAnswer] }) totals!: LostTotalAnswer[];
}

export class SchemaAnswer {
  @ApiProperty({ description: 'dataschema of the dispatches, $id of the schema' }) id!: string;
  @ApiProperty({ description: 'type of the dispatches' }) type!: string;
  @ApiProperty() title!: string;
  @ApiProperty() description!: string;
  @ApiProperty({ description: 'Where this server tells it' }) path!: string;
}

export class SchemasAnswer {
  @ApiProperty({ type: [SchemaAnswer] }) items!: SchemaAnswer[];
}

export class CatalogueProposalAnswer {
  @ApiProperty() arbitrationId!: string;
  @ApiProperty() incidentId!: string;
  @ApiProperty(instant) decidedAt!: string;
  @ApiProperty(nullableId) arbitratingUnitId!: string | null;
  @ApiProperty({ enum: [...ARBITRATION_RULES] }) rule!: string;
  @ApiProperty() category!: string;
  @ApiProperty({ ...nullableId, description: 'Null: wherever it is' }) areaId!: string | null;
  @ApiProperty({ description: 'Department that was decided for' }) departmentId!: string;
  @ApiProperty() basis!: string;
  @ApiProperty({ ...nullableId, description: 'Whom the catalogue in force names there' })
  catalogueDepartmentId!: string | null;
  @ApiProperty({ description: 'Whether the two are the same' }) adopted!: boolean;
}

export class CatalogueProposalsAnswer {
  @ApiProperty({ type: [CatalogueProposalAnswer] }) items!: CatalogueProposalAnswer[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

export class MovedTaskAnswer {
  @ApiProperty() incidentId!: string;
  @ApiProperty() taskId!: string;
}

export class RefusedTaskAnswer extends MovedTaskAnswer {
  @ApiProperty({ description: 'Of the refusal' }) code!: string;
}

export class TransferAnswer {
  @ApiProperty() departmentId!: string;
  @ApiProperty({ description: 'Who has them now' }) to!: string;
  @ApiProperty({ type: [MovedTaskAnswer] }) moved!: MovedTaskAnswer[];
  @ApiProperty({ type: [RefusedTaskAnswer] }) refused!: RefusedTaskAnswer[];
  @ApiProperty({ description: 'There are more behind those: send it again, with nextCursor as after' })
  more!: boolean;
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

export class MovedDeadlineAnswer {
  @ApiProperty() incidentId!: string;
  @ApiProperty() deadlineId!: string;
  @ApiProperty({ enum: timers }) timer!: string;
  @ApiProperty(instant) formerDueAt!: string;
  @ApiProperty({ ...instant, description: 'The same where only the version is another one' }) dueAt!: string;
  @ApiProperty({ description: 'Reaches into a year that is not published' }) provisional!: boolean;
}

export class StayingDeadlineAnswer {
  @ApiProperty() incidentId!: string;
  @ApiProperty() deadlineId!: string;
  @ApiProperty({ enum: timers }) timer!: string;
  @ApiProperty(instant) dueAt!: string;
  @ApiProperty({ enum: ['NO_RULE', 'NOT_BY_POLICY', 'WOULD_BE_PAST'] }) code!: string;
}

export class DeadlinesMovedAnswer {
  @ApiProperty() policyId!: string;
  @ApiProperty({ type: 'integer' }) policyVersion!: number;
  @ApiProperty({ description: 'Nothing was moved: this is what would be' }) dryRun!: boolean;
  @ApiProperty({ type: [MovedDeadlineAnswer] }) moved!: MovedDeadlineAnswer[];
  @ApiProperty({ type: [StayingDeadlineAnswer], description: 'Open, and not moved' })
  stayed!: StayingDeadlineAnswer[];
  @ApiProperty({
    description: 'There are more incidents behind these: send it again, with nextCursor as after',
  })
  more!: boolean;
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

export class QueueItemAnswer extends TaskAnswer {
  @ApiProperty() incidentId!: string;
  @ApiProperty() whistleId!: string;
  @ApiProperty({ description: 'Kind of whistle' }) kind!: string;
  @ApiProperty({ enum: openTaskStates }) state!: string;
  @ApiProperty() category!: string;
  @ApiProperty({ enum: ['MINOR', 'MAJOR', 'GROUP'] }) severity!: string;
  @ApiProperty(nullableId) estateId!: string | null;
  @ApiProperty(nullableId) communityId!: string | null;
  @ApiProperty(nullableId) streetId!: string | null;
  @ApiProperty(instant) notifiedAt!: string;
  @ApiProperty(nullableInstant) acknowledgedAt!: string | null;
  @ApiProperty(nullableInstant) checkedInAt!: string | null;
  @ApiProperty() overdue!: boolean;
}

export class QueueAnswer {
  @ApiProperty({ type: [QueueItemAnswer] }) items!: QueueItemAnswer[];
  @ApiProperty(nullableId) nextCursor!: string | null;
}

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
  @ApiProperty({ description: 'LEAD counts 1, ASSIST 0.5' }) weighted!: number;
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

class BilingualAnswer {
  @ApiProperty() zh!: string;
  @ApiProperty() en!: string;
}

class WorkloadDefinitionAnswer {
  @ApiProperty({
    enum: WORKLOAD_FIGURES,
    description: 'As the answer has it; a state of byState after a point',
  })
  name!: string;
  @ApiProperty({ type: 'integer', description: 'Another one when its meaning changes' }) version!: number;
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
  @ApiProperty({ ...nullableId, description: 'Whose it is or was; of time lost, who bears it' })
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

export class SpreadAnswer {
  @ApiProperty(nullableNumber) medianMinutes!: number | null;
  @ApiProperty(nullableNumber) p90Minutes!: number | null;
}

const measures = ['RATE', 'INDEX', 'DURATION', 'COMPOSITE'];

class MetricMeaningAnswer {
  @ApiProperty({ type: BilingualAnswer }) numerator!: BilingualAnswer;
  @ApiProperty({ type: BilingualAnswer }) denominator!: BilingualAnswer;
  @ApiProperty({ type: BilingualAnswer, description: 'Which instant of a case lies in the window' })
  window!: BilingualAnswer;
  @ApiProperty({
    type: BilingualAnswer,
    description: 'As of when a case is of its place, category, department',
  })
  dimensions!: BilingualAnswer;
}

export class MetricWeightAnswer {
  @ApiProperty() metricId!: string;
  @ApiProperty() weight!: number;
}

export class MetricTermsAnswer {
  @ApiProperty({ type: 'integer', nullable: true, description: 'Published definition; null: the standard' })
  definitionVersion!: number | null;
  @ApiProperty({ type: 'integer' }) minimumSample!: number;
  @ApiProperty({ required: false }) weightBasicallySatisfied?: number;
  @ApiProperty({ required: false }) weightPartlySolved?: number;
  @ApiProperty({ type: 'integer', required: false }) windowDays?: number;
  @ApiProperty({ type: [MetricWeightAnswer], required: false }) weights?: MetricWeightAnswer[];
}

export class MetricPartAnswer extends MetricWeightAnswer {
  @ApiProperty({ type: 'integer', description: 'Of its formula' }) version!: number;
  @ApiProperty({ type: MetricTermsAnswer }) terms!: MetricTermsAnswer;
  @ApiProperty() numerator!: number;
  @ApiProperty({ type: 'integer' }) denominator!: number;
  @ApiProperty(nullableNumber) value!: number | null;
  @ApiProperty({ ...nullableNumber, description: 'Half-up to 2 decimals' }) percent!: number | null;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' } })
  excluded!: Record<string, number>;
  @ApiProperty({ type: 'integer', required: false, description: 'Cases that count in part' })
  partial?: number;
  @ApiProperty({ ...nullableNumber, required: false, description: 'Answered, of those who could have' })
  coverage?: number | null;
}

export class MetricRowAnswer {
  @ApiProperty({ ...nullableId, description: 'Null gathers what has no such dimension' }) key!: string | null;
  @ApiProperty({ description: 'Whole, but where partial answers count by a weight' }) numerator!: number;
  @ApiProperty({ type: 'integer' }) denominator!: number;
  @ApiProperty({ ...nullableNumber, description: 'Not rounded; null where the denominator is 0' }) value!:
    number | null;
  @ApiProperty({ ...nullableNumber, description: 'Of a rate, half-up to 2 decimals' }) percent!:
    number | null;
  @ApiProperty({
    ...{ type: 'object', additionalProperties: { type: 'integer' } },
    description: 'Cases of the window that do not count, by reason',
  })
  excluded!: Record<string, number>;
  @ApiProperty({ type: 'integer', required: false, description: 'Cases that count in part' })
  partial?: number;
  @ApiProperty({ ...nullableNumber, required: false, description: 'Answered, of those who could have' })
  coverage?: number | null;
  @ApiProperty({ required: false }) spread?: SpreadAnswer;
  @ApiProperty({ type: [MetricPartAnswer], required: false }) parts?: MetricPartAnswer[];
  @ApiProperty({ required: false, description: 'Below the minimum sample: not to be ranked by' })
  insufficient?: boolean;
  @ApiProperty({ type: [String], required: false, description: 'Units of before that it has taken over' })
  includes?: string[];
  @ApiProperty({
    ...{ type: [String], required: false },
    description: 'Who share what a unit had that is no more: its cases stay its own',
  })
  dividedAmong?: string[];
}

/** What every number of a metric is told with. */
class MetricHeadingAnswer {
  @ApiProperty() name!: string;
  @ApiProperty({ enum: measures }) measure!: string;
  @ApiProperty({ type: MetricMeaningAnswer, description: 'The formula part by part' })
  meaning!: MetricMeaningAnswer;
  @ApiProperty() title!: string;
  @ApiProperty() formula!: string;
  @ApiProperty() formulaZh!: string;
  @ApiProperty({ type: 'integer' }) version!: number;
  @ApiProperty({ type: MetricTermsAnswer }) terms!: MetricTermsAnswer;
}

class CompanionMetricAnswer extends MetricHeadingAnswer {
  @ApiProperty({ ...nullableId, description: 'Null: a total' }) by!: string | null;
  @ApiProperty(instant) from!: string;
  @ApiProperty(instant) to!: string;
  @ApiProperty(instant) asOf!: string;
  @ApiProperty(instant) knownAt!: string;
  @ApiProperty({ type: MetricRowAnswer }) row!: MetricRowAnswer;
}

class CorrectedMetricAnswer {
  @ApiProperty(instant) knownAt!: string;
  @ApiProperty({ type: MetricTermsAnswer }) terms!: MetricTermsAnswer;
  @ApiProperty({ type: [MetricRowAnswer] }) rows!: MetricRowAnswer[];
  @ApiProperty({ type: [CompanionMetricAnswer], description: 'As they are known, and weighed, now' })
  companions!: CompanionMetricAnswer[];
}

export class MetricAnswerShape extends MetricHeadingAnswer {
  @ApiProperty(nullableId) by!: string | null;
  @ApiProperty({ enum: METRIC_UNITS }) units!: MetricUnits;
  @ApiProperty(instant) from!: string;
  @ApiProperty(instant) to!: string;
  @ApiProperty(instant) asOf!: string;
  @ApiProperty(instant) knownAt!: string;
  @ApiProperty({ type: [MetricRowAnswer] }) rows!: MetricRowAnswer[];
  @ApiProperty({
    type: [CompanionMetricAnswer],
    description:
      'Metrics it is not to be shown without: their totals over the same window at the same moment',
  })
  companions!: CompanionMetricAnswer[];
  @ApiProperty({
    ...{ type: CorrectedMetricAnswer, required: false },
    description: 'Where knownAt was asked for: the same as it is known, and weighed, now',
  })
  corrected?: CorrectedMetricAnswer;
}

class ExplainedCaseAnswer {
  @ApiProperty() incidentId!: string;
  @ApiProperty(nullableId) taskId!: string | null;
  @ApiProperty() inNumerator!: boolean;
  @ApiProperty({ required: false, description: 'How much of an answer counts' }) weight?: number;
  @ApiProperty({ required: false, description: 'Of an index; of a duration milliseconds' }) amount?: number;
  @ApiProperty({ required: false, description: 'Of a composite, the rate' }) metricId?: string;
  @ApiProperty({ type: [String], description: 'Ids of the events that decided' }) events!: string[];
}

class ExcludedCaseAnswer {
  @ApiProperty() incidentId!: string;
  @ApiProperty(nullableId) taskId!: string | null;
  @ApiProperty() reason!: string;
  @ApiProperty({ required: false }) metricId?: string;
}

class WithheldAnswer {
  @ApiProperty({
    description: 'Of an index its amounts, of a duration milliseconds, of weighted answers their part',
  })
  numerator!: number;
  @ApiProperty({ type: 'integer' }) denominator!: number;
  @ApiProperty({ type: 'integer' }) excluded!: number;
}

export class MetricExplanationShape extends MetricHeadingAnswer {
  @ApiProperty(nullableId) by!: string | null;
  @ApiProperty({ enum: METRIC_UNITS }) units!: MetricUnits;
  @ApiProperty(nullableId) key!: string | null;
  @ApiProperty(instant) from!: string;
  @ApiProperty(instant) to!: string;
  @ApiProperty(instant) asOf!: string;
  @ApiProperty(instant) knownAt!: string;
  @ApiProperty() numerator!: number;
  @ApiProperty({ type: 'integer' }) denominator!: number;
  @ApiProperty({ type: [ExplainedCaseAnswer] }) cases!: ExplainedCaseAnswer[];
  @ApiProperty({ type: [ExcludedCaseAnswer] }) excluded!: ExcludedCaseAnswer[];
  @ApiProperty({ description: 'There are more than this page lists' }) truncated!: boolean;
  @ApiProperty({ ...nullableId, description: 'Null on the last page' }) nextCursor!: string | null;
  @ApiProperty({
    type: WithheldAnswer,
    description: 'Counted and out of sight, of the whole: with the cases of all pages it is the number',
  })
  withheld!: WithheldAnswer;
}

class MetricListingAnswer {
  @ApiProperty() name!: string;
  @ApiProperty() title!: string;
  @ApiProperty({ type: BilingualAnswer }) titles!: BilingualAnswer;
  @ApiProperty({ type: 'integer' }) version!: number;
  @ApiProperty() formula!: string;
  @ApiProperty() formulaZh!: string;
  @ApiProperty({ enum: measures }) measure!: string;
  @ApiProperty({ type: MetricMeaningAnswer, description: 'The formula part by part' })
  meaning!: MetricMeaningAnswer;
  @ApiProperty({ enum: ['HIGHER', 'LOWER', 'BAND'], description: 'What is better' }) reading!: string;
  @ApiProperty({ description: 'Which instant of a case lies in the window' }) window!: string;
  @ApiProperty({ type: [String] }) exclusions!: string[];
  @ApiProperty({ enum: METRIC_DIMENSIONS, isArray: true }) dimensions!: string[];
  @ApiProperty({ type: MetricTermsAnswer }) terms!: MetricTermsAnswer;
  @ApiProperty({ type: [String], description: 'Not to be shown without' }) shownWith!: string[];
}

export class MetricListAnswer {
  @ApiProperty(instant) asOf!: string;
  @ApiProperty(instant) knownAt!: string;
  @ApiProperty({ type: [MetricListingAnswer] }) items!: MetricListingAnswer[];
}

export class CloudEventAnswer {
  @ApiProperty({ enum: ['1.0'] }) specversion!: string;
  @ApiProperty({ description: 'Stays the same at every delivery' }) id!: string;
  @ApiProperty() source!: string;
  @ApiProperty({
    enum: dispatchNames.map(dispatchType),
  })
  type!: string;
  @ApiProperty({ example: 'incidents/<id>' }) subject!: string;
  @ApiProperty(instant) time!: string;
  @ApiProperty({ description: 'Position in the log' }) sequence!: string;
  @ApiProperty({ type: 'object', additionalProperties: true }) data!: object;
}

export class DispatchesAnswer {
  @ApiProperty({ type: [CloudEventAnswer] }) items!: CloudEventAnswer[];
  @ApiProperty({ ...nullableId, description: '`after` of the next page' }) nextCursor!: string | null;
  @ApiProperty({ description: 'Of the last item; where a stream goes on' }) position!: string;
}

export class DueAnswerShape {
  @ApiProperty(instant) due!: string;
  @ApiProperty({ type: 'integer' }) calendarVersion!: number;
  @ApiProperty() provisional!: boolean;
}

export class StoredFileAnswer {
  @ApiProperty({ enum: ['image/jpeg', 'image/png', 'image/webp'] }) mediaType!: string;
  @ApiProperty({ type: 'integer', description: 'Of the cleaned file' }) bytes!: number;
  @ApiProperty({ ...nullableInstant, description: 'As the camera says' }) capturedAt!: string | null;
}

export class FileAnswer extends StoredFileAnswer {
  @ApiProperty({ description: 'Of the bytes that were sent: what a command names as evidence' })
  sha256!: string;
}

export class EvidenceAnswer {
  @ApiProperty({ description: 'As the event names it' }) sha256!: string;
  @ApiProperty({ description: 'Type of the event' }) type!: string;
  @ApiProperty({ type: 'integer' }) revision!: number;
  @ApiProperty(nullableId) taskId!: string | null;
  @ApiProperty(instant) occurredAt!: string;
  @ApiProperty({ ...nullableId, description: 'Unit that named it' }) orgUnitId!: string | null;
  @ApiProperty({
    ...{ type: StoredFileAnswer, nullable: true },
    description: 'Null until that unit has sent it, and after it was removed',
  })
  file!: StoredFileAnswer | null;
  @ApiProperty({
    ...{ enum: ['TIME', 'PLACE'], isArray: true },
    description: 'What its camera says otherwise than the event',
  })
  mismatches!: string[];
}

export class EvidenceListAnswer {
  @ApiProperty({ type: [EvidenceAnswer] }) items!: EvidenceAnswer[];
}
