import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiResponse, ApiTags } from '@nestjs/swagger';
import { isSha256, PHOTO_TYPES, UploadIntake } from '@shaoying/files';
import { CurrentPrincipal, PermittedRoles, type Principal, type Role } from '@shaoying/identity';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { ReadEvidence, type NamedEvidence } from '../queries/evidence.query.js';
import { EvidenceListAnswer, FileAnswer, headersOf, Tells } from './answers.dto.js';
import { Caller, type CommandCaller } from './caller.js';
import { reached } from './read-your-writes.js';
import { Refused } from './refused.js';
import { sentFile, shownFile, type Stored } from './sent-files.js';
import { VisibleIncidents } from './visible-incidents.js';

type ShownEvidence = Omit<NamedEvidence, 'file' | 'revealed'> & {
  readonly file: Omit<Stored, 'sha256'> | null;
};

/** Photos, found by the SHA-256 that events name as evidence. */
@ApiTags('files')
@ApiBearerAuth()
@Controller('v1')
export class FilesController {
  private readonly intake: UploadIntake;

  constructor(
    private readonly queries: QueryBus,
    private readonly platform: Platform,
    private readonly visible: VisibleIncidents,
  ) {
    this.intake = new UploadIntake({ bytesMax: platform.config.fileBytesMax });
  }

  @Tells('Send a photo; the same bytes again get the same answer, and need no key', FileAnswer, 201, [
    'Idempotency-Replayed',
  ])
  @Post('files')
  @ApiConsumes(...PHOTO_TYPES)
  @ApiBody({ schema: { type: 'string', format: 'binary' }, required: true })
  async send(@Caller() { request, reply, principal }: CommandCaller): Promise<Stored> {
    const { declared, body, bytes } = sentFile(request);
    const { id, orgUnitId } = principal;
    const { files, uploads } = this.platform;
    const { record, isNew } = await this.intake.receive(body, bytes, id, (original) =>
      files.add(original, declared, { id, orgUnitId }, () => uploads.use(id)),
    );
    if (!isNew) void reply.header('Idempotency-Replayed', 'true');
    return { sha256: record.sha256, ...shownFile(record) };
  }

  @Tells(
    'The files that events of an incident, and of those merged into it, name as evidence',
    EvidenceListAnswer,
  )
  @Get('incidents/:id/files')
  async list(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Param('id') id: string,
  ): Promise<{ items: readonly ShownEvidence[] }> {
    await reached(this.platform, 'incident-board', request);
    const { duplicates } = await this.visible.find(principal, permitted, id);
    const named = await this.queries.execute(new ReadEvidence([id, ...duplicates], null, principal));
    return {
      items: named.map(({ file, revealed: _, ...of }) => ({ ...of, file: file && shownFile(file) })),
    };
  }

  @Tells('A photo that the incident names as evidence, cleaned of everything beside its pixels')
  @Get('incidents/:id/files/:sha256')
  @ApiResponse({
    ...{ status: 200, headers: headersOf(['ETag']) },
    content: Object.fromEntries(
      PHOTO_TYPES.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]),
    ),
  })
  @ApiResponse({ status: 304, description: 'If-None-Match has it already', headers: headersOf(['ETag']) })
  async read(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Param('id') id: string,
    @Param('sha256') sha256: string,
  ): Promise<Buffer | undefined> {
    await reached(this.platform, 'incident-board', request);
    const { duplicates } = await this.visible.find(principal, permitted, id);
    const asked = new ReadEvidence([id, ...duplicates], sha256, principal);
    const named = isSha256(sha256) ? await this.queries.execute(asked) : [];
    const file = named.find((candidate) => candidate.file !== null)?.file;
    if (!file) throw new Refused(named.some(isWithheld) ? 'FILE_IS_PERSONAL' : 'FILE_NOT_FOUND');
    const etag = `"${file.content.sha256}"`;
    void reply.headers({ ...harmless, ETag: etag });
    if (request.headers['if-none-match'] === etag) {
      void reply.status(304);
      return undefined;
    }
    const content = await this.platform.files.content(file);
    const extension = file.content.mediaType.slice('image/'.length);
    void reply.headers({
      'Content-Type': file.content.mediaType,
      'Content-Disposition': `attachment; filename="${sha256}.${extension}"`,
    });
    return content;
  }
}

/** Whatever a browser makes of what somebody sent: it is saved, runs nothing, and is in nobody else's cache. */
const harmless = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Cache-Control': 'private, no-cache',
} as const;

const isWithheld = ({ personal, revealed }: NamedEvidence): boolean => personal && !revealed;
