output "distribution_id" {
  description = "For distributions in edge.config.ts."
  value       = aws_cloudfront_distribution.site.id
}

output "topic_arn" {
  description = "Subscribe to it: flips and the flipper's alarms."
  value       = module.edge.topic_arn
}
