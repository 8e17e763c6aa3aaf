-- Identity: accounts, sessions, clients, grants, links, mail, keys.
--
-- Written in the common part of SQLite and PostgreSQL. Times are BIGINT milliseconds since the Unix epoch, ids and hashes
-- are made by the server, flags are BIGINT 0 or 1. A column named `sealed` holds ciphertext under a key that is not in
-- this database.

CREATE TABLE deployment (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    application TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('dev', 'production')),
    -- The oldest schema version whose binaries may still use this database beside newer ones.
    oldest_schema BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE accounts (
    id TEXT PRIMARY KEY NOT NULL,
    -- Keyed hash of the canonical e-mail: the OPAQUE credential identifier and the only way an account is found by address.
    identifier BYTEA NOT NULL UNIQUE,
    email TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
    -- OPAQUE registration record (RFC 9807 section 3.3.1), and how often it has been replaced.
    record BYTEA NOT NULL,
    record_version BIGINT NOT NULL,
    email_confirmed_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE account_scopes (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, scope)
);

CREATE TABLE sessions (
    id_hash BYTEA PRIMARY KEY NOT NULL,
    -- The public name of the session: the `sid` claim.
    sid TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    browser_hash BYTEA NOT NULL,
    -- One login state makes at most one session.
    auth_hash BYTEA NOT NULL UNIQUE,
    -- The authorization request that the login was for, if any: its prompt and max_age are met by this session.
    flow_hash BYTEA,
    authenticated_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX sessions_by_account ON sessions (account_id);
CREATE INDEX sessions_by_expiry ON sessions (idle_expires_at);

-- Browsers that have completed a login for an address: strangers cannot slow these down.
CREATE TABLE known_browsers (
    browser_hash BYTEA NOT NULL,
    identifier BYTEA NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (browser_hash, identifier)
);
CREATE INDEX known_browsers_by_use ON known_browsers (last_used_at);

CREATE TABLE clients (
    id TEXT PRIMARY KEY NOT NULL,
    -- The validated client record as JSON; its secret is in it as a hash.
    record TEXT NOT NULL,
    -- Codes and tokens given before this moment are no longer accepted.
    not_before BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE consents (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, client_id)
);

-- One row for each grant: refresh tokens of one family name it and its current sequence.
CREATE TABLE families (
    id TEXT PRIMARY KEY NOT NULL,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    sid TEXT NOT NULL,
    scope TEXT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX families_by_account ON families (account_id);
CREATE INDEX families_by_session ON families (sid);
CREATE INDEX families_by_client ON families (client_id);
CREATE INDEX families_by_expiry ON families (idle_expires_at);

CREATE TABLE authorization_codes (
    code_hash BYTEA PRIMARY KEY NOT NULL,
    -- One authorization request gives at most one code.
    flow_hash BYTEA NOT NULL UNIQUE,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    sid TEXT NOT NULL,
    -- What the code stands for (redirect URI, code challenge, nonce, scope, session) as JSON.
    binding TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT,
    -- What it gave.
    family_id TEXT
);
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);
CREATE INDEX authorization_codes_by_account ON authorization_codes (account_id);
CREATE INDEX authorization_codes_by_client ON authorization_codes (client_id);

CREATE TABLE revoked_tokens (
    jti TEXT PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);

-- Single-use links that travel by mail, and the registration tokens that follow from them.
CREATE TABLE links (
    token_hash BYTEA PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('confirm-email', 'register', 'reset-password')),
    identifier BYTEA NOT NULL,
    email TEXT NOT NULL,
    account_id TEXT REFERENCES accounts (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT
);
CREATE INDEX links_by_identifier ON links (identifier);
CREATE INDEX links_by_account ON links (account_id);
CREATE INDEX links_by_expiry ON links (expires_at);

CREATE TABLE mails (
    id TEXT PRIMARY KEY NOT NULL,
    sealed BYTEA NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX mails_by_turn ON mails (next_attempt_at);
CREATE INDEX mails_by_expiry ON mails (expires_at);

-- JOSE signing keys and refresh-encryption keys: these rotate.
CREATE TABLE rotating_keys (
    kid TEXT PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- Keys that never rotate: the OPAQUE setup, the identifier key, and those that seal states and mail.
CREATE TABLE secrets (
    name TEXT PRIMARY KEY NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- Whose turn it is to sweep.
CREATE TABLE leases (
    name TEXT PRIMARY KEY NOT NULL,
    holder TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    heartbeat BIGINT NOT NULL
);
