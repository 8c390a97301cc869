import { ApiProperty } from '@nestjs/swagger';
import { METRIC_DIMENSIONS } from '@shaoying/incident-read-models';
import { BilingualAnswer, instant, nullableId, nullableNumber } from './answer-fields.js';
import { METRIC_UNITS, type MetricUnits } from './metric-units.js';

// Shapes of answers for the OpenAPI document, never made: see answers.dto.ts.

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
  @ApiProperty({ type: 'integer', required: false }) thresholdPercent?: number;
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
  @ApiProperty({ type: 'integer', description: 'In force' }) version!: number;
  @ApiProperty({
    type: 'integer',
    isArray: true,
    description: 'That numbers can be computed by, the newest first',
  })
  versions!: number[];
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
