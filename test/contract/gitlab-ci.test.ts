/** The CI lint API of the adapter, against a played one. */
import { expect, test } from 'vitest'
import { openGitlab } from '../../shared/adapters/gitlab.ts'
import { InvalidInputError } from '../../shared/errors.ts'
import { playDay } from '../../shared/played-gitlab/index.ts'
import type { Log } from '../../shared/ports.ts'
import type { PlayedCi } from '../support/played-api/ci.ts'
import { API_TOKEN, READ_TOKEN, startPlayedApi } from '../support/played-api/index.ts'

const day = playDay({ seed: 3, jobs: 20, startAt: Date.UTC(2026, 9, 1) })
const PROJECT = 101
const silent: Log = { debug() {}, info() {}, warning() {}, error() {} }

const ci: PlayedCi = {
  ofRef: {
    main: { valid: true, mergedYaml: '---\nbuild:\n  script: make\n' },
    'feature/arm & co': { valid: true, mergedYaml: '---\nbuild:\n  tags: [arm]\n  script: make\n' },
    broken: { valid: false, errors: ['jobs:build config should contain a script'], mergedYaml: null },
  },
  ofContent: (content) => ({ valid: true, mergedYaml: `# merged\n${content}` }),
}

async function setUp(token = API_TOKEN) {
  const api = await startPlayedApi({ day, ci })
  const signal = new AbortController().signal
  return { api, gitlab: openGitlab({ baseUrl: api.url, token, log: silent, signal }) }
}

test("gives a project's merged configuration of the default branch", async () => {
  const { gitlab } = await setUp(READ_TOKEN)
  expect(await gitlab.ciConfig(PROJECT, {})).toEqual({
    valid: true,
    errors: [],
    mergedYaml: '---\nbuild:\n  script: make\n',
  })
})

test('gives that of another branch, whatever its name', async () => {
  const { gitlab } = await setUp()
  const { mergedYaml } = await gitlab.ciConfig(PROJECT, { ref: 'feature/arm & co' })
  expect(mergedYaml).toContain('tags: [arm]')
})

test('sends what shall be merged instead of what the branch has', async () => {
  const { gitlab, api } = await setUp()
  const { mergedYaml } = await gitlab.ciConfig(PROJECT, { content: 'test: { script: x }', ref: 'main' })
  expect(mergedYaml).toBe('# merged\ntest: { script: x }')
  expect(api.requests).toEqual(['POST /api/v4/projects/101/ci/lint'])
})

test('hands on what GitLab finds wrong, which is an answer and no error', async () => {
  const { gitlab } = await setUp()
  expect(await gitlab.ciConfig(PROJECT, { ref: 'broken' })).toEqual({
    valid: false,
    errors: ['jobs:build config should contain a script'],
    mergedYaml: null,
  })
})

test('says what a token lacks that may only read, and knows no branch that is not there', async () => {
  const { gitlab } = await setUp(READ_TOKEN)
  await expect(gitlab.ciConfig(PROJECT, { content: 'x' })).rejects.toThrow(/lacks the scope api/)
  await expect(gitlab.ciConfig(PROJECT, { ref: 'gone' })).rejects.toBeInstanceOf(InvalidInputError)
})
