const { TestEnvironment } = require('jest-environment-node');

/** Node's, which notes in `testsFailed` how many tests or hooks of the file have failed: what their servers logged is told then. */
module.exports = class extends TestEnvironment {
  handleTestEvent({ name, test }) {
    const failed = name === 'hook_failure' || (name === 'test_done' && test.errors.length > 0);
    if (failed) this.global.testsFailed = (this.global.testsFailed ?? 0) + 1;
  }
};
