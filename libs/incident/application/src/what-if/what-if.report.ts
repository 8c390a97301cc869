import type { Difference } from './differences.js';
import type { Judged, OnTimeMetric } from './on-time.js';
import type { SimulatedIncident } from './simulated-incident.js';

/** A number in both worlds. */
export interface InBothWorlds {
  recorded: number;
  simulated: number;
  difference: number;
}

/** A rate in one world. */
export interface Rate {
  readonly numerator: number;
  readonly denominator: number;
  /** Null where the denominator is 0. */
  readonly value: number | null;
}

export interface RateRow {
  readonly metric: OnTimeMetric;
  /** A department; of closing a street. Null gathers what has none. */
  readonly key: string | null;
  readonly recorded: Rate;
  readonly simulated: Rate;
}

export interface WhatIfReport {
  readonly incidents: number;
  readonly events: number;
  /** Incidents about which something would have been otherwise. */
  readonly incidentsAffected: number;
  /** By timer. */
  readonly breaches: Readonly<Record<string, InBothWorlds>>;
  readonly reminders: Readonly<Record<string, InBothWorlds>>;
  /** By level. */
  readonly supervisionOrders: Readonly<Record<string, InBothWorlds>>;
  readonly onTime: readonly RateRow[];
  readonly differences: number;
  readonly byCause: { readonly RULES: number; readonly CLOCK: number };
  /** Deadlines that stayed as recorded, by why. */
  readonly kept: { readonly NOT_BY_RULE: number; readonly IMPORTED: number };
  readonly text: { readonly zh: string; readonly en: string };
}

/** What such a report can say, and what it cannot. */
export const WHAT_IT_SAYS = {
  zh:
    '本报告把统计期内立案或吹哨的事件按另一套规则重算一遍：签收、报到、办结、退回、延期、挂账等人的行为一律保留记录中的时刻，只重算时限、' +
    '催办提醒、超期与督办。它不表明换了规则人们会有不同的做法。已批准的延期保留批准的时长；督办令的答复只对确曾下达的督办令计算；' +
    '督办升级所引起的升级与裁定保留原状；旧规则未启动的计时不会凭空产生。计时器按准点计算；凡因当时计时器迟响造成的差异，标为 CLOCK。',
  en:
    'Incidents that were filed or whistled for in the window, counted again under other rules. What people did (acknowledging, ' +
    'checking in, completing, returning, extending, suspending) stays at its recorded instant; only due times, reminders, breaches and ' +
    'orders are computed anew. It does not say that anybody would have acted otherwise. Extensions keep the time that was granted; ' +
    'answers are looked at only for orders that were really issued; what a step of a ladder brought beside its order (a higher level, an ' +
    'arbitration) stays as it was; a timer that was never started is not made up. The clock is taken to be never late: what differs ' +
    'only because the recorded one was is marked CLOCK.',
} as const;

class Tally {
  readonly counts = new Map<string, InBothWorlds>();

  merge(counts: ReadonlyMap<string, InBothWorlds>): void {
    for (const [key, { recorded, simulated }] of counts) {
      this.add(key, 'recorded', recorded);
      this.add(key, 'simulated', simulated);
    }
  }

  add(key: string, world: 'recorded' | 'simulated', amount = 1): void {
    const count = this.counts.get(key) ?? { recorded: 0, simulated: 0, difference: 0 };
    count[world] += amount;
    count.difference = count.simulated - count.recorded;
    this.counts.set(key, count);
  }

