# A warning by mail to those who run the billing account. A budget stops nothing.

resource "google_billing_budget" "month" {
  count = var.billing_account == "" ? 0 : 1

  billing_account = var.billing_account
  display_name    = var.name

  budget_filter {
    projects = ["projects/${local.project_number}"]
  }
  amount {
    specified_amount {
      units = tostring(var.budget_units)
    }
  }
  threshold_rules {
    threshold_percent = 0.5
  }
  threshold_rules {
    threshold_percent = 1
  }
  threshold_rules {
    threshold_percent = 1
    spend_basis       = "FORECASTED_SPEND"
  }
}
