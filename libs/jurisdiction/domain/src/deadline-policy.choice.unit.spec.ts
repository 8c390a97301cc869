import fc from 'fast-check';
import { chooseRule, CONDITION_FIELDS } from './deadline-policy.choice.js';
import {
  DEFAULT_HANDLING_RULES,
  type DeadlinePolicy,
  type DeadlineRule,
  type RuleConditions,
} from './deadline-policy.js';

const hours = (amount: number) => ({ amount, unit: 'CLOCK_HOUR' as const });
const rule = (amount: number, when?: RuleConditions): DeadlineRule => ({
  timer: 'CHECK_IN',
  duration: hours(amount),
  ...(when && { when }),
});
const policy = (rules: readonly DeadlineRule[]): DeadlinePolicy => ({
  policyId: 'default',
  name: 'p',
  version: 1,
  calendarId: 'default',
  ladderId: 'default',
  warnPercent: 80,
  ...DEFAULT_HANDLING_RULES,
  rules,
});
const query = {
  timer: 'CHECK_IN',
  category: 'gas-leak',
  whistleKind: 'EMERGENCY',
  severity: 'MAJOR',
  role: 'LEAD',
} as const;
const chosen = (...rules: DeadlineRule[]) => chooseRule(policy(rules), query)?.duration?.amount;

describe('chooseRule', () => {
  test('the rule without conditions answers when no other matches', () => {
    expect(chosen(rule(1), rule(2, { category: 'other' }))).toBe(1);
  });
  test('a rule for the whistle kind beats the general one', () => {
    expect(chosen(rule(1), rule(2, { whistleKind: 'EMERGENCY' }))).toBe(2);
  });
  test('a rule for the category beats one for everything else together', () => {
    expect(
      chosen(
        rule(1, { whistleKind: 'EMERGENCY', severity: 'MAJOR', role: 'LEAD' }),
        rule(2, { category: 'gas-leak' }),
      ),
    ).toBe(2);
  });
  test('more conditions of the same weight class win', () => {
    expect(chosen(rule(1, { category: 'gas-leak' }), rule(2, { category: 'gas-leak', role: 'LEAD' }))).toBe(
      2,
    );
  });
  test('a condition the query says nothing about does not match', () => {
    expect(chosen(rule(1), rule(2, { urgency: 'URGENT' }))).toBe(1);
  });
  test('a timer without rules has no answer', () => {
    expect(chooseRule(policy([rule(1)]), { ...query, timer: 'VERIFY' })).toBeUndefined();
  });

  test('the order of the rules never matters', () => {
    const anyWhen = fc.record(
      {
        category: fc.constantFrom('gas-leak', 'other'),
        whistleKind: fc.constantFrom('EMERGENCY', 'KEY_WORK'),
        severity: fc.constantFrom('MAJOR', 'MINOR'),
        role: fc.constantFrom('LEAD', 'ASSIST'),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<RuleConditions>;
    const key = (when: RuleConditions) => CONDITION_FIELDS.map((field) => when[field] ?? '').join('|');
    const anyRules = fc.uniqueArray(anyWhen, { selector: key, maxLength: 20 });
    fc.assert(
      fc.property(anyRules, (whens) => {
        const rules = whens.map((when, i) => rule(i, when));
        expect(chosen(...rules)).toBe(chosen(...rules.toReversed()));
      }),
    );
  });
});
