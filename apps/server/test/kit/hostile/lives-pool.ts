import type { City } from '../city.js';
import { live, stages, type Life, type Stage } from '../lives.js';

/** As many of each stage at first, made a few at a time. */
const perStage = 4;
const makersAtFirst = 6;
/** Beside the fuzzing: so many at once, wherever there are fewer than this. */
const makers = 3;
const freshMin = 2;

/** A busy server may say 503, and another request may get in between. */
const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));

/** Incidents in every stage. Those that a request has moved on are replaced beside the fuzzing. */
export class LivesPool {
  private readonly fresh = new Map<Stage, Life[]>();
  private readonly used = new Map<Stage, Life[]>();
  /** How many incidents it has taken. */
  made = 0;
  private readonly inMaking = new Map<Stage, number>();
  private stopped = false;
  private refilling: Promise<unknown> = Promise.resolve();

  private constructor(private readonly city: City) {}

  static async of(city: City): Promise<LivesPool> {
    const pool = new LivesPool(city);
    const wanted = stages.flatMap((stage) => Array.from({ length: perStage }, () => stage));
    const maker = async (): Promise<void> => {
      for (let stage = wanted.shift(); stage !== undefined; stage = wanted.shift()) await pool.make(stage);
    };
    await Promise.all(Array.from({ length: makersAtFirst }, maker));
    pool.refilling = Promise.all(Array.from({ length: makers }, () => pool.refill()));
    return pool;
  }

  /** One that is still in its stage, where there is one. */
  take(stage: Stage, nth: number): Life {
    const lives = [...(this.fresh.get(stage) ?? []), ...(this.used.get(stage) ?? []).slice(-1)];
    const life = lives[nth % lives.length];
    if (life === undefined) throw new Error(`there is no incident in ${stage}`);
    return life;
  }

  spent(stage: Stage, life: Life): void {
    const fresh = this.fresh.get(stage) ?? [];
    if (!fresh.includes(life)) return;
    this.fresh.set(
      stage,
      fresh.filter((other) => other !== life),
    );
    this.used.set(stage, [life]);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.refilling;
  }

  private async refill(): Promise<void> {
    while (!this.stopped) {
      const [poorest] = stages.toSorted((a, b) => this.left(a) - this.left(b));
      if (poorest !== undefined && this.left(poorest) < freshMin) await this.make(poorest).catch(later);
      else await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private left(stage: Stage): number {
    return (this.fresh.get(stage)?.length ?? 0) + (this.inMaking.get(stage) ?? 0);
  }

  private async make(stage: Stage): Promise<void> {
    this.made += 1;
    this.inMaking.set(stage, (this.inMaking.get(stage) ?? 0) + 1);
    try {
      const life = await live(this.city, stage);
      this.fresh.set(stage, [...(this.fresh.get(stage) ?? []), life]);
    } finally {
      this.inMaking.set(stage, (this.inMaking.get(stage) ?? 0) - 1);
    }
  }
}
