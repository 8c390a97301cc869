import { applyDecorators } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse, OmitType } from '@nestjs/swagger';
import {
  ARBITRATION_RULES,
  INCIDENT_TIMERS,
  LIFECYCLES,
  TASK_STATES,
  TASK_TIMERS,
  WHISTLE_STATES,
} from '@shaoying/incident-domain';
import { dispatchNames, dispatchType } from '@shaoying/incident-contracts';
import { DURATION_UNITS } from '@shaoying/jurisdiction-contracts';
import { instant, nullableId, nullableInstant } from './answer-fields.js';

// Shapes of answers for the OpenAPI document. What the methods return is checked against their own types; these classes
// are never made.

const states = [...LIFECYCLES];
const taskStates = [...TASK_STATES];
const openTaskStates = taskStates.filter((state) => !['DONE', 'RETURNED', 'RELEASED'].includes(state));
export const timers = [...INCIDENT_TIMERS, ...TASK_TIMERS, 'RATIFICATION', 'SUPERVISION_RESPONSE'];
const madeId = { required: false };

type Answer = new () => unknown;

/** Headers that a good answer may have beside those of every command. */
const answerHeaders = {
  ETag: 'Revision',
  Location: 'Address of what was made',
  'Shaoying-Position': 'For Shaoying-Min-Position of later reads',
  'Idempotency-Replayed': 'true: the first answer again',
} as const;

/** As the OpenAPI document has them. */
export const headersOf = (names: readonly (keyof typeof answerHeaders)[]) =>
  Object.fromEntries(
    names.map((name) => [name, { schema: { type: 'string' as const }, description: answerHeaders[name] }]),
  );

/** One line for the list of calls, and the shape of the good answer where it has one of its own. */
export function Tells(
  summary: string,
  type?: Answer,
  status = 200,
  headers: readonly (keyof typeof answerHeaders)[] = [],
): MethodDecorator {
  const told = { status, ...(type && { type }), ...(headers.length > 0 && { headers: headersOf(headers) }) };
  const answer = type !== undefined || headers.length > 0 ? [ApiResponse(told)] : [];
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

export class ReportCheckedAnswer {
  @ApiProperty({ enum: [true], type: Boolean }) valid!: true;
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

/** With what its due time was computed from. */
export class StartedDeadlineAnswer extends DeadlineAnswer {
  @ApiProperty(instant) startedAt!: string;
  @ApiProperty() policyId!: string;
  @ApiProperty({ type: 'integer' }) policyVersion!: number;
  @ApiProperty() calendarId!: string;
  @ApiProperty({ type: 'integer' }) calendarVersion!: number;
  @ApiProperty({ enum: [...DURATION_UNITS, null], nullable: true }) unit!: string | null;
  @ApiProperty(nullableId) stage!: string | null;
}

export class WhistleTaskAnswer extends OmitType(TaskAnswer, ['deadlines']) {
  @ApiProperty({ type: [StartedDeadlineAnswer] }) deadlines!: StartedDeadlineAnswer[];
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
  @ApiProperty({ type: 'integer', description: 'Booked on it by now, whoever had it' })
  workedMinutes!: number;
}

export class QueueAnswer {
  @ApiProperty({ type: [QueueItemAnswer] }) items!: QueueItemAnswer[];
  @ApiProperty(nullableId) nextCursor!: string | null;
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
  @ApiProperty({ enum: ['application/json'] }) datacontenttype!: string;
  @ApiProperty({ description: 'Id of the schema of data: GET /v1/schemas' }) dataschema!: string;
  @ApiProperty({ required: false, description: 'W3C Trace Context of the request behind it' })
  traceparent?: string;
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
  @ApiProperty({ description: 'The incident, or one that was merged into it' }) incidentId!: string;
  @ApiProperty({ description: 'As the event names it' }) sha256!: string;
  @ApiProperty({ description: 'Type of the event' }) type!: string;
  @ApiProperty({ type: 'integer' }) revision!: number;
  @ApiProperty(nullableId) taskId!: string | null;
  @ApiProperty(instant) occurredAt!: string;
  @ApiProperty({ ...nullableId, description: 'Unit that named it; null for a reporter' }) orgUnitId!:
    string | null;
  @ApiProperty({
    ...{ type: StoredFileAnswer, nullable: true },
    description:
      'Null until that unit, or the reporter, has sent it, after it was removed, and where it is personal and not revealed',
  })
  file!: StoredFileAnswer | null;
  @ApiProperty({ description: 'Marked as personal by the reporter: told like the reporter' })
  personal!: boolean;
  @ApiProperty({
    ...{ enum: ['TIME', 'PLACE'], isArray: true },
    description: 'What its camera says otherwise than the event',
  })
  mismatches!: string[];
}

export class EvidenceListAnswer {
  @ApiProperty({ type: [EvidenceAnswer] }) items!: EvidenceAnswer[];
}
