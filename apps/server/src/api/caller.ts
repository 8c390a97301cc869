import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { principalOf, type Principal } from '@shaoying/identity';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Who sends a command, and the two ends of the call. */
export interface CommandCaller {
  readonly request: FastifyRequest;
  /** For headers; what the method returns is still the answer. */
  readonly reply: FastifyReply;
  readonly principal: Principal;
}

export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext): CommandCaller => {
  const http = context.switchToHttp();
  const request = http.getRequest<FastifyRequest & Parameters<typeof principalOf>[0]>();
  return { request, reply: http.getResponse<FastifyReply>(), principal: principalOf(request) };
});
