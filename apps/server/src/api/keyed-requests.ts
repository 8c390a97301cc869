import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { CommandsInProgress, keyedCommand } from '@shaoying/http';
import type { LeaseCommand } from '@shaoying/subscriptions';
import type { CommandCaller } from './caller.js';

/** Of a route whose effect is not in the log, and is remembered for a day all the same. */
export const TakesKey = (): MethodDecorator & ClassDecorator =>
  applyDecorators(
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'Same key, same body: the first answer again, for a day',
    }),
  );

/**
 * Requests with an `Idempotency-Key` whose effect is not in the log: of the same one a process carries out one at a time, and an answer
 * that is the first one's is marked so.
 */
export class KeyedRequests {
  private readonly running = new CommandsInProgress();

  /** @param act without a command where the request has no key @throws RequestRefused, CommandInProgress, and what `act` throws */
  async run<Answer extends { readonly replayed?: boolean }>(
    { request, reply, principal }: Pick<CommandCaller, 'request' | 'reply' | 'principal'>,
    act: (command: LeaseCommand | undefined) => Promise<Answer>,
  ): Promise<Answer> {
    const command = keyedCommand(request, principal);
    const answer = await (command === undefined
      ? act(undefined)
      : this.running.run(command.commandId, () => act(command)));
    if (answer.replayed === true) void reply.header('Idempotency-Replayed', 'true');
    return answer;
  }
}
