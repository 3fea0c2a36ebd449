"""The verbs that the command line has, once for every test that goes through them."""

VERBS = (
    "run",
    "watch",
    "list",
    "show",
    "check",
    "probe",
    "table",
    "export",
    "plot",
    "runs",
    "stop",
    "parts",
    "schema",
    "data",
)
