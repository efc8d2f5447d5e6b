# What is deployed: one function for what scales alike and has the same rights. Their routes are in routes.tf.
#
# With less than 1 vCPU Cloud Run takes one request at a time, so concurrency above 1 has a whole one. Cloud Run may
# exceed `max_instances` for a moment, and two revisions overlap in a deployment: it bounds costs, it locks nothing.

locals {
  services = {
    # 0.4 ms of CPU and some 30 ms of waiting for Pub/Sub a webhook: 80 at once fill a vCPU. Ten instances take some
    # 20,000 a second; GitLab retries what is refused.
    ingest = {
      is_public       = true
      cpu             = "1"
      memory          = "512Mi"
      concurrency     = 80
      min_instances   = 0
      max_instances   = 10
      timeout_seconds = 30
    }

    # Awaits no I/O: concurrency is only for those that arrive together. A job waits for the answer, so it may be worth
    # keeping one ready.
    recommend = {
      is_public       = true
      cpu             = "1"
      memory          = "512Mi"
      concurrency     = 80
      min_instances   = var.recommend_min_instances
      max_instances   = 10
      timeout_seconds = 10
    }

    # One reset at a time. `admin_members` puts IAM before the admin token.
    admin = {
      is_public       = true
      cpu             = "1"
      memory          = "1Gi"
      concurrency     = 1
      min_instances   = 0
      max_instances   = 1
      timeout_seconds = 540
    }

    # One function a shard. All finishes that arrive within a second share one write of the object, so they must meet
    # in one instance: 1,000 is the most that Cloud Run gives. A second instance would halve what an object takes.
    learn = {
      is_public       = false
      cpu             = "1"
      memory          = "1Gi"
      concurrency     = 1000
      min_instances   = 0
      max_instances   = 1
      timeout_seconds = 300
    }

    # Reads the state it keeps in memory and writes rows: waits for BigQuery most of its time.
    shadow = {
      is_public       = false
      cpu             = "1"
      memory          = "512Mi"
      concurrency     = 80
      min_instances   = 0
      max_instances   = 10
      timeout_seconds = 60
    }

    # As shadow. Quarantine's bound is counted in the table, so fewer instances overshoot it by less.
    record = {
      is_public       = false
      cpu             = "1"
      memory          = "512Mi"
      concurrency     = 80
      min_instances   = 0
      max_instances   = 4
      timeout_seconds = 60
    }

    # Long work, one tick an instance; the daily and hourly ones may meet. Folding the whole log needs the memory. Half
    # an hour is the longest that Cloud Scheduler waits.
    ticks = {
      is_public       = false
      cpu             = "1"
      memory          = "2Gi"
      concurrency     = 1
      min_instances   = 0
      max_instances   = 3
      timeout_seconds = 1800
    }
  }

  # By the name of the function: learn stands once for each shard.
  functions = merge(
    { for name, service in local.services : name => merge(service, { service = name }) if name != "learn" },
    { for name in local.learners : name => merge(local.services.learn, { service = "learn" }) },
  )

  # Of one shard it is called learn, of several learn-0, learn-1 ….
  learners = var.state_shards == 1 ? ["learn"] : [for shard in range(var.state_shards) : "learn-${shard}"]

  # Which settings from Secret Manager a service may read; it is given those that are in use.
  secret_readers = {
    ingest    = ["GITLAB_WEBHOOK_TOKEN", "GITLAB_WEBHOOK_SIGNING_TOKEN", "RUNNER_BANDIT_API_TOKEN", "GITLAB_API_TOKEN"]
    recommend = ["RUNNER_BANDIT_API_TOKEN"]
    admin     = ["RUNNER_BANDIT_ADMIN_TOKEN"]
    learn     = []
    shadow    = ["GITLAB_API_TOKEN"]
    record    = []
    ticks     = ["GITLAB_API_TOKEN"]
  }
  secrets = {
    for service, names in local.secret_readers :
    service => [for name in names : name if contains(var.secrets_in_use, name)]
  }
}
