variable "viewer_domain" {
  description = "The name that viewers use, such as app.example.com."
  type        = string
}

variable "origin_domains" {
  description = "Host names of the origins, by their ids."
  type        = map(string)
}

variable "certificate_arn" {
  description = "Certificate for the viewers' name, in us-east-1."
  type        = string
}
