variable "archives" {
  description = "Folder with the packaged archive, relative to the root module."
  type        = string
}

variable "build_service_account" {
  description = "Id of the identity that builds."
  type        = string
}

variable "dead_letter_topic" {
  description = "Id of the topic that takes what was delivered too often."
  type        = string
}

variable "docker_repository" {
  description = "Id of the repository for the built image."
  type        = string
}

variable "environment" {
  description = "Environment variables, without those that depend on the function's own address."
  type        = map(string)
}

variable "ingress" {
  description = "From where the function is reached; who gets in is said by grants."
  type        = string
}

variable "name" {
  description = "The function's name in the topology."
  type        = string
}

variable "prefix" {
  description = "Beginning of every name."
  type        = string
}

variable "project" {
  description = "Id of the project."
  type        = string
}

variable "project_number" {
  description = "Number of the project, which is part of the function's address."
  type        = string
}

variable "public" {
  description = "Whether the load balancer leads here."
  type        = bool
}

variable "push_service_account" {
  description = "Address of the identity that delivers messages."
  type        = string
}

variable "region" {
  description = "Region of the function."
  type        = string
}

variable "source_bucket" {
  description = "Bucket for archives."
  type        = string
}

variable "spec" {
  description = "The function's row in the topology."
  type = object({
    concurrency     = number
    entry_point     = string
    max_instances   = number
    memory_mb       = number
    timeout_seconds = number
    archive         = optional(string)
    subscription = optional(object({
      name                 = string
      topic                = string
      ack_deadline_seconds = optional(number)
    }))
  })
}

variable "subscription_defaults" {
  description = "What a subscription has unless its row says otherwise."
  type = object({
    ack_deadline_seconds  = number
    max_backoff_seconds   = number
    max_delivery_attempts = number
    min_backoff_seconds   = number
  })
}

variable "topic" {
  description = "Id of the topic subscribed to; null for a function without subscription."
  type        = string
  default     = null
}

variable "vpc_connector" {
  description = "Id of the connector to the private network; null for a function that calls nothing in there."
  type        = string
  default     = null
}

variable "warm_instances" {
  description = "Instances kept ready."
  type        = number
}
