import { count } from './report.ts'
import type { Report } from './report.ts'

/** A run as shields.io reads it from an endpoint. */
export function badge(report: Report): string {
  const passed = count(report, 'passed')
  const ran = passed + count(report, 'failed')
  return `${JSON.stringify({
    schemaVersion: 1,
    label: `smart-gateway conformance (${report.profile})`,
    message: report.conforms ? `${passed}/${ran}` : `${count(report, 'failed', 'must')} failed`,
    color: report.conforms ? (passed === ran ? 'brightgreen' : 'green') : 'red',
  })}\n`
}
