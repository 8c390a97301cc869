import { Injectable } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { receiptHashOf } from '@shaoying/incident-application';
import type { IncidentView } from '@shaoying/incident-read-models';
import { Platform } from '../platform.js';
import { FindByReceipt } from '../queries/queries.js';
import { Refused } from './refused.js';

/** For the read model to reach what was recorded before a receipt code was asked for. */
const receiptWaitMsMax = 2_000;

/** The one incident that a receipt code belongs to, for every door that takes one in its address. */
@Injectable()
export class ReportsByReceipt {
  constructor(
    private readonly queries: QueryBus,
    private readonly platform: Platform,
  ) {}

  /**
   * People type their code in at once and know nothing of positions: a code not there yet is looked for once more.
   * @throws Refused RECEIPT_NOT_FOUND
   */
  async find(receiptCode: string): Promise<IncidentView> {
    const receiptHash = receiptHashOf(receiptCode);
    const find = (): Promise<IncidentView | null> => this.queries.execute(new FindByReceipt(receiptHash));
    const view = await find();
    if (view !== null) return view;
    const head = await this.platform.stores.log.head();
    await this.platform.gate.waitFor('incident-board', head, receiptWaitMsMax);
    const later = await find();
    if (later === null) throw new Refused('RECEIPT_NOT_FOUND');
    return later;
  }
}
