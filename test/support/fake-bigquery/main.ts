/** The fake as a process: `node main.ts --port 9050 --project p --location EU --streaming-buffer-ms 0`. */
import { parseArgs } from 'node:util'
import { startFakeBigquery } from './index.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    project: { type: 'string', default: 'played-project' },
    location: { type: 'string', default: 'EU' },
    'streaming-buffer-ms': { type: 'string', default: '0' },
  },
})

const { url, close } = await startFakeBigquery({
  port: Number(values.port),
  projectId: values.project,
  location: values.location,
  streamingBufferMs: Number(values['streaming-buffer-ms']),
})
console.log(url)
process.once('SIGTERM', () => void close())
