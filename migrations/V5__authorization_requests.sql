-- Authorization requests that are pushed, grants that are bound to more than a scope, and the news of a session's end.

-- Pushed authorization requests (RFC 9126). A row is spent by the code that comes of it.
CREATE TABLE pushed_requests (
    -- Hash of the random part of the request_uri.
    name_hash BYTEA PRIMARY KEY NOT NULL,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    -- The parameters, sealed and bound to the row.
    sealed BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT
);
CREATE INDEX pushed_requests_by_client ON pushed_requests (client_id);
CREATE INDEX pushed_requests_by_expiry ON pushed_requests (expires_at);

-- DPoP proofs that were used (RFC 9449 section 11.1), until they would be too old anyway.
CREATE TABLE dpop_proofs (
    -- Hash of the key's thumbprint and the proof's jti.
    proof_hash BYTEA PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX dpop_proofs_by_expiry ON dpop_proofs (expires_at);

-- What a grant was made under beside its scope, as JSON: resources, the key of its refresh tokens, claims of userinfo.
-- NULL for most.
ALTER TABLE families ADD COLUMN terms TEXT;
-- The session that the client was told of, where the family has since been hung on another.
ALTER TABLE families ADD COLUMN told_sid TEXT;

-- Sessions that have ended, each for a client that is yet to be told (OIDC Back-Channel Logout). Made in the transaction
-- that ends the session; no account is referred to, as it may be gone by then.
CREATE TABLE logout_notices (
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    sid TEXT NOT NULL,
    account_id TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, sid)
);
CREATE INDEX logout_notices_by_turn ON logout_notices (next_attempt_at);
CREATE INDEX logout_notices_by_expiry ON logout_notices (expires_at);
