import { StartPatience } from './start-patience.js';

const minutesMs = (minutes: number): number => minutes * 60_000;

describe('the patience with a server that starts', () => {
  let nowMs: number;
  const patience = (): StartPatience => new StartPatience(minutesMs(2), minutesMs(30), () => nowMs);
  beforeEach(() => {
    nowMs = 0;
  });

  test('ends at the deadline with one that says nothing', () => {
    const waiting = patience();
    nowMs = minutesMs(2);
    expect(waiting.isOver).toBe(false);
    nowMs += 1;
    expect(waiting.isOver).toBe(true);
  });

  test('does not end with the first other word of one that has been recovering beyond the deadline', () => {
    const waiting = patience();
    for (nowMs = 0; nowMs <= minutesMs(10); nowMs += 1_000) waiting.heardRecovering();
    nowMs += minutesMs(0.5);
    expect(waiting.isOver).toBe(false);
    nowMs += minutesMs(1);
    expect(waiting.isOver).toBe(true);
  });

  test('ends half an hour after it began, whatever is said', () => {
    const waiting = patience();
    for (nowMs = 0; nowMs <= minutesMs(30); nowMs += 1_000) waiting.heardRecovering();
    expect(waiting.isOver).toBe(true);
  });
});
