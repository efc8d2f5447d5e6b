/** The table of triggers: which path or topic calls which function, on one machine and in the cloud alike. */
import { LOG_WRITER } from '../shared/runtime/event-log.ts'
import type { Route } from '../shared/runtime/handler.ts'
import { health } from './health.ts'
import { home } from './home.ts'
import { ingest } from './ingest.ts'
import { learn } from './learn.ts'
import { recommend } from './recommend.ts'
import { record } from './record.ts'
import { shadow } from './shadow.ts'
import { stats } from './stats.ts'

export const routes: readonly Route[] = [
  { name: 'home', trigger: { path: '/', methods: ['GET'] }, handle: home },
  { name: 'ingest', trigger: { path: '/webhooks/gitlab', methods: ['POST'] }, handle: ingest },
  { name: 'recommend', trigger: { path: '/recommend', methods: ['GET', 'POST'] }, handle: recommend },
  { name: 'stats', trigger: { path: '/stats', methods: ['GET'] }, handle: stats },
  { name: 'health', trigger: { path: '/health', methods: ['GET'] }, handle: health },
  { name: LOG_WRITER, trigger: { topic: 'job-events' }, handle: record('job_events') },
  { name: 'learn', trigger: { topic: 'job-events' }, handle: learn },
  { name: 'shadow', trigger: { topic: 'job-events' }, handle: shadow },
  { name: 'record-quarantine', trigger: { topic: 'quarantine' }, handle: record('quarantine') },
  {
    name: 'record-recommendations',
    trigger: { topic: 'recommendations' },
    handle: record('recommendations'),
  },
]
