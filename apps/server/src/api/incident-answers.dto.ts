import { ApiProperty } from '@nestjs/swagger';
import {
  APPEAL_ITEMS,
  ARBITRATION_RULES,
  LIFECYCLES,
  PARTIES,
  PERSONAL_FIELDS,
  REJECTION_REASONS,
  RELEASE_REASONS,
  RESPONSIBILITY_LEVELS,
  RETURN_REASONS,
  REVEAL_PURPOSES,
  SUSPENSION_REASONS,
  TASK_STATES,
  WHISTLE_ORIGINS,
  WHISTLE_STATES,
} from '@shaoying/incident-domain';
import {
  COORDINATE_SYSTEMS,
  DURATION_UNITS,
  SEVERITIES,
  SUPERVISION_LEVELS,
  WHISTLE_KINDS,
} from '@shaoying/jurisdiction-contracts';
import { instant, nullableId, nullableInstant, nullableNumber } from './answer-fields.js';
import { RepeatWarningAnswer, timers } from './answers.dto.js';
import { LoggedEventAnswer } from './events.dto.js';

// The incident as every read of it tells it. Shapes for the OpenAPI document, never made: see answers.dto.ts.

const text = { type: String };
const nullableText = nullableId;
const count = { type: 'integer' as const };
const texts = { type: [String] as [StringConstructor] };
const nullableFlag = { type: Boolean, nullable: true };
const oneOf = (values: readonly string[]) => ({ enum: [...values] });
const oneOfOrNull = (values: readonly string[]) => ({ enum: [...values, null], nullable: true });
const listOf = (values: readonly string[]) => ({ enum: [...values], isArray: true });
const levels = [...RESPONSIBILITY_LEVELS];
const roles = ['LEAD', 'ASSIST'];
/** Any JSON: a leaf of a state. */
const anyJson = {
  anyOf: [
    ...([{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] as const),
    { type: 'object' as const, additionalProperties: true },
    { type: 'array' as const, items: {} },
  ],
  nullable: true,
};

class LocationAnswer {
  @ApiProperty(nullableNumber) lon!: number | null;
  @ApiProperty(nullableNumber) lat!: number | null;
  @ApiProperty(oneOf(COORDINATE_SYSTEMS)) crs!: string;
  @ApiProperty(nullableText) address!: string | null;
}

class PinsAnswer {
  @ApiProperty(text) policyId!: string;
  @ApiProperty(count) policyVersion!: number;
  @ApiProperty(text) calendarId!: string;
  @ApiProperty(count) calendarVersion!: number;
  @ApiProperty(text) catalogueId!: string;
  @ApiProperty(count) catalogueVersion!: number;
  @ApiProperty(text) ladderId!: string;
  @ApiProperty(count) ladderVersion!: number;
}

class StandingDeadlineAnswer {
  @ApiProperty(text) deadlineId!: string;
  @ApiProperty(oneOf(timers)) timer!: string;
  @ApiProperty(instant) startedAt!: string;
  @ApiProperty(instant) warnAt!: string;
  @ApiProperty(instant) dueAt!: string;
  @ApiProperty({ description: 'Reaches into a year whose calendar is not published' }) provisional!: boolean;
  @ApiProperty(text) policyId!: string;
  @ApiProperty(count) policyVersion!: number;
  @ApiProperty(text) calendarId!: string;
  @ApiProperty(count) calendarVersion!: number;
  @ApiProperty(oneOfOrNull(DURATION_UNITS)) unit!: string | null;
  @ApiProperty(nullableText) stage!: string | null;
  @ApiProperty({
    ...oneOf(['OPEN', 'MET', 'BREACHED', 'PAUSED', 'ENDED']),
    description:
      'OPEN and past its due time: overdue. PAUSED: nothing is owed until it goes on. ENDED: nothing has met it',
  })
  status!: string;
  @ApiProperty(nullableInstant) metAt!: string | null;
}

class ProgressAnswer {
  @ApiProperty(count) count!: number;
  @ApiProperty(instant) lastAt!: string;
  @ApiProperty(text) lastNote!: string;
}

class StageDoneAnswer {
  @ApiProperty(text) stage!: string;
  @ApiProperty(instant) at!: string;
  @ApiProperty() late!: boolean;
}

class ReleaseAnswer {
  @ApiProperty(oneOf([...RELEASE_REASONS, 'WHISTLE_CANCELLED', 'WITHDRAWN', 'LEAD_CHANGED']))
  reasonCode!: string;
  @ApiProperty(nullableText) reason!: string | null;
  @ApiProperty({ description: 'Counts against the department' }) counted!: boolean;
}

class ReleaseRequestAnswer {
  @ApiProperty(instant) at!: string;
  @ApiProperty(text) reason!: string;
}

class UrgedAnswer {
  @ApiProperty(count) count!: number;
  @ApiProperty(instant) lastAt!: string;
}

class RoleChangeAnswer {
  @ApiProperty(instant) at!: string;
  @ApiProperty(oneOf(roles)) role!: string;
  @ApiProperty(text) reason!: string;
}

class TaskTransferAnswer {
  @ApiProperty(instant) at!: string;
  @ApiProperty(text) fromDepartmentId!: string;
  @ApiProperty(text) toDepartmentId!: string;
  @ApiProperty(text) reason!: string;
}

class EvaluationAnswer {
  @ApiProperty(text) evaluationId!: string;
  @ApiProperty(instant) at!: string;
  @ApiProperty(nullableText) evaluatingUnitId!: string | null;
  @ApiProperty(count) score!: number;
  @ApiProperty(nullableText) comment!: string | null;
}

class StandingTaskAnswer {
  @ApiProperty(text) taskId!: string;
  @ApiProperty(text) whistleId!: string;
  @ApiProperty(text) departmentId!: string;
  @ApiProperty(oneOf(roles)) role!: string;
  @ApiProperty(oneOf(levels)) level!: string;
  @ApiProperty(count) cycle!: number;
  @ApiProperty(oneOf(TASK_STATES)) state!: string;
  @ApiProperty(instant) notifiedAt!: string;
  @ApiProperty(nullableInstant) acknowledgedAt!: string | null;
  @ApiProperty(nullableFlag) acknowledgedLate!: boolean | null;
  @ApiProperty(nullableInstant) contactedAt!: string | null;
  @ApiProperty(nullableFlag) contactedLate!: boolean | null;
  @ApiProperty(nullableInstant) checkedInAt!: string | null;
  @ApiProperty(nullableFlag) checkedInLate!: boolean | null;
  @ApiProperty(nullableFlag) checkInDisputed!: boolean | null;
  @ApiProperty({ type: ProgressAnswer, nullable: true }) progress!: ProgressAnswer | null;
  @ApiProperty({ type: [StageDoneAnswer] }) stagesDone!: StageDoneAnswer[];
  @ApiProperty({ ...count, description: 'Booked on it, by whoever had it' }) workedMinutes!: number;
  @ApiProperty(nullableInstant) completedAt!: string | null;
  @ApiProperty(nullableFlag) completedLate!: boolean | null;
  @ApiProperty({ ...nullableInstant, description: 'When a check first passed what was done' })
  acceptedAt!: string | null;
  @ApiProperty({ description: 'Sent back, and not completed again' }) reworking!: boolean;
  @ApiProperty({ description: 'Given by a final decision: it cannot be returned' }) final!: boolean;
  @ApiProperty({ ...nullableInstant, description: 'When it was returned or released' })
  endedAt!: string | null;
  @ApiProperty({ type: ReleaseAnswer, nullable: true }) release!: ReleaseAnswer | null;
  @ApiProperty({ type: ReleaseRequestAnswer, nullable: true })
  releaseRequested!: ReleaseRequestAnswer | null;
  @ApiProperty({ type: UrgedAnswer, nullable: true }) urged!: UrgedAnswer | null;
  @ApiProperty({ type: [RoleChangeAnswer] }) roleChanges!: RoleChangeAnswer[];
  @ApiProperty({ type: [TaskTransferAnswer] }) transfers!: TaskTransferAnswer[];
  @ApiProperty({ type: EvaluationAnswer, nullable: true }) evaluation!: EvaluationAnswer | null;
  @ApiProperty({ type: [StandingDeadlineAnswer] }) deadlines!: StandingDeadlineAnswer[];
}

class SummonsAnswer {
  @ApiProperty(text) departmentId!: string;
  @ApiProperty(oneOf(roles)) role!: string;
}

class StandingWhistleAnswer {
  @ApiProperty(text) whistleId!: string;
  @ApiProperty(oneOf(WHISTLE_KINDS)) kind!: string;
  @ApiProperty(text) reason!: string;
  @ApiProperty(nullableText) whistlingUnitId!: string | null;
  @ApiProperty(oneOf(WHISTLE_STATES)) state!: string;
  @ApiProperty(count) cycle!: number;
  @ApiProperty(oneOf(WHISTLE_ORIGINS)) origin!: string;
  @ApiProperty({ description: 'Of a department to a street or a department' }) reverse!: boolean;
  @ApiProperty(oneOf(['NOT_NEEDED', 'APPROVED', 'TO_BE_RATIFIED', 'AWAITED', 'RATIFIED', 'REFUSED']))
  approval!: string;
  @ApiProperty(nullableText) approvingUnitId!: string | null;
  @ApiProperty(nullableInstant) proposedAt!: string | null;
  @ApiProperty({ type: [SummonsAnswer], description: 'Whom a proposal would summon' })
  summons!: SummonsAnswer[];
  @ApiProperty({ ...nullableInstant, description: 'Null while it is only proposed' }) blownAt!: string | null;
  @ApiProperty(oneOfOrNull(['NOT_RATIFIED', 'RATIFICATION_REFUSED'])) flagged!: string | null;
  @ApiProperty({ ...nullableText, description: 'Of a refusal or cancellation' }) endReason!: string | null;
  @ApiProperty(nullableInstant) endedAt!: string | null;
  @ApiProperty({ ...texts, description: 'Earlier whistles on this incident' }) repeats!: string[];
  @ApiProperty({ type: [StandingDeadlineAnswer] }) deadlines!: StandingDeadlineAnswer[];
}

class StandingReturnAnswer {
  @ApiProperty(text) returnId!: string;
  @ApiProperty(text) taskId!: string;
  @ApiProperty(text) departmentId!: string;
  @ApiProperty(oneOf(RETURN_REASONS)) reasonCode!: string;
  @ApiProperty(text) basis!: string;
  @ApiProperty(nullableText) suggestedUnitId!: string | null;
  @ApiProperty(count) ordinal!: number;
  @ApiProperty(instant) requestedAt!: string;
  @ApiProperty(oneOf(['OPEN', 'ACCEPTED', 'REJECTED', 'ARBITRATED'])) outcome!: string;
  @ApiProperty(nullableInstant) decidedAt!: string | null;
  @ApiProperty(nullableText) decidingUnitId!: string | null;
  @ApiProperty(nullableText) decisionReason!: string | null;
}

class ProposedEntryAnswer {
  @ApiProperty(text) category!: string;
  @ApiProperty(nullableText) areaId!: string | null;
  @ApiProperty(text) departmentId!: string;
  @ApiProperty(text) basis!: string;
}

class StandingArbitrationAnswer {
  @ApiProperty(text) arbitrationId!: string;
  @ApiProperty(text) taskId!: string;
  @ApiProperty(oneOf(['RETURNS', 'REFUSALS', 'REQUESTED'])) cause!: string;
  @ApiProperty(texts) parties!: string[];
  @ApiProperty(instant) openedAt!: string;
  @ApiProperty(nullableInstant) decidedAt!: string | null;
  @ApiProperty(nullableText) arbitratingUnitId!: string | null;
  @ApiProperty(nullableText) responsibleUnitId!: string | null;
  @ApiProperty(oneOfOrNull(ARBITRATION_RULES)) rule!: string | null;
  @ApiProperty(nullableText) reason!: string | null;
  @ApiProperty({
    ...{ type: ProposedEntryAnswer, nullable: true },
    description: 'Entry of the dispatch catalogue that would have spared the dispute',
  })
  catalogueProposal!: ProposedEntryAnswer | null;
}

class StandingExtensionAnswer {
  @ApiProperty(text) extensionId!: string;
  @ApiProperty(text) taskId!: string;
  @ApiProperty(text) departmentId!: string;
  @ApiProperty(count) ordinal!: number;
  @ApiProperty() amount!: number;
  @ApiProperty(oneOf(DURATION_UNITS)) unit!: string;
  @ApiProperty(text) reason!: string;
  @ApiProperty(instant) requestedAt!: string;
  @ApiProperty({
    ...oneOf(['OPEN', 'GRANTED', 'REFUSED', 'LAPSED']),
    description: 'LAPSED: the task was done before anybody decided',
  })
  outcome!: string;
  @ApiProperty(nullableInstant) decidedAt!: string | null;
  @ApiProperty(nullableText) decidingUnitId!: string | null;
  @ApiProperty(nullableText) decisionReason!: string | null;
}

class StandingSupervisionAnswer {
  @ApiProperty(text) supervisionId!: string;
  @ApiProperty(nullableText) taskId!: string | null;
  @ApiProperty(nullableText) departmentId!: string | null;
  @ApiProperty({ ...nullableText, description: "Null on a person's order" }) deadlineId!: string | null;
  @ApiProperty({ ...nullableInstant, description: 'When the missed deadline was due' }) dueAt!: string | null;
  @ApiProperty({ ...count, nullable: true, description: 'Place on the ladder, from 1' }) step!: number | null;
  @ApiProperty(oneOf(SUPERVISION_LEVELS)) level!: string;
  @ApiProperty(oneOf(['LADDER', 'PERSON'])) issuedBy!: string;
  @ApiProperty(nullableText) reason!: string | null;
  @ApiProperty(instant) issuedAt!: string;
  @ApiProperty(nullableInstant) respondedAt!: string | null;
  @ApiProperty(nullableFlag) respondedLate!: boolean | null;
  @ApiProperty(nullableText) response!: string | null;
  @ApiProperty(nullableInstant) liftedAt!: string | null;
  @ApiProperty(nullableText) liftReason!: string | null;
  @ApiProperty({ type: [StandingDeadlineAnswer] }) deadlines!: StandingDeadlineAnswer[];
}

class CycleAnswer {
  @ApiProperty(count) cycle!: number;
  @ApiProperty(instant) filedAt!: string;
  @ApiProperty(nullableInstant) handlingCompletedAt!: string | null;
  @ApiProperty(nullableInstant) closedAt!: string | null;
  @ApiProperty(oneOfOrNull(levels)) resolutionLevel!: string | null;
  @ApiProperty(nullableInstant) reopenedAt!: string | null;
  @ApiProperty(oneOfOrNull(['REPORTER', 'OFFICE'])) reopenedBy!: string | null;
}

class RevealedAnswer {
  @ApiProperty(instant) at!: string;
  @ApiProperty(nullableText) unitId!: string | null;
  @ApiProperty(nullableText) taskId!: string | null;
  @ApiProperty(oneOf(REVEAL_PURPOSES)) purpose!: string;
  @ApiProperty(listOf(PERSONAL_FIELDS)) fields!: string[];
}

class SealedReporterAnswer {
  @ApiProperty({
    ...oneOf(['SEALED', 'FORGOTTEN']),
    description: 'FORGOTTEN: nobody can read any more who it was',
  })
  state!: string;
  @ApiProperty(texts) subjectIds!: string[];
  @ApiProperty({ type: [RevealedAnswer], description: 'Who was told, and what for' })
  reveals!: RevealedAnswer[];
}

class RejectedAnswer {
  @ApiProperty(instant) at!: string;
  @ApiProperty(oneOf(REJECTION_REASONS)) reasonCode!: string;
  @ApiProperty(text) reason!: string;
  @ApiProperty(nullableText) notice!: string | null;
}

class WithdrawnAnswer {
  @ApiProperty(instant) at!: string;
  @ApiProperty({ description: 'Only the reporter left it' }) goesOn!: boolean;
}

class VoidedAnswer {
  @ApiProperty(instant) at!: string;
  @ApiProperty(text) reason!: string;
}

class SuspensionAnswer {
  @ApiProperty(oneOf(SUSPENSION_REASONS)) reasonCode!: string;
  @ApiProperty(text) reason!: string;
  @ApiProperty(instant) since!: string;
  @ApiProperty(instant) reviewAt!: string;
  @ApiProperty(count) renewals!: number;
  @ApiProperty({ ...nullableNumber, description: 'Percent of the total time used up at the approval' })
  usedPercent!: number | null;
}

class CheckedAnswer {
  @ApiProperty(oneOf(['PASS', 'FAIL'])) result!: string;
  @ApiProperty(instant) at!: string;
  @ApiProperty(nullableText) checkingUnitId!: string | null;
  @ApiProperty(text) note!: string;
}

class SaidAnswer {
  @ApiProperty(instant) at!: string;
  @ApiProperty(count) cycle!: number;
  @ApiProperty(oneOf(['SOLVED', 'PARTLY', 'UNSOLVED'])) solved!: string;
  @ApiProperty(oneOf(['SATISFIED', 'BASICALLY_SATISFIED', 'DISSATISFIED', 'NOT_RATED']))
  satisfaction!: string;
  @ApiProperty(nullableText) comment!: string | null;
  @ApiProperty(oneOf(['CALLBACK', 'REPORTER'])) source!: string;
}

class FeedbackAnswer extends SaidAnswer {
  @ApiProperty({ description: 'A further word stands in feedbackCorrections' }) corrected!: boolean;
}

class FeedbackCorrectionAnswer extends SaidAnswer {
  @ApiProperty({ ...nullableText, description: 'Null where the reporter gave it' }) reason!: string | null;
}

class EscalationAnswer {
  @ApiProperty(instant) at!: string;
  @ApiProperty(oneOfOrNull(levels)) from!: string | null;
  @ApiProperty(oneOf(levels)) to!: string;
  @ApiProperty(nullableText) unitId!: string | null;
  @ApiProperty(text) reason!: string;
}

class FoundAnswer {
  @ApiProperty(instant) at!: string;
  @ApiProperty(oneOf(['BY_POINT', 'BY_HAND', 'AREA_TRANSFER'])) method!: string;
  @ApiProperty(nullableText) gridId!: string | null;
  @ApiProperty(nullableText) gridMapId!: string | null;
  @ApiProperty({ ...count, nullable: true }) gridMapVersion!: number | null;
  @ApiProperty({ ...nullableText, description: 'Whom the catalogue names there' })
  suggestedDepartmentId!: string | null;
  @ApiProperty(nullableText) reason!: string | null;
}

class StandingAppealAnswer {
  @ApiProperty(text) appealId!: string;
  @ApiProperty(text) unitId!: string;
  @ApiProperty(oneOf(APPEAL_ITEMS)) item!: string;
  @ApiProperty(nullableText) itemId!: string | null;
  @ApiProperty(count) cycle!: number;
  @ApiProperty(text) reason!: string;
  @ApiProperty(instant) filedAt!: string;
  @ApiProperty(oneOf(['OPEN', 'EXCLUDED', 'REFUSED'])) outcome!: string;
  @ApiProperty(nullableInstant) decidedAt!: string | null;
  @ApiProperty(nullableText) decisionReason!: string | null;
}

class ReporterFlagAnswer {
  @ApiProperty(nullableText) flagId!: string | null;
  @ApiProperty(nullableText) proposingUnitId!: string | null;
  @ApiProperty(text) reason!: string;
  @ApiProperty(instant) proposedAt!: string;
  @ApiProperty({
    ...oneOf(['OPEN', 'APPROVED', 'REFUSED', 'NOT_NEEDED']),
    description: 'It stands where it is APPROVED, or where that was NOT_NEEDED yet',
  })
  outcome!: string;
  @ApiProperty(nullableInstant) decidedAt!: string | null;
  @ApiProperty(nullableText) decidingUnitId!: string | null;
  @ApiProperty(nullableText) decisionReason!: string | null;
}

class LostAnswer {
  @ApiProperty(oneOf(['DISPATCH', 'DEPARTMENT'])) account!: string;
  @ApiProperty(nullableText) unitId!: string | null;
  @ApiProperty({ ...count, description: 'Milliseconds' }) ms!: number;
}

/** As the log has it, whatever the reader's clock says. */
export class IncidentStateAnswer {
  @ApiProperty(text) id!: string;
  @ApiProperty(oneOf(LIFECYCLES)) state!: string;
  @ApiProperty({ ...oneOfOrNull(LIFECYCLES), description: 'Where a suspended or merged one goes back to' })
  before!: string | null;
  @ApiProperty(count) revision!: number;
  @ApiProperty(text) category!: string;
  @ApiProperty(oneOf(SEVERITIES)) severity!: string;
  @ApiProperty(text) description!: string;
  @ApiProperty({ type: LocationAnswer, nullable: true }) location!: LocationAnswer | null;
  @ApiProperty(nullableText) gridId!: string | null;
  @ApiProperty(nullableText) estateId!: string | null;
  @ApiProperty(nullableText) communityId!: string | null;
  @ApiProperty(nullableText) streetId!: string | null;
  @ApiProperty(nullableText) districtId!: string | null;
  @ApiProperty(text) channel!: string;
  @ApiProperty() anonymous!: boolean;
  @ApiProperty({
    ...{ type: SealedReporterAnswer, nullable: true },
    description: 'Null where nobody left anything that is sealed',
  })
  reporter!: SealedReporterAnswer | null;
  @ApiProperty() imported!: boolean;
  @ApiProperty(nullableText) externalId!: string | null;
  @ApiProperty({ ...nullableText, description: 'An earlier incident' }) recurrenceOf!: string | null;
  @ApiProperty(instant) reportedAt!: string;
  @ApiProperty(nullableInstant) verifiedAt!: string | null;
  @ApiProperty(nullableInstant) filedAt!: string | null;
  @ApiProperty({ ...nullableInstant, description: 'When somebody was first given it in this cycle' })
  dispatchedAt!: string | null;
  @ApiProperty({ ...nullableInstant, description: 'By whoever handles it without a whistle' })
  contactedAt!: string | null;
  @ApiProperty(nullableFlag) contactedLate!: boolean | null;
  @ApiProperty({ ...nullableInstant, description: 'Of feedback that sent nothing back' })
  ratedAt!: string | null;
  @ApiProperty(nullableInstant) closedAt!: string | null;
  @ApiProperty(nullableInstant) feedbackUntil!: string | null;
  @ApiProperty(nullableInstant) reopenUntil!: string | null;
  @ApiProperty(nullableInstant) appealUntil!: string | null;
  @ApiProperty(oneOfOrNull(['SELF', 'WHISTLE'])) mode!: string | null;
  @ApiProperty({ ...nullableText, description: 'Where no department does' }) handlingUnitId!: string | null;
  @ApiProperty(listOf(PARTIES)) parties!: string[];
  @ApiProperty(count) cycle!: number;
  @ApiProperty(count) rework!: number;
  @ApiProperty({ ...oneOfOrNull(levels), description: 'Highest responsible in this cycle so far' })
  level!: string | null;
  @ApiProperty(oneOfOrNull(levels)) resolutionLevel!: string | null;
  @ApiProperty({ type: PinsAnswer, nullable: true, description: 'Versions that govern it' })
  pins!: PinsAnswer | null;
  @ApiProperty({ type: RejectedAnswer, nullable: true }) rejected!: RejectedAnswer | null;
  @ApiProperty({ type: WithdrawnAnswer, nullable: true }) withdrawn!: WithdrawnAnswer | null;
  @ApiProperty({ type: VoidedAnswer, nullable: true }) voided!: VoidedAnswer | null;
  @ApiProperty({ type: SuspensionAnswer, nullable: true }) suspension!: SuspensionAnswer | null;
  @ApiProperty(nullableText) mergedInto!: string | null;
  @ApiProperty(texts) duplicates!: string[];
  @ApiProperty({ type: [StandingDeadlineAnswer] }) deadlines!: StandingDeadlineAnswer[];
  @ApiProperty({ type: [StandingWhistleAnswer] }) whistles!: StandingWhistleAnswer[];
  @ApiProperty({ type: [StandingTaskAnswer] }) tasks!: StandingTaskAnswer[];
  @ApiProperty({ type: [StandingReturnAnswer] }) returns!: StandingReturnAnswer[];
  @ApiProperty({ type: [StandingArbitrationAnswer] }) arbitrations!: StandingArbitrationAnswer[];
  @ApiProperty({ type: [StandingExtensionAnswer] }) extensions!: StandingExtensionAnswer[];
  @ApiProperty({ type: [StandingSupervisionAnswer] }) supervisions!: StandingSupervisionAnswer[];
  @ApiProperty({ type: [CycleAnswer] }) cycles!: CycleAnswer[];
  @ApiProperty({ type: [CheckedAnswer] }) checks!: CheckedAnswer[];
  @ApiProperty({ type: [FeedbackAnswer], description: 'As first said' }) feedback!: FeedbackAnswer[];
  @ApiProperty({ type: [FeedbackCorrectionAnswer] }) feedbackCorrections!: FeedbackCorrectionAnswer[];
  @ApiProperty({ type: [EscalationAnswer] }) escalations!: EscalationAnswer[];
  @ApiProperty({ type: [FoundAnswer], description: 'Corrections of the place' }) locations!: FoundAnswer[];
  @ApiProperty({ type: [StandingAppealAnswer] }) appeals!: StandingAppealAnswer[];
  @ApiProperty({ type: [ReporterFlagAnswer] }) reporterFlags!: ReporterFlagAnswer[];
  @ApiProperty({ type: [LostAnswer], description: 'Before the right department had it' })
  lostTime!: LostAnswer[];
}

export class IncidentAnswer extends IncidentStateAnswer {
  @ApiProperty({ description: 'Anything it owes is past its due time' }) overdue!: boolean;
  @ApiProperty(oneOf(['GREEN', 'YELLOW', 'RED'])) trafficLight!: string;
}

export class IncidentsAnswer {
  @ApiProperty({ type: [IncidentAnswer] }) items!: IncidentAnswer[];
  @ApiProperty({ ...nullableText, description: 'Null on the last page' }) nextCursor!: string | null;
}

export class IncidentEventsAnswer {
  @ApiProperty({ type: [LoggedEventAnswer] }) items!: LoggedEventAnswer[];
}

export class RepeatWhistlesAnswer {
  @ApiProperty({ type: [RepeatWarningAnswer] }) items!: RepeatWarningAnswer[];
}

class ChangeAnswer {
  @ApiProperty({ description: 'JSON pointer' }) path!: string;
  @ApiProperty(anyJson) from!: unknown;
  @ApiProperty(anyJson) to!: unknown;
}

class NextEventAnswer {
  @ApiProperty({ type: LoggedEventAnswer }) event!: LoggedEventAnswer;
  @ApiProperty({ type: [ChangeAnswer] }) changes!: ChangeAnswer[];
}

export class IncidentReplayAnswer {
  @ApiProperty({
    oneOf: [{ type: 'string', format: 'date-time' }, { type: 'integer' }],
    description: 'What was asked: an instant or a revision',
  })
  at!: string | number;
  @ApiProperty({
    ...{ type: IncidentStateAnswer, nullable: true },
    description: 'Null before the incident was reported',
  })
  state!: IncidentStateAnswer | null;
  @ApiProperty({ type: 'integer', isArray: true, description: 'Of the events behind it' })
  revisions!: number[];
  @ApiProperty({ type: NextEventAnswer, nullable: true, description: 'Null at the end of the history' })
  next!: NextEventAnswer | null;
}

class PromiseAnswer {
  @ApiProperty(oneOf(timers)) timer!: string;
  @ApiProperty(instant) dueAt!: string;
  @ApiProperty(oneOf(['OPEN', 'MET', 'BREACHED', 'PAUSED', 'ENDED'])) status!: string;
  @ApiProperty(nullableInstant) metAt!: string | null;
}

class PlainLineAnswer {
  @ApiProperty(text) zh!: string;
  @ApiProperty(text) en!: string;
}

class ReceiptEventAnswer {
  @ApiProperty(text) type!: string;
  @ApiProperty(instant) occurredAt!: string;
  @ApiProperty({ type: PlainLineAnswer }) line!: PlainLineAnswer;
}

class ReceiptPhotoAnswer {
  @ApiProperty({ description: 'As the report names it' }) sha256!: string;
  @ApiProperty({
    ...{ type: 'boolean', nullable: true },
    description: 'False: to be sent yet; null where that cannot be said now',
  })
  arrived!: boolean | null;
}

export class ReceiptAnswer {
  @ApiProperty({ description: 'Incident' }) id!: string;
  @ApiProperty({ ...oneOf(LIFECYCLES), description: 'Of a duplicate, how the one that goes on stands' })
  state!: string;
  @ApiProperty(text) category!: string;
  @ApiProperty(instant) reportedAt!: string;
  @ApiProperty(nullableInstant) filedAt!: string | null;
  @ApiProperty(nullableInstant) closedAt!: string | null;
  @ApiProperty({ description: 'It goes on in another incident' }) merged!: boolean;
  @ApiProperty({ ...nullableText, description: 'Of a rejection' }) notice!: string | null;
  @ApiProperty({ type: [PromiseAnswer] }) promises!: PromiseAnswer[];
  @ApiProperty({ type: [ReceiptEventAnswer] }) history!: ReceiptEventAnswer[];
  @ApiProperty({ type: [ReceiptPhotoAnswer] }) photos!: ReceiptPhotoAnswer[];
}
