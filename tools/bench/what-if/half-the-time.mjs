import { AlternativeRules } from '@shaoying/incident-application';
import { simpleDeadlineMinutes } from '@shaoying/incident-read-models/testing';
import { PublishedJurisdiction } from '@shaoying/jurisdiction-application';
import { DEFAULT_HANDLING_RULES } from '@shaoying/jurisdiction-domain';

/** A policy that gives these timers a share of the time which the generated year was decided by. */
const policyOf = (version, share, timers) => ({
  ...{ ...DEFAULT_HANDLING_RULES, policyId: 'policy', name: 'the generated year', version, warnPercent: 80 },
  ...{ calendarId: 'default', ladderId: 'ladder' },
  rules: Object.entries(simpleDeadlineMinutes).map(([timer, minutes]) => ({
    timer,
    duration: { amount: (minutes / 60) * (timers.includes(timer) ? share : 1), unit: 'CLOCK_HOUR' },
  })),
});

export const allTimers = Object.keys(simpleDeadlineMinutes);

/** What governs the generated year, and the same with half the time for these timers. */
export function halfTheTime(timers) {
  const directory = new PublishedJurisdiction();
  const respondWithin = { amount: 24, unit: 'CLOCK_HOUR' };
  const steps = [
    { trigger: 0, level: 'BLUE', notify: ['department'], respondWithin },
    { trigger: 50, level: 'ORANGE', notify: ['department', 'street-office'], respondWithin },
    { trigger: 100, level: 'RED', notify: ['department', 'supervision-centre'], respondWithin },
  ];
  const workingHours = [
    { from: '09:00', to: '12:00' },
    { from: '13:00', to: '18:00' },
  ];
  const calendar = {
    ...{
      calendarId: 'default',
      version: 1,
      utcOffsetMinutes: 480,
      workingHours,
      workingDayRule: 'SAME_TIME',
    },
    years: { 2026: { holidays: [], makeUpWorkdays: [] }, 2027: { holidays: [], makeUpWorkdays: [] } },
  };
  directory.apply({ type: 'WorkingCalendarPublished', data: { calendar } });
  directory.apply({
    type: 'EscalationLadderPublished',
    data: { ladder: { ladderId: 'ladder', name: 'the generated year', version: 1, steps } },
  });
  const catalogue = { catalogueId: 'catalogue', name: 'the generated year', version: 1, categories: [] };
  directory.apply({ type: 'DispatchCataloguePublished', data: { catalogue } });
  for (const [version, share] of [
    [1, 1],
    [2, 0.5],
  ])
    directory.apply({ type: 'DeadlinePolicyPublished', data: { policy: policyOf(version, share, timers) } });
  const policy = { policyId: 'policy', policyVersion: 2 };
  return new AlternativeRules(directory, { policy, ladder: null, calendar: null });
}
