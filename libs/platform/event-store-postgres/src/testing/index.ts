export { openProxy, type Cut, type Proxy } from './connection-proxy.js';
