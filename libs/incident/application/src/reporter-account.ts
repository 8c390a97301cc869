import type { CommandContext } from './incident.command-service.js';

/**
 * A resident who wants no name, or who shows a receipt code for one, leaves none in the log either, not even that of the
 * account: the code says whose report it is, and a case that began without a name must not get one later.
 */
export function withoutName(context: CommandContext, nameless: boolean): CommandContext {
  return nameless && context.actor.role === 'resident'
    ? { ...context, actor: { ...context.actor, id: 'anonymous' } }
    : context;
}
