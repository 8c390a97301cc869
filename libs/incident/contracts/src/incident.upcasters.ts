/**
 * One step from the data of version n of an event to that of n + 1. Pure: it sees this event alone, changes nothing it
 * is given, asks neither clock nor configuration, and gives for ever what it once gave. What version n did not say stays
 * unsaid (null), unless it could only have been one thing.
 */
export type Upcaster = (data: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/**
 * Version 2 says which step of the ladder was taken, and when the missed deadline was due. While version 1 was written
 * only the step at +0 % was taken, and no ladder is published whose first step is another. The due instant stood on the
 * breach beside it, which a step does not see.
 */
export const supervisionIssuedV2: Upcaster = (data) => ({ ...data, dueAt: null, step: 1 });
