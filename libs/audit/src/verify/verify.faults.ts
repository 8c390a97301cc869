/** How a log, or what is said about it, does not fit. Stable: scripts read them. */
export const FAULT_CODES = [
  /** The event is not the one that was signed. */
  'ALTERED',
  /** It stands where another was. */
  'MOVED',
  /** It and its successor have changed places. */
  'SWAPPED',
  /** One that was signed before it is gone. */
  'REMOVED',
  /** It was not there when its place was signed. */
  'INSERTED',
  /** The log ends before what was signed. */
  'TRUNCATED',
  /** Among the events between two checkpoints at least one is not what was signed; nothing tells which. */
  'CONTRADICTS_CHECKPOINT',
  /** A signature of a key that is trusted does not fit its checkpoint. */
  'FORGED_SIGNATURE',
  /** No key that is trusted has signed the checkpoint. */
  'UNKNOWN_KEY',
  'MALFORMED_CHECKPOINT',
  /** It covers fewer events than the one before. */
  'CHECKPOINT_GOES_BACK',
  /** The log fits what was signed, the tree's own tables do not. */
  'TREE_DIFFERS',
  /** No stored event can have such bytes. */
  'MALFORMED_LEAF',
  /** Of an export: not the line that its format asks for. */
  'MALFORMED_LINE',
] as const;
export type FaultCode = (typeof FAULT_CODES)[number];

/** An event, as far as it can be told. */
export interface FaultyEvent {
  readonly index: number;
  /** Null where the log has no such event, and in files without positions. */
  readonly position: string | null;
  readonly streamId: string | null;
  readonly revision: number | null;
  readonly eventId: string | null;
  readonly type: string | null;
}

/** The first that does not fit. */
export interface Fault {
  readonly code: FaultCode;
  /** In a sentence. */
  readonly message: string;
  /** Of `CONTRADICTS_CHECKPOINT` the first event in question; of a checkpoint the event that it is, null for one from outside. */
  readonly event: FaultyEvent | null;
  /** The checkpoint that shows it. */
  readonly checkpoint: { readonly size: number; readonly where: string } | null;
}
