import { Controller, Get, Query, UseInterceptors } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { CatalogueProposals, type CatalogueProposal } from '@shaoying/audit';
import { isPosition } from '@shaoying/event-store';
import { decodeCursor, encodeCursor, PageQuery, type Page } from '@shaoying/http';
import { Platform } from '../platform.js';
import { CatalogueProposalsAnswer, Tells } from './answers.dto.js';
import { DirectoryHasRead } from './directory-has-read.js';

/** With what the catalogue in force says by now. */
interface ShownProposal extends CatalogueProposal {
  /** Whom the catalogue names for the category in the area; null for nobody. */
  readonly catalogueDepartmentId: string | null;
  /** Whether it names the department that was decided for. */
  readonly adopted: boolean;
}

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

  @Tells(
    'Entries of the dispatch catalogue 派单目录 that arbitration has proposed, oldest first, and whether they are adopted',
    CatalogueProposalsAnswer,
  )
  @Get('catalogue-proposals')
  async list(@Query() { limit, cursor }: PageQuery): Promise<Page<ShownProposal>> {
    const { items, next } = await this.proposals.read(decodeCursor(cursor, isPlace) ?? null, limit);
    return {
      items: items.map((proposal) => this.shown(proposal)),
      nextCursor: next === null ? null : encodeCursor(next),
    };
  }

  private shown(proposal: CatalogueProposal): ShownProposal {
    const { category, areaId, departmentId } = proposal;
    const areas = areaId === null ? [] : [areaId];
    const named = this.platform.directory.responsible(category, areas)?.departmentId ?? null;
    return { ...proposal, catalogueDepartmentId: named, adopted: named === departmentId };
  }
}
