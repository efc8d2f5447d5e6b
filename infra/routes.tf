# Which path, topic or schedule calls which function: functions/routes.ts, said in Terraform. A test holds the two equal.

locals {
  # HTTP: path → service. They share one address when `domain` is set (gateway.tf).
  paths = {
    "/"                = "recommend"
    "/recommend"       = "recommend"
    "/stats"           = "recommend"
    "/explain"         = "recommend"
    "/availability"    = "recommend"
    "/health"          = "recommend"
    "/webhooks/gitlab" = "ingest"
    "/update"          = "ingest"
    "/report"          = "ingest"
    "/reset"           = "admin"
  }

  # Rows that Pub/Sub writes itself: route → topic and table.
  writes = {
    record-events      = { topic = "job-events", table = "job_events" }
    record-choice-sets = { topic = "choice-sets", table = "choice_sets" }
  }

  # Messages that are pushed to a function: route → topic, kinds of event (none named: all messages) and service.
  pushes = {
    shadow            = { topic = "job-events", kinds = ["job.started", "job.finished"], service = "shadow" }
    record-quarantine = { topic = "quarantine", kinds = [], service = "record" }
    record-journal    = { topic = "journal", kinds = [], service = "record" }
  }

  # Finishes, one subscription a shard; by `learn_driver` they are pushed, or a tick takes them.
  learn = { topic = "job-events", kinds = ["job.finished"], service = "learn" }

  # Work by the clock, in UTC: route → schedule and service. Not on the hour, when everybody's work begins.
  ticks = {
    retain             = { schedule = "23 3 * * *", service = "ticks" }
    check-state        = { schedule = "53 3 * * *", service = "ticks" }
    check-routing      = { schedule = "13 * * * *", service = "ticks" }
    check-availability = { schedule = "*/2 * * * *", service = "ticks" }
    reconcile          = { schedule = "37 * * * *", service = "ticks" }
  }
  learn_tick = { route = "learn-batch", schedule = "* * * * *", service = "learn" }

  # What a redrive gives back is for the subscription that gave up on it, and for no other.
  own_redrives = {
    for name in concat(keys(local.writes), keys(local.pushes), local.learners) :
    name => "(NOT attributes:redrive_for OR attributes.redrive_for = \"${name}\")"
  }
  of_kinds = {
    for name, route in merge(local.pushes, { learn = local.learn }) :
    name => [for kind in route.kinds : "attributes.type = \"${kind}\""]
  }

  # By the name of the subscription. Exactly one of `table` and `function` is set; `is_pushed` is false of what is pulled.
  subscriptions = merge(
    {
      for name, route in local.writes : name => {
        topic     = route.topic
        filter    = local.own_redrives[name]
        table     = route.table
        function  = null
        route     = name
        is_pushed = false
      }
    },
    {
      for name, route in local.pushes : name => {
        topic = route.topic
        filter = join(" AND ", concat(
          length(route.kinds) == 0 ? [] : ["(${join(" OR ", local.of_kinds[name])})"],
          [local.own_redrives[name]],
        ))
        table     = null
        function  = route.service
        route     = name
        is_pushed = true
      }
    },
    {
      for shard, name in local.learners : name => {
        topic = local.learn.topic
        filter = join(" AND ", concat(
          local.of_kinds.learn,
          var.state_shards == 1 ? [] : ["attributes.shard = \"${shard}\""],
          [local.own_redrives[name]],
        ))
        table     = null
        function  = name
        route     = "learn"
        is_pushed = var.learn_driver == "push"
      }
    },
  )

  # By the name of the schedule.
  schedules = merge(
    { for name, tick in local.ticks : name => { schedule = tick.schedule, function = tick.service, path = "/ticks/${name}" } },
    var.learn_driver == "push" ? {} : {
      for shard, name in local.learners : (var.state_shards == 1 ? local.learn_tick.route : "${local.learn_tick.route}-${shard}") => {
        schedule = local.learn_tick.schedule
        function = name
        path     = "/ticks/${local.learn_tick.route}/${shard}"
      }
    },
  )
}
