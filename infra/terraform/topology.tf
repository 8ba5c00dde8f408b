# The one table of functions, topics, routes and grants; the services, the embedded runner and the tests read it too.

locals {
  topology = jsondecode(file("${path.module}/../../services/topology.json"))

  # What our own functions call has a twin: they cannot come through the load balancer, which lets in users' addresses.
  functions = merge(local.topology.functions, local.twins)
  twins = {
    for name, it in local.topology.functions :
    "${name}-inside" => merge({ for key, value in it : key => value if key != "routes" }, { archive = name })
    if try(it.inside, false)
  }

  # "api" => "submit-inside"
  callers = { for name, it in local.functions : name => "submit-inside" if try(it.opens.orders, false) }

  # What a schedule calls has a route, which is for the schedule.
  public = { for name, it in local.functions : name => it if can(it.routes) && !can(it.schedule) }

  scheduled = { for name, it in local.functions : name => it.schedule if can(it.schedule) }

  subscribers = { for name, it in local.functions : name => it.subscription if can(it.subscription) }

  # "submit/job-queued" => { function, topic }
  publishes = merge([
    for name, it in local.functions : {
      for topic in it.publishes : "${name}/${topic}" => { function = name, topic = topic }
    }
  ]...)

  # An engine outside asks for a token, which every function that opens the engine reads.
  engine_secrets = { modal = ["modal-token"], pool = [] }[var.engine]

  # So does an MSA server that asks its users for a login, of whoever searches there.
  msa_secrets = lookup(var.settings, "msa_login_in", "environment") == "secrets" ? ["msa-login"] : []

  # "webhook/webhook" => { function, purpose }
  secrets_opened = merge([
    for name, it in local.functions : {
      for purpose in concat(
        try(it.opens.secrets, []),
        try(it.opens.engine, false) ? local.engine_secrets : [],
        try(it.opens.msa_server, false) ? local.msa_secrets : [],
      ) :
      "${name}/${purpose}" => { function = name, purpose = purpose }
    }
  ]...)

  secrets = toset([for it in local.secrets_opened : it.purpose])

  objects_opened = { for name, it in local.functions : name => it.opens.objects if can(it.opens.objects) }

  ledger_opened = { for name, it in local.functions : name => it.opens.ledger if can(it.opens.ledger) }

  dead_letter_readers = toset([for name, it in local.functions : name if try(it.opens.dead_letters, false)])

  # The longest path first, as the embedded router does; of equal ones the one for a single method.
  routes = [
    for key in reverse(sort([
      for it in flatten([
        for name, function in local.public : [for route in function.routes : merge(route, { function = name })]
      ]) : format("%06d %d %s", length(it.path), it.method == "*" ? 0 : 1, jsonencode(it))
    ])) : jsondecode(join(" ", slice(split(" ", key), 2, length(split(" ", key)))))
  ]
}
