export { send, type Answer, type Attempt, type Orders, type Utterance } from './append-attempt.js';
export { AppendLoad, type AppendLoadOptions, Follower, placeOf, wholeLog } from './append-load.js';
export { seededChance, type Chance } from './kill-seed.js';
export { expectLogInOrder, expectNothingLost, expectSameEvents } from './log-order.js';
