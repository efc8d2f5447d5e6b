/** multipart/related, as an upload sends it: a JSON part that describes the object, and its bytes. */
import { Refusal } from './objects.ts'

const BETWEEN = Buffer.from('\r\n\r\n')

export function partsOf(
  body: Buffer,
  contentType: string,
): { description: unknown; bytes: Buffer; type: string | undefined } {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1]
  if (boundary === undefined) throw new Refusal(400, 'badRequest', 'Missing boundary of multipart/related.')
  const delimiter = Buffer.from(`--${boundary}`)
  const starts: number[] = []
  for (let at = body.indexOf(delimiter); at >= 0; at = body.indexOf(delimiter, at + 1)) starts.push(at)
  const parts = starts.slice(0, -1).map((start, index) => {
    const part = body.subarray(start + delimiter.length + 2, (starts[index + 1] as number) - 2)
    const end = part.indexOf(BETWEEN)
    const type = /^content-type:\s*(.+)$/im.exec(part.subarray(0, end).toString())?.[1]?.trim()
    return { type, content: part.subarray(end + BETWEEN.length) }
  })
  const isClosed =
    starts.length > 0 &&
    body
      .subarray((starts.at(-1) as number) + delimiter.length)
      .toString()
      .startsWith('--')
  const [first, second] = parts
  if (!isClosed || parts.length !== 2 || first === undefined || second === undefined)
    throw new Refusal(400, 'badRequest', 'A multipart upload has two parts.')
  return {
    description: JSON.parse(first.content.toString()),
    bytes: Buffer.from(second.content),
    type: second.type,
  }
}
