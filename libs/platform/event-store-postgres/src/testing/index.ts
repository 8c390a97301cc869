export { openProxy, type Proxy } from './connection-proxy.js';
