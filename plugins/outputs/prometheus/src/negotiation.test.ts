import { expect, test } from 'vitest'
import { OPENMETRICS, TEXT } from './format.ts'
import { acceptsGzip, chooseFormat } from './negotiation.ts'

const PROMETHEUS_2 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
const PROMETHEUS_2_8 = 'application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'

test.each([
  ['Prometheus 2', PROMETHEUS_2, OPENMETRICS],
  ['Prometheus 2.8, which knows an older OpenMetrics only', PROMETHEUS_2_8, TEXT],
  ['Prometheus 3', PROMETHEUS_3, OPENMETRICS],
  ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', TEXT],
  ['curl', '*/*', TEXT],
  ['no header', null, TEXT],
  ['an empty header', '', TEXT],
  ['OpenMetrics of any version', 'application/openmetrics-text', OPENMETRICS],
  ['OpenMetrics before anything', 'application/openmetrics-text, */*', OPENMETRICS],
  ['application of any kind', 'application/*, text/*;q=0.9', OPENMETRICS],
  ['text liked better', 'application/openmetrics-text;version=1.0.0;q=0.4,text/plain;q=0.5', TEXT],
  ['both alike', 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4', TEXT],
  ['text refused', 'text/plain;q=0, */*', OPENMETRICS],
  ['OpenMetrics refused', 'application/openmetrics-text;q=0, */*', TEXT],
  ['neither', 'application/json', TEXT],
  ['both refused', '*/*;q=0', TEXT],
  [
    'capitals, spaces and quotes',
    'Application/OpenMetrics-Text ; Version="1.0.0" ; Q=0.9 , text/plain ; q=0.5',
    OPENMETRICS,
  ],
  ['a q that is no number', 'application/openmetrics-text;q=high, text/plain;q=0.1', TEXT],
])('%s gets what it asks for', (_, accept, format) => {
  expect(chooseFormat(accept)).toBe(format)
})

test.each([
  ['gzip', true],
  ['GZIP', true],
  ['deflate, gzip;q=1.0, *;q=0.5', true],
  ['*', true],
  ['br, *;q=0.1', true],
  ['gzip;q=0', false],
  ['gzip;q=0, *', false],
  ['identity, gzip;q=0.5', false],
  ['identity', false],
  ['br', false],
  ['', false],
  [null, false],
])('Accept-Encoding %j: gzip is %s', (header, expected) => {
  expect(acceptsGzip(header)).toBe(expected)
})
