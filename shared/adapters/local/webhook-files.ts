/** Webhook bodies in files: one JSON document each, or NDJSON with one a line; folders are walked. */
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { InvalidInputError } from '../../errors.ts'
import type { WebhookFile, WebhookFiles } from '../../ports.ts'
import { linesOf } from './lines.ts'

const EXTENSIONS = new Set(['.json', '.ndjson', '.jsonl'])
const LINES = new Set(['.ndjson', '.jsonl'])
const CARRIAGE_RETURN = 0x0d

export const localWebhookFiles: WebhookFiles = {
  async *read(paths) {
    for (const path of paths) {
      if ((await kindOf(path)) === 'file') yield* bodiesIn(path)
      else for (const file of await filesBelow(path)) yield* bodiesIn(file)
    }
  },
}

async function kindOf(path: string): Promise<'file' | 'folder'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file'
  } catch (cause) {
    throw new InvalidInputError(`${path} cannot be read: there is no such file or folder`, { cause })
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && EXTENSIONS.has(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

async function* bodiesIn(path: string): AsyncIterable<WebhookFile> {
  if (!LINES.has(extname(path))) {
    yield { name: path, bytes: bodyOf(await readFile(path)) }
    return
  }
  let number = 0
  for await (const line of linesOf(createReadStream(path))) {
    number += 1
    const body = line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line
    if (body.toString().trim() !== '') yield { name: `${path}:${number}`, bytes: bodyOf(body) }
  }
}

/** The body itself, or the one inside `{headers, body}`, as the bytes that GitLab would have sent. */
function bodyOf(bytes: Buffer): Uint8Array {
  try {
    const { headers, body } = JSON.parse(bytes.toString('utf8'))
    if (headers === undefined || body === undefined) return bytes
    return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  } catch {
    // Not JSON, or null: the intake says so of the bytes themselves.
    return bytes
  }
}
