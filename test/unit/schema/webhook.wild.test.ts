import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readWebhook, redactWebhook } from '../../../shared/schema/webhook.ts'

/** Payloads seen in the wild; their licences keep them out of this repository. */
const folder = join(import.meta.dirname, '../../../../shared/fixtures/gitlab')
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
const EVENT_STATUSES = ['pending', 'running', 'success', 'failed', 'canceled']

describe('payloads seen in the wild', () => {
  test('are there', ({ skip }) => {
    if (files.length === 0) skip(`There is no folder ${folder}.`)
    expect(files.length).toBeGreaterThan(50)
  })

  test.each(files)('%s is read', (name) => {
    const body = JSON.parse(readFileSync(join(folder, name), 'utf8'))
    const reading = readWebhook(body)
    const isJob =
      body.object_kind === 'build' &&
      EVENT_STATUSES.includes(body.build_status) &&
      body.project_id !== undefined &&
      body.build_name !== undefined
    if (isJob) {
      expect(reading).toMatchObject({
        status: 'witness',
        witness: { jobId: body.build_id, projectId: body.project_id, jobName: body.build_name },
      })
    } else {
      expect(reading.status).not.toBe('witness')
    }
    // Names are not looked for: a personal project has its owner's name in its path.
    const personal = [body.user?.email, body.user_email, body.commit?.author_email, body.commit?.message]
    const kept = JSON.stringify([reading, redactWebhook(body)])
    for (const text of personal) {
      // A message of one letter is part of anything.
      if (typeof text === 'string' && text.trim().length > 5) expect(kept).not.toContain(text.trim())
    }
  })
})