  told(): Record<string, InBothWorlds> {
    return Object.fromEntries([...this.counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

interface Weights {
  numerator: number;
  denominator: number;
}

interface RateTally {
  readonly metric: OnTimeMetric;
  readonly key: string | null;
  readonly recorded: Weights;
  readonly simulated: Weights;
}

/** What has been added up, as plain data: a thread can hand it to another. */
export interface Tallied {
  readonly breaches: ReadonlyMap<string, InBothWorlds>;
  readonly reminders: ReadonlyMap<string, InBothWorlds>;
  readonly orders: ReadonlyMap<string, InBothWorlds>;
  readonly rates: ReadonlyMap<string, RateTally>;
  readonly byCause: WhatIfReport['byCause'];
  readonly kept: WhatIfReport['kept'];
  readonly incidents: number;
  readonly events: number;
  readonly affected: number;
  readonly differences: number;
}

/** Adds up what simulated incidents came to. Holds numbers only, however many incidents there are. */
export class WhatIfTotals {
  private readonly breaches = new Tally();
  private readonly reminders = new Tally();
  private readonly orders = new Tally();
  private readonly rates = new Map<string, RateTally>();
  private readonly byCause = { RULES: 0, CLOCK: 0 };
  private readonly kept = { NOT_BY_RULE: 0, IMPORTED: 0 };
  private incidents = 0;
  private events = 0;
  private affected = 0;
  private differences = 0;

  add(incident: SimulatedIncident, events: number): void {
    this.incidents += 1;
    this.events += events;
    if (incident.differences.length > 0) this.affected += 1;
    for (const { cause } of incident.differences as readonly Difference[]) {
      this.differences += 1;
      this.byCause[cause] += 1;
    }
    for (const world of ['recorded', 'simulated'] as const) {
      for (const { timer, breachedDue, reminders } of incident[world].deadlines.values()) {
        if (breachedDue !== null) this.breaches.add(timer, world);
        if (reminders > 0) this.reminders.add(timer, world, reminders);
      }
      for (const { level } of incident[world].orders.values()) this.orders.add(level, world);
    }
    for (const judged of incident.judgedRecorded) this.rate(judged, 'recorded');
    for (const judged of incident.judgedSimulated) this.rate(judged, 'simulated');
    for (const why of incident.kept.values()) this.kept[why] += 1;
  }

  /** Everything so far. */
  tallied(): Tallied {
    const { incidents, events, affected, differences, rates, byCause, kept } = this;
    const [breaches, reminders, orders] = [this.breaches.counts, this.reminders.counts, this.orders.counts];
    return {
      ...{ breaches, reminders, orders, rates, byCause, kept },
      incidents,
      events,
      affected,
      differences,
    };
  }

  /** Adds what was added up elsewhere. Whatever is merged first, the sum is the same. */
  merge(other: Tallied): void {
    this.breaches.merge(other.breaches);
    this.reminders.merge(other.reminders);
    this.orders.merge(other.orders);
    for (const { metric, key, recorded, simulated } of other.rates.values()) {
      this.weigh({ metric, key }, 'recorded', recorded);
      this.weigh({ metric, key }, 'simulated', simulated);
    }
    for (const cause of ['RULES', 'CLOCK'] as const) this.byCause[cause] += other.byCause[cause];
    for (const why of ['NOT_BY_RULE', 'IMPORTED'] as const) this.kept[why] += other.kept[why];
    this.incidents += other.incidents;
    this.events += other.events;
    this.affected += other.affected;
    this.differences += other.differences;
  }

  private rate({ metric, key, counts, good }: Judged, world: 'recorded' | 'simulated'): void {
    this.weigh({ metric, key }, world, { numerator: Number(good), denominator: Number(counts) });
  }

  private weigh(
    { metric, key }: Pick<RateTally, 'metric' | 'key'>,
    world: 'recorded' | 'simulated',
    { numerator, denominator }: Weights,
  ): void {
    const name = `${metric} ${key}`;
    const tally = this.rates.get(name) ?? {
      ...{ metric, key },
      recorded: { numerator: 0, denominator: 0 },
      simulated: { numerator: 0, denominator: 0 },
    };
    tally[world].denominator += denominator;
    tally[world].numerator += numerator;
    this.rates.set(name, tally);
  }

  report(): WhatIfReport {
    const { incidents, events, affected: incidentsAffected, differences } = this;
    return {
      ...{ incidents, events, incidentsAffected },
      ...{ breaches: this.breaches.told(), reminders: this.reminders.told() },
      supervisionOrders: this.orders.told(),
      onTime: [...this.rates.values()]
        .map(({ metric, key, recorded, simulated }) => ({
          ...{ metric, key, recorded: rateOf(recorded), simulated: rateOf(simulated) },
        }))
        .sort((a, b) => nameOf(a).localeCompare(nameOf(b), 'en')),
      ...{ differences, byCause: { ...this.byCause }, kept: { ...this.kept } },
      text: WHAT_IT_SAYS,
    };
  }
}

const nameOf = ({ metric, key }: RateRow): string => `${metric} ${key ?? ''}`;

const rateOf = ({ numerator, denominator }: Weights): Rate => ({
  ...{ numerator, denominator, value: denominator === 0 ? null : numerator / denominator },
});
