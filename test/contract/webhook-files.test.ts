import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { localWebhookFiles } from '../../shared/adapters/local/webhook-files.ts'
import { InvalidInputError } from '../../shared/errors.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** A folder with these files, and what is read from it: bodies by name, in order. */
function folderOf(files: Record<string, string | Uint8Array>) {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return {
    folder,
    async read(...names: string[]) {
      const bodies: [name: string, body: string][] = []
      const paths = names.length === 0 ? [folder] : names.map((name) => join(folder, name))
      for await (const { name, bytes } of localWebhookFiles.read(paths)) {
        bodies.push([name.slice(folder.length + 1), Buffer.from(bytes).toString()])
      }
      return bodies
    },
  }
}

test('reads a body from each JSON file, byte for byte', async () => {
  const body = '{ "object_kind":  "build",\r\n "name": "Läufer" }\n'
  expect(await folderOf({ 'one.json': body }).read('one.json')).toEqual([['one.json', body]])
})

test('reads a body from each line, and names the line', async () => {
  const { read } = folderOf({ 'some.ndjson': '{"a":1}\n\n  \n{"a":2}\r\n{"a":3}', 'more.jsonl': '{"a":4}\n' })
  expect(await read('some.ndjson', 'more.jsonl')).toEqual([
    ['some.ndjson:1', '{"a":1}'],
    ['some.ndjson:4', '{"a":2}'],
    ['some.ndjson:5', '{"a":3}'],
    ['more.jsonl:1', '{"a":4}'],
  ])
})

test('takes nothing but a line feed for the end of a line', async () => {
  const line = JSON.stringify({ name: 'one\u2028two\u2029three\u0085' })
  expect(await folderOf({ 'some.ndjson': `${line}\n${line}\n` }).read()).toEqual([
    ['some.ndjson:1', line],
    ['some.ndjson:2', line],
  ])
})

test('reads lines longer than a page of the disk, and many of them', async () => {
  const lines = Array.from({ length: 300 }, (_, index) =>
    JSON.stringify({ index, text: 'ä'.repeat(index * 10) }),
  )
  const long = JSON.stringify('x'.repeat(300_000))
  const bodies = await folderOf({ 'some.ndjson': [...lines, long, '{}'].join('\n') }).read()
  expect(bodies.map(([, body]) => body)).toEqual([...lines, long, '{}'])
})

test('keeps bytes that are not UTF-8 as they are, for the intake to judge', async () => {
  const bytes = Uint8Array.from([0x22, 0xff, 0xfe, 0x22])
  const { folder } = folderOf({ 'one.json': bytes, 'some.ndjson': bytes })
  const read: Uint8Array[] = []
  for await (const file of localWebhookFiles.read([folder])) read.push(Uint8Array.from(file.bytes))
  expect(read).toEqual([bytes, bytes])
})

test('takes the body out of what was recorded with its headers', async () => {
  const { read } = folderOf({
    '1.json': JSON.stringify({ headers: { 'x-gitlab-event': 'Job Hook' }, body: { build_id: 1 } }),
    '2.json': JSON.stringify({ headers: {}, body: '{"build_id":  2}' }),
    '3.ndjson': JSON.stringify({ headers: {}, body: { build_id: 3 } }),
    '4.json': JSON.stringify({ headers: {}, build_id: 4 }),
  })
  expect((await read()).map(([, body]) => body)).toEqual([
    '{"build_id":1}',
    '{"build_id":  2}',
    '{"build_id":3}',
    '{"headers":{},"build_id":4}',
  ])
})

test.each(['', 'no JSON', 'null', '[]', '"text"', '5'])('passes %j on as it is', async (content) => {
  expect(await folderOf({ 'one.json': content }).read()).toEqual([['one.json', content]])
})

test('walks folders in the order of names, and leaves other files', async () => {
  const { read } = folderOf({
    'b/2.json': '2',
    'b/1.json': '1',
    'a/deep/er.ndjson': '3\n4',
    'c.jsonl': '5',
    'readme.md': 'no',
    'b/.json': 'no',
    'b/1.json.bak': 'no',
  })
  expect((await read()).map(([name]) => name)).toEqual([
    'a/deep/er.ndjson:1',
    'a/deep/er.ndjson:2',
    'b/1.json',
    'b/2.json',
    'c.jsonl:1',
  ])
})

test('reads paths in the order given, and a file of any name when it is named', async () => {
  const { read } = folderOf({ 'z.json': '1', 'a/b.json': '2', 'hook.txt': '3' })
  expect((await read('z.json', 'a', 'hook.txt')).map(([name]) => name)).toEqual([
    'z.json',
    'a/b.json',
    'hook.txt',
  ])
})

test('reads nothing from an empty folder', async () => {
  expect(await folderOf({}).read()).toEqual([])
})

test('refuses a path that is not there, by its name', async () => {
  const { folder, read } = folderOf({ 'one.json': '1' })
  await expect(read('one.json', 'nowhere')).rejects.toThrow(
    new InvalidInputError(`${folder}/nowhere cannot be read: there is no such file or folder`),
  )
})
