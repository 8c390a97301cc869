export { apiKeyIndex, apiKeyPage, type ApiKeyPlace } from './api-key-index.js';
export * from './api-key-uses.js';
export * from './api-key.errors.js';
export { apiKeyCatalogue, type ApiKeyEvent, type ApiKeyEventType } from './api-key.events.js';
export * from './api-key.roles.js';
export { stateOf as apiKeyStateOf, type ApiKey, type ApiKeyStep } from './api-key.state.js';
export { API_KEYS_IN_TEXT } from './api-key.text.js';
export * from './api-keys.js';
