import { expect, test } from 'vitest'
import { notification } from '../test/events.ts'
import { identityOf, labelsOf, textsOf } from './labels.ts'

test('labels come through as they are; a name and a severity are added only where there is none', () => {
  const came = { alertname: 'collectd_load', instance: 'host-1', severity: 'WARNING', service: 'collectd' }
  expect(labelsOf(notification('', { labels: came }))).toEqual(came)
  const trait = { resource_id: '7', alertname: '', severity: null }
  expect(labelsOf(notification('', { index: 'ceilometer_image', severity: 'info', labels: trait }))).toEqual({
    alertname: 'ceilometer_image',
    severity: 'info',
    resource_id: '7',
  })
})

test('an empty label is left out, as Alertmanager leaves it out; an empty annotation stays', () => {
  const labels = { alertname: 'a', severity: 'OKAY', instance: '' }
  expect(labelsOf(notification('', { labels }))).toEqual({ alertname: 'a', severity: 'OKAY' })
  expect(textsOf({ summary: '' })).toEqual({ summary: '' })
})

test('what is no text becomes text, every digit kept; null is left out', () => {
  const fields = {
    size: 12_716_032,
    load: 0.5,
    big: 18_446_744_073_709_551_615n,
    on: true,
    none: null,
    list: [1, 'a'],
    ves: { domain: 'fault', sequence: 9_223_372_036_854_775_808n },
  }
  expect(textsOf(fields)).toEqual({
    size: '12716032',
    load: '0.5',
    big: '18446744073709551615',
    on: 'true',
    list: '[1,"a"]',
    ves: '{"domain":"fault","sequence":9223372036854775808}',
  })
})

test('half a surrogate pair, which is no UTF-8, is replaced', () => {
  expect(textsOf({ a: 'x\ud800y', b: ['\udc00'] })).toEqual({ a: 'x\ufffdy', b: String.raw`["\udc00"]` })
})

test('forbidden characters in a name become _, a leading digit gets one before it', () => {
  const fields = { 'image.name': 'a', 'os-type': 'b', '1st': 'c', '': 'd', é: 'e', '💥': 'f' }
  expect(textsOf(fields)).toEqual({ image_name: 'a', os_type: 'b', _1st: 'c', _: 'd', __2: 'e', __3: 'f' })
})

test('of names that come out equal the valid one keeps its own, whatever the order', () => {
  const expected = { a_b: 'valid', a_b_2: 'dash', a_b_3: 'dot' }
  expect(textsOf({ 'a.b': 'dot', 'a-b': 'dash', a_b: 'valid' })).toEqual(expected)
  expect(textsOf({ a_b: 'valid', 'a-b': 'dash', 'a.b': 'dot' })).toEqual(expected)
})

test('twenty thousand names that come out equal are told apart at once', { timeout: 2000 }, () => {
  const names = Array.from({ length: 20_000 }, (_, i) => String.fromCodePoint(0x1_0000 + i))
  const texts = textsOf(Object.fromEntries(names.map((name) => [name, 'x'])))
  expect([Object.keys(texts).length, '_' in texts, '__20000' in texts]).toEqual([20_000, true, true])
})

test('a label that is called like the prototype is a label', () => {
  const labels = JSON.parse('{"__proto__":"x","alertname":"a","severity":"OKAY"}') as Record<string, unknown>
  expect(JSON.stringify(labelsOf(notification('', { labels })))).toContain('"__proto__":"x"')
})

test('all severities of one thing have one identity, two things have two', () => {
  const of = (labels: Record<string, string>) => identityOf(labelsOf(notification('', { labels })))
  expect(of({ alertname: 'a', b: 'c', severity: 'OKAY' })).toBe(of({ severity: 'X', b: 'c', alertname: 'a' }))
  expect(of({ alertname: 'a', b: 'c' })).not.toBe(of({ alertname: 'a', b: 'd' }))
})
