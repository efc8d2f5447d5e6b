import * as z from 'zod'
import { id, jobName, text } from './gitlab-values.ts'
import { parseTimestamp } from './timestamp.ts'

/** A time that has to be there: how long a job waits is what it is asked for. */
const moment = z.string().transform((value, context) => {
  const at = parseTimestamp(value)
  if (at !== undefined) return at
  context.addIssue({ code: 'custom', message: 'is no time' })
  return z.NEVER
})

/** A job of `GET /projects/:id/jobs?scope[]=pending`; it does not say whether its ref is protected. */
export const apiPendingJob = z
  .object({
    id,
    name: jobName,
    status: z.string(),
    created_at: moment,
    queued_duration: z.number().min(0).nullish(),
    tag_list: z.array(text).nullish(),
  })
  .transform((job) => ({
    id: job.id,
    name: job.name,
    status: job.status,
    tags: job.tag_list ?? null,
    refProtected: null,
    createdAt: job.created_at,
    queuedSeconds: job.queued_duration ?? null,
  }))
