import { Controller, Get, Query, Req, Res, UseInterceptors } from '@nestjs/common';
import { ApiBearerAuth, ApiTags, IntersectionType } from '@nestjs/swagger';
import { CatalogueProposals, type CatalogueProposal } from '@shaoying/audit';
import { isPosition } from '@shaoying/event-store';
import { decodeCursor, encodeCursor, PageQuery, pageTableOf, TableQuery, type Page } from '@shaoying/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { CatalogueProposalsAnswer } from './answers.dto.js';
import { DirectoryHasRead } from './directory-has-read.js';
import { proposalColumns, type ShownProposal } from './event-tables.js';
import { TellsTable } from './tells-table.js';

class ProposalsQuery extends IntersectionType(PageQuery, TableQuery) {}

const isPlace = (value: unknown): value is string => typeof value === 'string' && isPosition(value);

/** For whoever keeps the dispatch catalogue: what arbitration has shown to be missing in it. */
@ApiTags('jurisdiction')
@ApiBearerAuth()
@Controller('v1')
@UseInterceptors(DirectoryHasRead)
export class CatalogueProposalsController {
  constructor(
    private readonly proposals: CatalogueProposals,
    private readonly platform: Platform,
  ) {}

  @TellsTable(
    'Entries of the dispatch catalogue 派单目录 that arbitration has proposed, oldest first, and whether they are adopted',
    { type: CatalogueProposalsAnswer, columns: proposalColumns, isPage: true },
  )
  @Get('catalogue-proposals')
  async list(
    @Req() request: FastifyRequest,
    @Query() query: ProposalsQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<ShownProposal> | string> {
    const after = decodeCursor(query.cursor, isPlace) ?? null;
    const { items, next } = await this.proposals.read(after, query.limit);
    const told: Page<ShownProposal> = {
      items: items.map((proposal) => this.shown(proposal)),
      nextCursor: next === null ? null : encodeCursor(next),
    };
    return pageTableOf(request, reply, query, told, (page) => page.items, proposalColumns);
  }

  private shown(proposal: CatalogueProposal): ShownProposal {
    const { category, areaId, departmentId } = proposal;
    const areas = areaId === null ? [] : [areaId];
    const named = this.platform.directory.responsible(category, areas)?.departmentId ?? null;
    return { ...proposal, catalogueDepartmentId: named, adopted: named === departmentId };
  }
}
