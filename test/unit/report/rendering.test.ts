/** The report as a page, as Markdown and as text. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assembled } from '../../../shared/report/assemble.ts'
import { htmlOf } from '../../../shared/report/html.ts'
import { markdownOf } from '../../../shared/report/markdown.ts'
import { reportOf } from '../../../shared/report/report-of.ts'
import { terminalText } from '../../../shared/report/text.ts'
import { madeAnswers } from '../../support/evaluation-answers.ts'

const made = assembled(madeAnswers())
const EVIL = '<img src=x onerror=alert(1)>"\'&|`*_\u001b[31m\u202e\n# x'

/** Everything that has a name in the log is called so. */
function named(name: string) {
  const answers = madeAnswers()
  return assembled({
    ...answers,
    job_keys: answers.job_keys.map((row) => ({ ...row, job_key: name })),
    arms: answers.arms.map((row) => ({ ...row, arm: name })),
    drift: answers.drift.map((row) => ({ ...row, arm: name })),
    checks: answers.checks.map((row) => ({ ...row, status: 'failed', example: name })),
  })
}

/** Tags that are opened and not closed; undefined when they nest rightly. */
function unclosed(html: string): string | undefined {
  const open: string[] = []
  const tags = html.replace(/<style>[\s\S]*?<\/style>/, '').matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g)
  for (const [, slash, tag = '', selfClosed] of tags) {
    if (['meta', 'img', 'br'].includes(tag) || selfClosed === '/') continue
    if (slash === '') open.push(tag)
    else if (open.pop() !== tag) return `</${tag}>`
  }
  return open.pop()
}

describe('the page', () => {
  const html = htmlOf(reportOf(made))

  test('says the verdict, by every estimator, with the biased one labelled and the truth beside', () => {
    expect(html).toContain('<p class="title">It pays.</p>\n<p>Had every job gone where thompson said')
    for (const title of ['SWITCH-DR', 'SNIPS', 'naive match (biased)', 'truth', 'p (Holm)'])
      expect(html).toContain(title)
    expect(html).toContain('covers the truth')
  })

  test('needs no network and runs nothing', () => {
    expect(html).not.toMatch(/<script|<link|<iframe|<img|@import|url\(|\bon\w+=|javascript:/i)
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:/)
    expect(html).toContain("default-src 'none'")
  })

  test('is well-formed, has no hole in its numbers, and is for screens, the dark and paper', () => {
    expect(unclosed(html)).toBeUndefined()
    expect(html).not.toMatch(/NaN|undefined|Infinity|\[object/)
    expect(html).toContain('@media print')
    expect(html).toContain('prefers-color-scheme:dark')
  })

  test('is the same for the same answers', () => {
    expect(htmlOf(reportOf(assembled(madeAnswers())))).toBe(html)
  })

  test('turns no name of a runner or job into markup', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constant(EVIL), fc.string({ unit: 'binary', maxLength: 40 })), (name) => {
        const page = htmlOf(reportOf(named(name)))
        expect(unclosed(page)).toBeUndefined()
        expect(page).not.toMatch(/<img|\p{Bidi_Control}/u)
      }),
      { numRuns: 8 },
    )
  })
})

describe('the Markdown', () => {
  test('has tables whose rows all have the cells of their head, whatever runners are called', () => {
    const markdown = markdownOf(reportOf(named(EVIL)))
    const cellsOf = (line: string) => line.replaceAll(/\\./g, '').split('|').length
    const tables = markdown.split('\n\n').filter((part) => part.startsWith('| '))
    expect(tables.length).toBeGreaterThan(8)
    for (const lines of tables.map((part) => part.trim().split('\n')))
      expect(new Set(lines.map(cellsOf)).size, lines.join('\n')).toBe(1)
    // Between backticks it is code.
    expect(markdown.replaceAll(/`[^`\n]*`/g, '')).not.toMatch(/(?<!\\)<img/)
  })

  test('has no plots, and the same sections as the page', () => {
    const report = reportOf(made)
    const markdown = markdownOf(report)
    expect(markdown).not.toContain('svg')
    const headings = report.blocks.flatMap((block) => (block.kind === 'heading' ? [`## ${block.text}`] : []))
    expect(markdown.split('\n').filter((line) => line.startsWith('## '))).toEqual(headings)
  })
})

describe('the text', () => {
  test('begins with the verdict, and has lines for a terminal', () => {
    const text = terminalText(made)
    expect(text).toMatch(/^It pays\. Had every job gone where thompson said/)
    expect(text).toContain('runner-bandit evaluate --html')
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  })

  test('never steers the terminal', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there.
    expect(terminalText(named(EVIL))).not.toMatch(/[\u0000-\u0009\u000b-\u001f]|\p{Bidi_Control}/u)
  })
})

describe('frozen, re-scored and impossible picks', () => {
  test('are told apart', () => {
    const text = JSON.stringify(reportOf(made))
    expect(text).toContain('frozen as recorded')
    expect(text).toContain('Re-scored: picked now')
    expect(text).toContain('could not have run the job is worth 0')
  })
})

test('the band over time is explained where it is drawn, and missed where it is not', () => {
  const answers = madeAnswers()
  expect(JSON.stringify(reportOf(made))).toContain('There is no anytime-valid band')
  const question = { ...answers.question, propensities: 'recorded' as const }
  const recorded = JSON.stringify(reportOf(assembled({ ...answers, question })))
  expect(recorded).toContain('The band is of IPS')
  expect(recorded).not.toContain('There is no anytime-valid band')
})

test('an empty log makes a report that says what is missing', () => {
  const answers = madeAnswers()
  const nothing = assembled({
    ...answers,
    log: {
      ...answers.log,
      decided_jobs: 0,
      evaluated_jobs: 0,
      pipelines: 0,
      exclusions: [],
      feasible_sizes: [],
      first_decided_at: null,
      last_decided_at: null,
    },
    checks: [],
    propensities: [],
    calibration: [],
    values: [],
    comparisons: [],
    other_values: [],
    other_comparisons: [],
    curve: [],
    support: [],
    weights: [],
    job_keys: [],
    arms: [],
    drift: [],
    truth: [],
  })
  const html = htmlOf(reportOf(nothing))
  expect(nothing.verdict).toMatchObject({ kind: 'no_verdict', more_jobs: 120 })
  expect(html).toContain('No verdict on thompson: the log has no jobs')
  expect(html).not.toContain('<svg')
  expect(unclosed(html)).toBeUndefined()
  expect(terminalText(nothing)).toContain('runner-bandit backfill')
})
