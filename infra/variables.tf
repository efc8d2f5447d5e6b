variable "project" {
  description = "Id of the project that everything stands in."
  type        = string
}

variable "region" {
  description = "Region of the functions, buckets and tables. Prices in `runner-bandit cost` are of a tier 1 region."
  type        = string
  default     = "europe-west1"
}

variable "name" {
  description = "What names of functions, accounts and buckets begin with."
  type        = string
  default     = "runner-bandit"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,17}$", var.name))
    error_message = "3 to 18 small letters, digits and hyphens: <name>-recommend is the id of an account, 28 at most."
  }
}

variable "source_object" {
  description = "Name of the archive in the source bucket to deploy; the name of an older one rolls back."
  type        = string
}

variable "gitlab_url" {
  description = "The GitLab instance whose jobs these are. Part of the identity of every event: never change it."
  type        = string
  default     = "https://gitlab.com"
}

variable "learn_driver" {
  description = "How finishes reach the state: `push` (within a second, to some 600 a second and shard) or `pull` (once a minute, thousands a second)."
  type        = string
  default     = "push"

  validation {
    condition     = contains(["push", "pull"], var.learn_driver)
    error_message = "push or pull."
  }
}

variable "state_shards" {
  description = "Objects that the state is split into, each with one learner. Changing it is an operation of its own: docs/deploy.md."
  type        = number
  default     = 1

  validation {
    condition     = var.state_shards >= 1 && var.state_shards <= 64 && floor(var.state_shards) == var.state_shards
    error_message = "A whole number from 1 to 64."
  }
}

variable "policy" {
  description = "BANDIT_ALGORITHM: the policy of /recommend."
  type        = string
  default     = "thompson"
}

variable "log_level" {
  description = "Least severity that is logged. Recommendations are rows in the log, so `info` at most."
  type        = string
  default     = "info"

  validation {
    condition     = contains(["debug", "info"], var.log_level)
    error_message = "debug or info: the table recommendations is made of lines of the severity info."
  }
}

variable "settings" {
  description = "Further settings of all functions, as the README lists them, such as LATE_AFTER_HOURS."
  type        = map(string)
  default     = {}
}

variable "secrets_in_use" {
  description = "Settings kept in Secret Manager. Each must have a version before a function that reads it is deployed."
  type        = set(string)
  default     = ["GITLAB_WEBHOOK_TOKEN", "RUNNER_BANDIT_API_TOKEN", "RUNNER_BANDIT_ADMIN_TOKEN"]
}

variable "id_token_audience" {
  description = "Audience of GitLab's id_tokens that CI jobs show; empty: jobs show the API token."
  type        = string
  default     = ""
}

variable "id_token_projects" {
  description = "Ids or full paths of the GitLab projects whose id_tokens are believed."
  type        = list(string)
  default     = []
}

variable "admin_members" {
  description = "Who may call /reset, as IAM members (user:…, group:…, serviceAccount:…), besides showing the admin token; empty: whoever shows it."
  type        = list(string)
  default     = []
}

variable "recommend_min_instances" {
  description = "Instances of recommend that are kept ready; 1 spares CI jobs the cold start, and costs what `runner-bandit cost` says."
  type        = number
  default     = 0
}

variable "domain" {
  description = "Host name of one base URL for everything, by a load balancer; empty: each public function has its own."
  type        = string
  default     = ""
}

variable "alert_emails" {
  description = "Addresses that alerts go to."
  type        = list(string)
  default     = []
}

variable "silence_hours" {
  description = "Hours without any webhook after which there is an alert."
  type        = number
  default     = 6

  validation {
    condition     = var.silence_hours >= 1 && var.silence_hours <= 23
    error_message = "1 to 23: Cloud Monitoring looks back no further."
  }
}

variable "billing_account" {
  description = "Billing account to set a budget on; empty: none is set."
  type        = string
  default     = ""
}

variable "budget_units" {
  description = "Monthly budget in whole units of the billing account's currency. It warns; it stops nothing."
  type        = number
  default     = 50
}

variable "start_vms" {
  description = "Whether machines of the project may be started and stopped, as the section `availability` of fleet.yaml says."
  type        = bool
  default     = false
}
