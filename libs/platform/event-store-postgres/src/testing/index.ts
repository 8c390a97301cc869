export { send, type Answer, type Attempt, type Orders, type Utterance } from './append-attempt.js';
export { AppendLoad, type AppendLoadOptions, Follower, placeOf, wholeLog } from './append-load.js';
export { openProxy, type Cut, type Proxy } from './connection-proxy.js';
export { seededChance, type Chance } from './kill-seed.js';
export { expectLogInOrder, expectNothingLost, expectSameEvents } from './log-order.js';
export { until } from './patience.js';
