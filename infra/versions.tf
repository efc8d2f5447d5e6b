# The provider is the one whose typed schema `npm test` checks these files against (test/terraform).
terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }

  # The bucket is made by hand once, before anything else (docs/deploy.md), and named at `terraform init`.
  backend "gcs" {
    prefix = "runner-bandit"
  }
}

provider "google" {
  project = var.project
  region  = var.region
}
