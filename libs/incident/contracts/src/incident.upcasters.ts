type Data = Readonly<Record<string, unknown>>;

/**
 * One step from the data of version n of an event to that of n + 1. Pure: it sees this event alone, changes nothing it
 * is given, asks neither clock nor configuration, and gives for ever what it once gave. What version n did not say stays
 * unsaid (null), unless it could only have been one thing.
 */
export type Upcaster = (data: Data) => Record<string, unknown>;

/**
 * A deadline as the second versions have it. The first ones carried one step at the most, which was taken at the breach
 * itself; how their time was counted they did not say. Part of the steps of many events: its result is history too.
 */
function deadlineWithSteps(deadline: Data): Data {
  const { firstStep, ...rest } = deadline;
  const step = firstStep as Data | null;
  return {
    ...{ ...rest, unit: null, stage: null },
    steps: step === null ? [] : [{ step: 1, at: deadline['dueAt'], ...step }],
  };
}

const deadlinesWithSteps = (deadlines: unknown): Data[] => (deadlines as Data[]).map(deadlineWithSteps);

/** Nobody's report was verified against the clock. Who reported it stood on no event. */
export const incidentReportedV2: Upcaster = (data) => ({
  ...data,
  ...{ reportedBy: null, recurrenceOf: null, deadlines: [] },
});

/** Reports named no photos. */
export const incidentReportedV3: Upcaster = (data) => ({ ...data, evidence: [] });

export const incidentFiledV2: Upcaster = (data) => ({
  ...data,
  deadlines: deadlinesWithSteps(data['deadlines']),
});

export const selfHandlingStartedV2: Upcaster = (data) => ({ ...data, parties: [] });

/** Whistles were blown by streets, on reports, without approval. */
export const whistleBlownV2: Upcaster = (data) => ({
  ...data,
  ...{ blownBy: null, origin: 'REPORT', reverse: false, approval: 'NOT_NEEDED', repeats: [], deadlines: [] },
  tasks: (data['tasks'] as Data[]).map((task) => ({
    ...task,
    deadlines: deadlinesWithSteps(task['deadlines']),
  })),
});

/** The second version starts the time for the check. */
export const handlingCompletedV2: Upcaster = (data) => ({ ...data, deadlines: [] });

/** The second version knows more timers; those of the first are among them. */
export const taskOverdueV2: Upcaster = (data) => ({ ...data });

/** As for a task. */
export const incidentOverdueV2: Upcaster = (data) => ({ ...data });

/** The third one knows the time to decide about an extension. */
export const incidentOverdueV3: Upcaster = (data) => ({ ...data });

/** As for what was missed. */
export const deadlineWarnedV2: Upcaster = (data) => ({ ...data });

/** Nothing limited how long the decision took. */
export const extensionRequestedV2: Upcaster = (data) => ({ ...data, deadlines: [] });

/**
 * Version 2 says which step of the ladder was taken, and when the missed deadline was due. While version 1 was written
 * only the step at +0 % was taken, and no ladder is published whose first step is another. The due instant stood on the
 * breach beside it, which a step does not see.
 */
export const supervisionIssuedV2: Upcaster = (data) => ({ ...data, dueAt: null, step: 1 });

/** Version 3 is also for orders that a person gives, and starts the time to answer in. */
export const supervisionIssuedV3: Upcaster = (data) => ({
  ...data,
  ...{ issuedBy: 'LADDER', reason: null, deadlines: [] },
});

/** Orders ended by what the department did, with no word about it. */
export const supervisionLiftedV2: Upcaster = (data) => ({ ...data, note: null });

/** The second version starts the times for callback and feedback; the end of the latter stood beside it, and stands. */
export const checkPassedV2: Upcaster = (data) => ({ ...data, deadlines: [] });

/** The second version starts a time for each task that goes back. */
export const checkFailedV2: Upcaster = (data) => ({ ...data, reworks: [] });

/** As for a check that failed. */
export const feedbackRecordedV2: Upcaster = (data) => ({ ...data, reworks: [] });

/** Neither opening again nor contesting had an end. */
export const incidentClosedV2: Upcaster = (data) => ({ ...data, reopenUntil: null, appealUntil: null });

/** The whole percent, rounded down, was all that was recorded. */
export const incidentSuspendedV2: Upcaster = (data) => ({ ...data, usedTime: null });

/** The second version knows photos that are personal; the fields of the first are among them. */
export const personalDataSealedV2: Upcaster = (data) => ({ ...data });

/** As for what is sealed. */
export const reporterIdentityRevealedV2: Upcaster = (data) => ({ ...data });
