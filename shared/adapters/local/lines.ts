const LINE_FEED = 0x0a

/** Splits at line feeds alone: JSON may hold any other line separator as it is, and bytes are kept as they are. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let started: Buffer[] = []
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      yield Buffer.concat([...started, chunk.subarray(start, end)])
      started = []
      start = end + 1
    }
    started.push(chunk.subarray(start))
  }
  yield Buffer.concat(started)
}
