/** The thread that plays the demo's days: each message asks for the next one. */
import { parentPort, workerData } from 'node:worker_threads'
import { demoDay } from './days.ts'

const PART = 400

let index = 0
parentPort?.on('message', () => {
  const { webhooks, ...rest } = demoDay(workerData, index)
  index += 1
  for (let from = 0; from < webhooks.length; from += PART) {
    parentPort?.postMessage(webhooks.slice(from, from + PART))
  }
  parentPort?.postMessage(rest)
})
