import type { DeadlinePolicy, DeadlineRule, RuleConditions, TimerKind } from './deadline-policy.js';
import type { Severity, Urgency } from './dispatch-catalogue.js';
import type { TaskRole, WhistleKind } from './deadline-policy.js';

export interface RuleQuery {
  readonly timer: TimerKind;
  readonly category: string;
  readonly whistleKind?: WhistleKind;
  readonly urgency?: Urgency;
  readonly severity?: Severity;
  readonly role?: TaskRole;
}

/**
 * Conditions from the most to the least telling. A rule that asks for a category beats any rule that does not, then
 * one that asks for a whistle kind, and so on: the weights are powers of two, so two different sets of conditions
 * never weigh the same, and two rules with the same set cannot both match unless they are the same rule twice (which
 * validation refuses). The choice therefore never depends on the order of the rules.
 */
export const CONDITION_FIELDS = [
  'category',
  'whistleKind',
  'urgency',
  'severity',
  'role',
] as const satisfies readonly (keyof RuleConditions)[];

/** The most specific rule that matches, or `undefined` when the policy has none for the timer. */
export function chooseRule(policy: DeadlinePolicy, query: RuleQuery): DeadlineRule | undefined {
  let best: DeadlineRule | undefined;
  let bestWeight = -1;
  for (const rule of policy.rules) {
    if (rule.timer !== query.timer || !matches(rule.when, query)) continue;
    const weight = weightOf(rule.when);
    if (weight > bestWeight) [best, bestWeight] = [rule, weight];
  }
  return best;
}

function matches(when: RuleConditions | undefined, query: RuleQuery): boolean {
  if (!when) return true;
  return CONDITION_FIELDS.every((field) => when[field] === undefined || when[field] === query[field]);
}

function weightOf(when: RuleConditions | undefined): number {
  if (!when) return 0;
  return CONDITION_FIELDS.reduce((weight, field) => weight * 2 + (when[field] === undefined ? 0 : 1), 0);
}
