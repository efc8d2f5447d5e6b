/** CRC-32C (Castagnoli), as Cloud Storage gives it: base64 of the four bytes, big end first. */
const REVERSED_POLYNOMIAL = 0x82f63b78

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte
  for (let bit = 0; bit < 8; bit += 1)
    remainder = remainder & 1 ? (remainder >>> 1) ^ REVERSED_POLYNOMIAL : remainder >>> 1
  return remainder
})

export function crc32c(bytes: Uint8Array): string {
  let remainder = 0xffffffff
  for (const byte of bytes) remainder = (TABLE[(remainder ^ byte) & 0xff] as number) ^ (remainder >>> 8)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(~remainder >>> 0)
  return sum.toString('base64')
}
