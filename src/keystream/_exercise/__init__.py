"""The dropout exercise: its task, the cases, a learner's process, and the diagnosis of mistakes."""
