// What the conformance suite cannot know: options with which the filter does something to its batches. Metrics are named conformance_value
// and conformance_level there.
/** @type {import('@smart-gateway/conformance').Author} */
export default {
  options: { drop: ['conformance_level'] },
}
