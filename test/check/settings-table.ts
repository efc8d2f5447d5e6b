/** The README's table of settings, made from the schema. `npm run docs` writes it; a test compares. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settingsSchema } from '../../shared/schema/settings-schema.ts'

const README = join(import.meta.dirname, '../../README.md')
const BEGIN = '<!-- settings: made by "npm run docs" -->\n'
const END = '<!-- end of settings -->'

/** Set by the platform, not by a person. */
const NOT_FOR_PEOPLE = new Set(['K_SERVICE'])

export function settingsTable(): string {
  const lines = Object.entries(settingsSchema.shape)
    .filter(([name]) => !NOT_FOR_PEOPLE.has(name))
    .map(([name, schema]) => {
      const fallback = schema.safeParse(undefined)
      const value = fallback.success && fallback.data !== undefined ? `\`${fallback.data}\`` : '–'
      return `| \`${name}\` | ${value} | ${schema.description} |`
    })
  return ['| setting | default | meaning |', '|---|---|---|', ...lines, ''].join('\n')
}

/** The README as it is, and as it should be. */
export function readme(): { present: string; wanted: string } {
  const present = readFileSync(README, 'utf8')
  const start = present.indexOf(BEGIN) + BEGIN.length
  const end = present.indexOf(END)
  if (end < start) throw new Error('README.md has lost the markers of its settings table')
  return { present, wanted: present.slice(0, start) + settingsTable() + present.slice(end) }
}

if (process.argv.includes('--write')) writeFileSync(README, readme().wanted)
