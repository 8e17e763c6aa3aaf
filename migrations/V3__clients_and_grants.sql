-- Clients and grants: assertions that were used, device codes, registration by clients themselves.

-- Client assertions that were used, kept until they end: each is good once.
CREATE TABLE spent_assertions (
    client_id TEXT NOT NULL,
    jti_hash BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, jti_hash)
);
CREATE INDEX spent_assertions_by_expiry ON spent_assertions (expires_at);

-- Device authorizations: what a device waits for, and what a person decided about it.
CREATE TABLE device_codes (
    code_hash BYTEA PRIMARY KEY NOT NULL,
    -- Keyed hash of the code that people type: it is too short to be kept under a plain one.
    user_code_hash BYTEA NOT NULL UNIQUE,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    -- The resource servers that tokens are for, as a JSON list.
    resources TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- How long the device must wait between two questions, in ms, and when it asked last.
    pause BIGINT NOT NULL,
    polled_at BIGINT,
    decision TEXT CHECK (decision IN ('allowed', 'denied')),
    -- Who allowed it, in which session, signed in when.
    account_id TEXT REFERENCES accounts (id) ON DELETE CASCADE,
    sid TEXT,
    authenticated_at BIGINT,
    spent_at BIGINT
);
CREATE INDEX device_codes_by_expiry ON device_codes (expires_at);
CREATE INDEX device_codes_by_client ON device_codes (client_id);
CREATE INDEX device_codes_by_account ON device_codes (account_id);

-- What lets a client register itself, for so many times.
CREATE TABLE initial_access_tokens (
    token_hash BYTEA PRIMARY KEY NOT NULL,
    uses_left BIGINT NOT NULL CHECK (uses_left >= 0),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX initial_access_tokens_by_expiry ON initial_access_tokens (expires_at);

-- What lets a client that registered itself look after its registration.
CREATE TABLE registration_tokens (
    client_id TEXT PRIMARY KEY NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    token_hash BYTEA NOT NULL
);
