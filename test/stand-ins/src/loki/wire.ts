import protobuf from 'protobufjs'

/** A message type by field number: its wire type, and what is inside when it is a message itself. */
export type WireType = ReadonlyMap<
  number,
  { readonly wire: 0 | 2; readonly name: string; readonly inner?: WireType }
>

/**
 * Walks over a message and throws on what Go's decoder refuses and protobufjs overlooks: a known field of another
 * wire type, a tag of field 0. Fields that the type does not know are passed over, as in Loki.
 */
export function checkWire(bytes: Uint8Array, type: WireType): void {
  const reader = protobuf.Reader.create(bytes)
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    const number = tag >>> 3
    const wire = tag & 7
    if (number === 0) throw new Error(`illegal tag 0 (wire type ${wire})`)
    const field = type.get(number)
    if (field && field.wire !== wire) throw new Error(`wrong wireType = ${wire} for field ${field.name}`)
    if (field?.inner) checkWire(reader.bytes(), field.inner)
    else reader.skipType(wire, 0)
  }
}
