const { default: Sequencer } = require('@jest/test-sequencer');

/** Specs by what they start: a server takes minutes, a database half of one, the rest seconds. */
const kinds = ['.e2e.spec.ts', '.int.spec.ts'];
const rankOf = ({ path }) => {
  const rank = kinds.findIndex((kind) => path.endsWith(kind));
  return rank < 0 ? kinds.length : rank;
};

/**
 * The long ones first. A fresh clone knows of no durations, and Jest then goes by the size of the files: a short file that
 * runs a long contract came last, and one worker waited for the other.
 */
module.exports = class extends Sequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((a, b) => rankOf(a) - rankOf(b));
  }
};
