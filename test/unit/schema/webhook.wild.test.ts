import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readWebhook, redactWebhook } from '../../../shared/schema/webhook.ts'

/** Payloads seen in the wild; their licences keep them out of this repository. */
const folder = join(import.meta.dirname, '../../../../shared/fixtures/gitlab')
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
const EVENT_STATUSES = ['pending', 'running', 'success', 'failed', 'canceled']

type Body = Record<string, unknown> & { builds?: { id: number; name: string; status: string }[] }

/** The jobs that a body tells of, worked out from its own words. */
function jobsOf(body: Body): unknown[] {
  if (body.object_kind === 'pipeline') {
    const project = body.project as { id?: number }
    if (project?.id === undefined) return []
    return (body.builds ?? [])
      .filter(({ status }) => EVENT_STATUSES.includes(status))
      .map(({ id, name }) => ({ jobId: id, projectId: project.id, jobName: name }))
  }
  const isJob =
    body.object_kind === 'build' &&
    EVENT_STATUSES.includes(body.build_status as string) &&
    body.project_id !== undefined &&
    body.build_name !== undefined
  return isJob ? [{ jobId: body.build_id, projectId: body.project_id, jobName: body.build_name }] : []
}

describe('payloads seen in the wild', () => {
  test('are there', ({ skip }) => {
    if (files.length === 0) skip(`There is no folder ${folder}.`)
    expect(files.length).toBeGreaterThan(50)
  })

  test.each(files)('%s is read', (name) => {
    const body = JSON.parse(readFileSync(join(folder, name), 'utf8'))
    const readings = readWebhook(body)
    const witnesses = readings.flatMap((reading) => (reading.status === 'witness' ? [reading.witness] : []))
    expect(witnesses).toMatchObject(jobsOf(body))
    // Names are not looked for: a personal project has its owner's name in its path.
    const personal = [body.user?.email, body.user_email, body.commit?.author_email, body.commit?.message]
    const kept = JSON.stringify([
      readings,
      redactWebhook(body),
      readings.map((reading) => reading.status !== 'ignored' && reading.kept()),
    ])
    for (const text of personal) {
      // A message of one letter is part of anything.
      if (typeof text === 'string' && text.trim().length > 5) expect(kept).not.toContain(text.trim())
    }
  })
})
