import fc from 'fast-check';
import { incidentEventTypes } from '@shaoying/incident-contracts';
import { SimulatedCity, simulatedCities, StepRefused } from './index.js';

describe('simulated cities', () => {
  // A generator that never reaches a state proves nothing about it.
  const cities = fc.sample(simulatedCities(), { numRuns: 3_000, seed: 20_260_302 });
  const events = cities.flatMap((city) => city.events);

  /** What earlier releases wrote and no command writes any more: read for ever, and in the golden corpus. */
  const historical: readonly string[] = ['ReporterFlagged'];

  it('reach every type of event that is still written', () => {
    const written = incidentEventTypes.filter((type) => !historical.includes(type));
    expect(new Set(events.map((event) => event.type))).toEqual(new Set(written));
  });

  it.each([
    ['late check-ins', (data: string) => data.includes('"location":null') && data.includes('"late":true')],
    ['disputed check-ins', (data: string) => data.includes('"disputed":true')],
    ['implied acknowledgments', (data: string) => data.includes('"implied":true')],
    ['whistles at three departments', (data: string) => data.split('"role":').length === 4],
    ['unsolved feedback', (data: string) => data.includes('"solved":"UNSOLVED"')],
    ['imported cases', (data: string) => data.includes('"imported":true')],
    ['incidents outside any estate', (data: string) => data.includes('"estateId":null')],
  ])('hold %s', (_name, holds) => {
    expect(events.filter((event) => holds(JSON.stringify(event.data))).length).toBeGreaterThan(5);
  });

  it('hold what was learnt later than it was so', () => {
    expect(events.filter((event) => event.occurredAt < event.recordedAt).length).toBeGreaterThan(50);
  });

  it('refuse a script that the decider refuses', () => {
    expect(() => new SimulatedCity().report('inc').close('inc')).toThrow(StepRefused);
  });

  it('give the same log for the same steps', () => {
    const life = (): string =>
      JSON.stringify(new SimulatedCity().report('inc').whistle('inc', ['dept-1']).events);
    expect(life()).toEqual(life());
  });
});
