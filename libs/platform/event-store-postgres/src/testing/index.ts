export { openProxy, type Cut, type Proxy } from './connection-proxy.js';
export { seededChance, type Chance } from './kill-seed.js';
export { expectLogInOrder } from './log-order.js';
