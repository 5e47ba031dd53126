import { expect, test } from 'vitest'
import { indexName } from './index-name.ts'

test.for([
  ['collectd_interface_if', 'collectd_interface_if'],
  ['sglogs-host.2021.05.06', 'sglogs-host.2021.05.06'],
  ['sglogs-../../etc.2021.05.06', 'sglogs-.._.._etc.2021.05.06'],
  ['Sglogs-HOST', 'sglogs-host'],
  ['a b\tc\nd\0e', 'a_b_c_d_e'],
  ['a\\b/c*d?e"f<g>h|i,j#k:l', 'a_b_c_d_e_f_g_h_i_j_k_l'],
  ['<logs-{now/d}>', 'logs-{now_d}_'],
  ['-_+.kibana', 'kibana'],
  ['..', 'unnamed'],
  ['', 'unnamed'],
  ['überschall', 'überschall'],
  ['a\ud800b', 'a_b'],
] as const)('%j becomes %j', ([given, name]) => {
  expect(indexName(given)).toBe(name)
})

test('a name is cut to 255 bytes between characters', () => {
  expect(indexName('x'.repeat(300))).toBe('x'.repeat(255))
  expect(indexName('ü'.repeat(300))).toBe('ü'.repeat(127))
  expect(Buffer.byteLength(indexName(`a${'😀'.repeat(300)}`))).toBe(253)
})
