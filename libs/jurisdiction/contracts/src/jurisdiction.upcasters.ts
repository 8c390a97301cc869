/** One pure step from the data of version n to that of n + 1. */
export type Upcaster = (data: Record<string, unknown>) => Record<string, unknown>;

/** The next version has optional fields that this one could not say: absent, they say the same. */
export const unchanged: Upcaster = (data) => data;

// Written out here and not taken from the defaults of new documents, which may change: a step gives for ever what it
// once gave.

/** Times allowed for what version 1 did not know: every policy has a general rule for every timer. */
const RULES_OF_V2 = [
  { timer: 'RATIFICATION', duration: { amount: 24, unit: 'CLOCK_HOUR' } },
  { timer: 'REWORK', duration: { amount: 1, unit: 'WORKING_DAY' } },
  { timer: 'REOPEN_WINDOW', duration: { amount: 30, unit: 'CALENDAR_DAY' } },
  { timer: 'APPEAL_WINDOW', duration: { amount: 10, unit: 'WORKING_DAY' } },
];

const approvedFirst = {
  proposers: ['street-office', 'community'],
  approvers: ['street-office'],
  actsFirst: false,
  fourEyes: false,
};

/**
 * Version 1 had two rules of handling, clockOnReturn and returnsBeforeArbitration. Who proposes and approves, refusals,
 * extensions and repeats it could not say; it gets what every place began with.
 */
const HANDLING_OF_V2 = {
  refusalsBeforeArbitration: 2,
  extensions: { max: 2, approvers: [['street-office'], ['supervision-centre']] },
  whistles: {
    PUBLIC_DEMAND: approvedFirst,
    KEY_WORK: approvedFirst,
    JOINT_ENFORCEMENT: approvedFirst,
    EMERGENCY: {
      proposers: ['street-office', 'community', 'grid-worker'],
      approvers: ['street-office'],
      actsFirst: true,
      fourEyes: true,
    },
  },
  repeatWhistleDays: 180,
};

export const policyV1: Upcaster = ({ policy, ...rest }) => {
  const before = policy as { readonly rules: readonly unknown[] };
  return { ...rest, policy: { ...before, ...HANDLING_OF_V2, rules: [...before.rules, ...RULES_OF_V2] } };
};

/** Policies of before set no time for deciding about an extension: under them none is started, as it was. */
export const policyV2: Upcaster = ({ policy, ...rest }) => {
  const before = policy as { readonly rules: readonly unknown[] };
  return {
    ...rest,
    policy: { ...before, rules: [...before.rules, { timer: 'EXTENSION_DECISION', duration: null }] },
  };
};

/** A window that closes is nobody's failure: without this, the steps for all timers would answer the new windows too. */
export const ladderV1: Upcaster = ({ ladder, ...rest }) => {
  const before = ladder as { readonly byTimer?: Readonly<Record<string, unknown>> };
  return {
    ...rest,
    ladder: { ...before, byTimer: { ...before.byTimer, REOPEN_WINDOW: [], APPEAL_WINDOW: [] } },
  };
};
