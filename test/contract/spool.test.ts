import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openLocalSpool } from '../../shared/adapters/local/spool.ts'
import { InvalidInputError, TransientError } from '../../shared/errors.ts'
import type { SpooledEntries } from '../../shared/ports.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const inFolder = () => join(temporaryFolder(), 'spool')
async function all(spooled: SpooledEntries): Promise<unknown[]> {
  const entries: unknown[] = []
  for await (const entry of spooled.entries()) entries.push(entry)
  return entries
}

/** The one file that is there, as a crash may leave it. */
const fileIn = (folder: string) => join(folder, readdirSync(folder)[0] as string)

test('keeps entries by name and in order, also for the next process', async () => {
  const folder = inFolder()
  const spool = openLocalSpool(folder)
  const one = await spool.open('backfill/gitlab.com/1')
  const other = await spool.open('backfill/gitlab.com/2')
  await one.append({ page: 1, text: 'one\u2028two\nthree' })
  await other.append('of another')
  await one.append({ page: 2 })
  const expected = [{ page: 1, text: 'one\u2028two\nthree' }, { page: 2 }]
  expect(await all(one)).toEqual(expected)
  expect(await all(await openLocalSpool(folder).open('backfill/gitlab.com/1'))).toEqual(expected)
  expect(await all(other)).toEqual(['of another'])
})

test('is empty before the first entry, and after it was cleared', async () => {
  const folder = inFolder()
  const entries = await openLocalSpool(folder).open('a')
  expect(await all(entries)).toEqual([])
  await entries.clear()
  await entries.append(1)
  await entries.clear()
  expect(await all(entries)).toEqual([])
  expect(readdirSync(folder)).toEqual([])
  await entries.append(2)
  expect(await all(entries)).toEqual([2])
})

test('whatever a crash cut off the end, the whole entries before it are there, and more can follow', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.string(),
          fc.nat({ max: 2 }).map((length) => 'x'.repeat(65_530 + 3 * length)),
        ),
        { maxLength: 3 },
      ),
      fc.string({ minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (whole, last, share) => {
        const folder = inFolder()
        const before = await openLocalSpool(folder).open('a')
        for (const entry of whole) await before.append(entry)
        const kept = whole.length === 0 ? 0 : statSync(fileIn(folder)).size
        await before.append(last)
        const bytes = readFileSync(fileIn(folder))
        const cut = kept + Math.floor(share * (bytes.length - kept - 1))
        writeFileSync(fileIn(folder), bytes.subarray(0, cut))

        const after = await openLocalSpool(folder).open('a')
        expect(await all(after)).toEqual(whole)
        await after.append('next')
        expect(await all(after)).toEqual([...whole, 'next'])
      },
    ),
    { numRuns: 20 },
  )
})

test('a name is open once at a time', async () => {
  const spool = openLocalSpool(inFolder())
  const entries = await spool.open('a')
  await expect(spool.open('a')).rejects.toThrow(TransientError)
  await entries.close()
  await (await spool.open('a')).close()
})

test('what cannot be understood is said with the name of the file', async () => {
  const folder = inFolder()
  const spool = openLocalSpool(folder)
  const entries = await spool.open('a')
  await entries.append(1)
  appendFileSync(fileIn(folder), 'not json\n')
  const error = await all(entries).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(InvalidInputError)
  expect(String(error)).toContain(fileIn(folder))
})

test('is its owner’s alone, and stays in its folder whatever the name', async () => {
  const folder = inFolder()
  const entries = await openLocalSpool(folder).open('../../etc/passwd')
  await entries.append(1)
  expect(readdirSync(folder)).toHaveLength(1)
  expect(statSync(fileIn(folder)).mode & 0o077).toBe(0)
})
