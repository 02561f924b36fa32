"""Times and limits of the gate: gate.server gate.first gate.idle gate.age gate.slow gate.flows gate.source gate.held."""
