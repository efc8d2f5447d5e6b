import { describe, expect, test } from 'vitest'
import { isListed, readCiJob } from '../../../shared/schema/ci-job.ts'
import { jobClaims } from '../../support/played-issuer.ts'

const claims = (overrides = {}) => jobClaims({ url: 'https://gitlab.example.com' }, 0, overrides)
/** A merge request of the fork someone/app, run in the project group/app. */
const ofFork = {
  project_id: '900',
  project_path: 'someone/app',
  job_project_id: '42',
  job_project_path: 'group/app',
}

test('a job is where its claims say that it runs', () => {
  expect(readCiJob(claims())).toEqual({
    projectId: '101',
    projectPath: 'example/backoffice',
    jobId: '7001',
    pipelineId: '501',
    runnerId: '2',
    refProtected: true,
    projects: [
      { id: '101', path: 'example/backoffice' },
      { id: '101', path: 'example/backoffice' },
    ],
  })
  expect(readCiJob(claims(ofFork))).toMatchObject({
    projectId: '42',
    projectPath: 'group/app',
    jobId: '7001',
  })
  expect(readCiJob(claims({ runner_id: null }))).toMatchObject({ runnerId: null })
  expect(readCiJob(claims({ ref_protected: 'false' }))).toMatchObject({ refProtected: false })
  expect(readCiJob(claims({ ref_protected: undefined }))).toMatchObject({ refProtected: null })
})

test.each([
  ['of a person who signed in', { job_id: undefined, project_id: undefined }],
  ['without a job', { job_id: undefined }],
  ['with an empty job', { job_id: '' }],
  ['with a job that is no id', { job_id: '7001 ' }],
  ['without a pipeline', { pipeline_id: undefined }],
  ['with an empty path', { project_path: '' }],
  ['with a list for an id', { project_id: ['101'] }],
])('a token %s is of no job', (_name, change) => {
  expect(readCiJob(claims(change))).toBeUndefined()
})

describe('a list of projects', () => {
  const isOn = (list: string[], change = {}) => {
    const job = readCiJob(claims({ project_id: '42', project_path: 'group/sub/app', ...change }))
    return job !== undefined && isListed(job, list)
  }

  test.each([['42'], ['group/sub/app'], ['Group/Sub/App'], ['group/*'], ['group/sub/*'], ['GROUP/*']])(
    'names group/sub/app, 42, by %s',
    (entry) => {
      expect(isOn(['7', entry])).toBe(true)
    },
  )

  test.each([
    ['4'],
    ['420'],
    ['group'],
    ['group/sub'],
    ['group/sub/ap'],
    ['sub/app'],
    ['group/app/*'],
    ['grou/*'],
    ['group/sub/app/*'],
    ['*'],
    ['.*/.*'],
  ])('does not by %s', (entry) => {
    expect(isOn([entry])).toBe(false)
  })

  test('that is empty names nobody', () => {
    expect(isOn([])).toBe(false)
  })

  test('does not take a group for another that begins alike', () => {
    expect(isOn(['group/*'], { project_path: 'group-of-others/app' })).toBe(false)
  })

  test('has to name the project of the code and the one where it runs', () => {
    expect(isOn(['group/*'], ofFork)).toBe(false)
    expect(isOn(['someone/app'], ofFork)).toBe(false)
    expect(isOn(['group/*', 'someone/app'], ofFork)).toBe(true)
  })
})
