/** A decider as its specs see it: pure, with a refusal instead of an exception. */
export interface Decider<State, Command, Event, Refusal extends { readonly code: string }> {
  readonly initial: State;
  decide(
    state: State,
    command: Command,
  ): { readonly events?: readonly Event[] | undefined; readonly refusal?: Refusal | undefined };
  evolve(state: State, event: Event): State;
}

type Part<T> = T extends readonly (infer Item)[]
  ? readonly Part<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]?: Part<T[Key]> }
    : T;

/** What a spec says of a decision. Each line fails with the whole decision in its message. */
export interface Then<Event, Refusal extends { readonly code: string }> {
  /** Exactly these events, in this order. */
  then(events: readonly Event[]): void;
  /** As many events as these, in this order, each holding at least what is said of it. */
  thenLike(events: readonly Part<Event>[]): void;
  thenNothing(): void;
  thenRefused(code: Refusal['code'], details?: Partial<Refusal>): void;
}

export interface Given<Command, Event, Refusal extends { readonly code: string }> {
  when(command: Command): Then<Event, Refusal>;
}

/**
 * `given(events).when(command).then(events)` for one decider:
 *
 *     const given = givenOf({ initial: NO_INCIDENT, decide, evolve });
 *     given([reported]).when(fileIncident).thenLike([{ type: 'IncidentFiled' }]);
 */
export function givenOf<State, Command, Event, Refusal extends { readonly code: string }>(
  decider: Decider<State, Command, Event, Refusal>,
): (history: readonly Event[]) => Given<Command, Event, Refusal> {
  return (history) => ({
    when(command) {
      const state = history.reduce((folded, event) => decider.evolve(folded, event), decider.initial);
      const { events, refusal } = decider.decide(state, command);
      const decision = refusal === undefined ? { events } : { refusal };
      return {
        then: (expected) => expect(decision).toEqual({ events: expected }),
        thenLike: (expected) => {
          expect(decision).toMatchObject({ events: expected });
        },
        thenNothing: () => expect(decision).toEqual({ events: [] }),
        thenRefused: (code, details) => expect(decision).toMatchObject({ refusal: { ...details, code } }),
      };
    },
  });
}

/**
 * The events of a life in which every command was accepted: a history for {@link givenOf}.
 * @throws Error naming the command that was refused
 */
export function historyOf<State, Command, Event, Refusal extends { readonly code: string }>(
  decider: Decider<State, Command, Event, Refusal>,
  commands: readonly Command[],
): Event[] {
  const history: Event[] = [];
  let state = decider.initial;
  for (const [index, command] of commands.entries()) {
    const { events = [], refusal } = decider.decide(state, command);
    if (refusal !== undefined) throw new Error(`command ${index} of the history: ${refusal.code}`);
    history.push(...events);
    state = events.reduce((folded, event) => decider.evolve(folded, event), state);
  }
  return history;
}
