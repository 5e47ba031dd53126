import type { Report } from './report.ts'

/** A run as shields.io reads it from an endpoint: what was left out stands on it, and costs it the brightest colour. */
export function badge(report: Report): string {
  const { profile, counts, conforms } = report
  const { passed, mustFailed, shouldFailed, mustNotTried, shouldNotTried, skipped } = counts
  const notTried = mustNotTried + shouldNotTried
  const left = [notTried > 0 && `${notTried} not tried`, skipped > 0 && `${skipped} skipped`]
  const verdict = conforms ? `${passed}/${passed + shouldFailed}` : `${mustFailed} failed`
  const isWhole = shouldFailed + notTried + skipped === 0
  return `${JSON.stringify({
    schemaVersion: 1,
    label: `smart-gateway conformance (${profile}${mustNotTried > 0 && profile === 'full' ? ', in part' : ''})`,
    message: [verdict, ...left.filter((one) => one !== false)].join(', '),
    color: !conforms ? 'red' : isWhole ? 'brightgreen' : mustNotTried === 0 ? 'green' : 'yellowgreen',
  })}\n`
}
