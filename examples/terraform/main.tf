# Edge failover beside a distribution of your own. Folder edge/ is what `edge-failover emit terraform` writes from edge.config.ts.

terraform {
  required_version = ">= 1.5.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.20.0"
    }
  }
}

# The flipper's region: one without an origin, and not us-east-1.
provider "aws" {
  region = "us-west-2"
}

module "edge" {
  source = "./edge"

  viewer_domain = var.viewer_domain
}

resource "aws_cloudfront_distribution" "site" {
  enabled = true
  aliases = [var.viewer_domain]
  comment = "Regions with failover by cloudfront-edge-failover"

  origin {
    origin_id           = "singapore"
    domain_name         = var.origin_domains["singapore"]
    connection_attempts = 1
    connection_timeout  = 2

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
      origin_read_timeout    = 10
    }
  }

  # No behavior targets it: the function chooses it at run time.
  origin {
    origin_id           = "europe"
    domain_name         = var.origin_domains["europe"]
    connection_attempts = 1
    connection_timeout  = 2

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
      origin_read_timeout    = 10
    }
  }

  default_cache_behavior {
    target_origin_id         = "singapore"
    viewer_protocol_policy   = "redirect-to-https"
    allowed_methods          = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods           = ["GET", "HEAD"]
    cache_policy_id          = data.aws_cloudfront_cache_policy.disabled.id
    origin_request_policy_id = data.aws_cloudfront_origin_request_policy.with_country.id

    function_association {
      event_type   = "viewer-request"
      function_arn = module.edge.function_arn
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }
}

data "aws_cloudfront_cache_policy" "disabled" {
  name = "Managed-CachingDisabled"
}

data "aws_cloudfront_origin_request_policy" "with_country" {
  name = "Managed-AllViewerAndCloudFrontHeaders-2022-06"
}
