// What is deployed as the functions' code: one file of JavaScript. From the sources Node would strip the types of a
// hundred files and look for three hundred, half a second of CPU before an instance answers (docs/performance.md, "cold
// start"). It stands where paths from shared/runtime lead to the same files.
export default {
  input: 'functions/index.ts',
  platform: 'node',
  // What is loaded at first use stays a package, and so does the framework, whose registry of functions there is once.
  external: [
    '@google-cloud/functions-framework',
    '@google-cloud/bigquery',
    '@google-cloud/pubsub',
    '@google-cloud/storage',
    'jose',
    'pino-pretty',
  ],
  output: { file: 'shared/bundle/index.js', codeSplitting: false },
}
