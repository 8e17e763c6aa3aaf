-- Where accounts and entitlements meet: master keys that people have linked to their accounts.

CREATE TABLE linked_master_keys (
    account_id TEXT PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- Ed25519 public key of the entitlement side; one account alone may claim to be its owner.
    master_pkey BYTEA NOT NULL UNIQUE,
    linked_at BIGINT NOT NULL
);

-- Challenges that wait for a signature: the last one of each account. One that is answered is deleted.
CREATE TABLE linking_challenges (
    account_id TEXT PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    nonce_hash BYTEA NOT NULL,
    master_pkey BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
