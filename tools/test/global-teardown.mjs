// After the last spec: stops what global-setup.mjs started. It ran in this same process.
export default async function tearDown() {
  await globalThis.shaoyingTearDown?.();
}
