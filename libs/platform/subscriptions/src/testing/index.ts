export { InMemoryFeedSource } from './in-memory-feed.js';
export { type ServerSentEvent, SseClient } from './sse-client.js';
