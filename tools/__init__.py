"""Programs that keep the project: generators, checks, scaffolding."""
