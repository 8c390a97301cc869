/** What a supervising process and its child say to each other over Node's channel between them. */
export type ToChild =
  | { readonly kind: 'begin'; readonly task: unknown }
  | { readonly kind: 'ask'; readonly id: number; readonly question: string }
  | { readonly kind: 'stop' };

export type ToParent =
  | { readonly kind: 'ready' }
  /** It could not begin, and why in one line for a person. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** Undefined where there was no answer. */
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown };
