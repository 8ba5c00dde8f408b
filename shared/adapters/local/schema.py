"""
The tables of the embedded state. Facts are rows that are inserted once; times are microseconds.

``STEPS`` are applied in order, each once per state file, so that a home outlives its version: what
stands here is never changed, a later step changes the tables.
"""

LEDGER = (
    """CREATE TABLE IF NOT EXISTS batches (
        batch_id TEXT PRIMARY KEY, owner TEXT NOT NULL, created_at INTEGER NOT NULL, body TEXT NOT NULL,
        paused INTEGER NOT NULL DEFAULT 0, cancelled_at INTEGER, finished INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX IF NOT EXISTS batches_by_owner ON batches (owner, created_at, batch_id)",
    """CREATE INDEX IF NOT EXISTS batches_unfinished ON batches (created_at, batch_id)
        WHERE finished = 0""",
    """CREATE TABLE IF NOT EXISTS nodes (
        batch_id TEXT NOT NULL, round INTEGER NOT NULL, level INTEGER NOT NULL, k INTEGER NOT NULL,
        n INTEGER NOT NULL DEFAULT 0, completed INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0, cancelled INTEGER NOT NULL DEFAULT 0,
        filled INTEGER NOT NULL DEFAULT 0, moved_at INTEGER NOT NULL, nudged_at INTEGER,
        PRIMARY KEY (batch_id, round, level, k)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS attempts (
        batch_id TEXT NOT NULL, round INTEGER NOT NULL, position INTEGER NOT NULL, number INTEGER NOT NULL,
        job_id TEXT NOT NULL, claims INTEGER NOT NULL, claimed_at INTEGER NOT NULL,
        lease_until INTEGER NOT NULL, call_id TEXT, deadline INTEGER, failure TEXT, due_at INTEGER,
        PRIMARY KEY (batch_id, round, position, number)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS attempts_due ON attempts (due_at) WHERE due_at IS NOT NULL",
    """CREATE INDEX IF NOT EXISTS attempts_open ON attempts (batch_id, round)
        WHERE due_at IS NOT NULL""",
    """CREATE TABLE IF NOT EXISTS outcomes (
        batch_id TEXT NOT NULL, round INTEGER NOT NULL, position INTEGER NOT NULL, leaf INTEGER NOT NULL,
        kind TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (batch_id, round, position)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS closings (
        batch_id TEXT NOT NULL, round INTEGER NOT NULL, closed_at INTEGER NOT NULL,
        announced INTEGER NOT NULL DEFAULT 0, fence INTEGER NOT NULL DEFAULT 0, lease_until INTEGER,
        finished_at INTEGER, status TEXT, summary TEXT NOT NULL DEFAULT '{}',
        artefacts TEXT NOT NULL DEFAULT '[]', PRIMARY KEY (batch_id, round)) WITHOUT ROWID""",
)
QUEUE = (
    """CREATE TABLE IF NOT EXISTS messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT, subscription TEXT NOT NULL, topic TEXT NOT NULL,
        data BLOB NOT NULL, published_at INTEGER NOT NULL, visible_at INTEGER NOT NULL,
        deliveries INTEGER NOT NULL DEFAULT 0, leased INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX IF NOT EXISTS messages_due ON messages (subscription, visible_at, id)",
    """CREATE TABLE IF NOT EXISTS dead_letters (
        id INTEGER PRIMARY KEY AUTOINCREMENT, subscription TEXT, topic TEXT NOT NULL, data BLOB NOT NULL,
        reason TEXT NOT NULL, deliveries INTEGER NOT NULL, published_at INTEGER,
        parked_at INTEGER NOT NULL)""",
)
CALLS = (
    """CREATE TABLE IF NOT EXISTS calls (
        id INTEGER PRIMARY KEY AUTOINCREMENT, call_id TEXT NOT NULL UNIQUE, state TEXT NOT NULL,
        orders TEXT NOT NULL, answer TEXT, failure TEXT, created_at INTEGER NOT NULL, started_at INTEGER,
        finished_at INTEGER)""",
    "CREATE INDEX IF NOT EXISTS calls_waiting ON calls (id) WHERE state = 'waiting'",
    "CREATE INDEX IF NOT EXISTS calls_running ON calls (id) WHERE state = 'running'",
    "CREATE INDEX IF NOT EXISTS calls_cancelling ON calls (id) WHERE state = 'cancelling'",
)
ROUNDS = (
    "ALTER TABLE batches ADD COLUMN round INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE batches ADD COLUMN retry INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE batches ADD COLUMN deleted_at INTEGER",
    "ALTER TABLE batches ADD COLUMN erased INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE batches ADD COLUMN jobs INTEGER",
    "ALTER TABLE attempts ADD COLUMN place INTEGER",
    """CREATE INDEX IF NOT EXISTS batches_deleted ON batches (deleted_at)
        WHERE deleted_at IS NOT NULL AND erased = 0""",
    """CREATE TABLE IF NOT EXISTS rounds (
        batch_id TEXT NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (batch_id, number)) WITHOUT ROWID""",
)
LETTERS = (
    """CREATE TABLE letters (
        id INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL, subscription TEXT, topic TEXT NOT NULL,
        data BLOB NOT NULL, reason TEXT NOT NULL, times INTEGER NOT NULL DEFAULT 1,
        deliveries INTEGER NOT NULL, published_at INTEGER, parked_at INTEGER NOT NULL,
        last_parked_at INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'open', closed_at INTEGER,
        closed_by TEXT, remark TEXT)""",
    "CREATE UNIQUE INDEX letters_open ON letters (digest) WHERE state = 'open'",
    "CREATE INDEX letters_by_state ON letters (state, id)",
    """INSERT INTO letters (id, digest, subscription, topic, data, reason, deliveries, published_at,
           parked_at, last_parked_at)
       SELECT id, 'parked before letters were counted: ' || id, subscription, topic, data, reason, deliveries,
           published_at, parked_at, parked_at FROM dead_letters""",
    "DROP TABLE dead_letters",
)
MILESTONES = (
    """CREATE TABLE milestones (
        batch_id TEXT NOT NULL, threshold INTEGER NOT NULL, round INTEGER NOT NULL,
        reached_at INTEGER NOT NULL, PRIMARY KEY (batch_id, threshold)) WITHOUT ROWID""",
)
PACING = (
    "ALTER TABLE batches ADD COLUMN pace TEXT",
    "ALTER TABLE nodes ADD COLUMN ran INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE nodes ADD COLUMN busy INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE nodes ADD COLUMN troubles INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE messages ADD COLUMN turn INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX messages_in_turn ON messages (subscription, turn, id)",
    "ALTER TABLE calls ADD COLUMN batch_id TEXT",
    "ALTER TABLE calls ADD COLUMN turn INTEGER NOT NULL DEFAULT 0",
    "DROP INDEX calls_waiting",
    "DROP INDEX calls_running",
    "CREATE INDEX calls_waiting ON calls (turn, id) WHERE state = 'waiting'",
    "CREATE INDEX calls_running ON calls (turn) WHERE state = 'running'",
    """CREATE INDEX calls_shares ON calls (batch_id, turn) WHERE state IN ('waiting', 'running')""",
)
FORGETTING = ("CREATE INDEX calls_of_batch ON calls (batch_id)",)
COSTS = (
    "ALTER TABLE nodes ADD COLUMN used INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE nodes ADD COLUMN spent INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE attempts ADD COLUMN runs TEXT NOT NULL DEFAULT '[]'",
)
STAFF = ("CREATE TABLE staff (model TEXT PRIMARY KEY, workers INTEGER NOT NULL) WITHOUT ROWID",)
KEYS = (
    """CREATE TABLE api_keys (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, created_at INTEGER NOT NULL, body TEXT NOT NULL,
        used_at INTEGER) WITHOUT ROWID""",
    "CREATE INDEX api_keys_by_owner ON api_keys (owner, created_at, id)",
)
CONSUMPTION = ("CREATE TABLE consumption (owner TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",)
HOOKS = (
    """CREATE TABLE hooks (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, created_at INTEGER NOT NULL, body TEXT NOT NULL)""",
    "CREATE INDEX hooks_by_owner ON hooks (owner, created_at, id)",
    """CREATE TABLE notices (
        id TEXT PRIMARY KEY, endpoint_id TEXT NOT NULL, batch_id TEXT, created_at INTEGER NOT NULL,
        due_at INTEGER, body TEXT NOT NULL)""",
    "CREATE INDEX notices_by_endpoint ON notices (endpoint_id, created_at, id)",
    "CREATE INDEX notices_due ON notices (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX notices_of_batch ON notices (batch_id) WHERE batch_id IS NOT NULL",
    "CREATE INDEX notices_by_age ON notices (created_at)",
)
TRACES = ("ALTER TABLE messages ADD COLUMN attributes TEXT",)
LISTS = (  # deleted batches are in no list; to count an owner's takes nothing but the index
    "DROP INDEX batches_by_owner",
    "CREATE INDEX batches_by_owner ON batches (owner, created_at, batch_id) WHERE deleted_at IS NULL",
)
OWN_HOOKS = (
    "ALTER TABLE hooks ADD COLUMN batch_id TEXT",
    "CREATE INDEX hooks_of_batch ON hooks (batch_id) WHERE batch_id IS NOT NULL",
)
STEPS: tuple[tuple[str, ...], ...] = (
    *(LEDGER + QUEUE + CALLS, ROUNDS, LETTERS + MILESTONES, PACING, FORGETTING, COSTS, STAFF),
    *(KEYS, CONSUMPTION, HOOKS, TRACES, LISTS, OWN_HOOKS),
)
