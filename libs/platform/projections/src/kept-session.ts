import type { Session } from './session.js';

/**
 * A session that is kept from one question to the next, for those that come again and again: opening one takes a dozen
 * round trips, each of which waits for its turn in a process that is busy, and PostgreSQL a process of its own.
 */
export class KeptSession {
  private idle: Session | null = null;
  private closed = false;

  constructor(private readonly open: () => Promise<Session>) {}

  /** Whoever asks while another question is under way has a session of their own: that one may hang. */
  async ask<T>(question: (session: Session) => Promise<T>): Promise<T> {
    const session = this.taken() ?? (await this.open());
    try {
      const answer = await question(session);
      await this.giveBack(session);
      return answer;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** For good. */
  async close(): Promise<void> {
    this.closed = true;
    await this.taken()?.close();
  }

  private taken(): Session | null {
    const { idle } = this;
    this.idle = null;
    return idle?.lost.aborted ? null : idle;
  }

  private async giveBack(session: Session): Promise<void> {
    if (this.idle === null && !this.closed) this.idle = session;
    else await session.close();
  }
}
