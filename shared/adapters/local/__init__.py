"""The ports on one machine: SQLite, a folder, a queue, a process pool. No account needed."""
