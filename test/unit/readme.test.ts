import { expect, test } from 'vitest'
import { readme } from '../check/settings-table.ts'

test('the settings table of the README is what the schema says (npm run docs writes it)', () => {
  const { present, wanted } = readme()
  expect(present).toBe(wanted)
})
