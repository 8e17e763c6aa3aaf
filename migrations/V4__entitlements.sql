-- Entitlements: payments, what they come to, revocations, and what stores told.
--
-- Written in the common part of SQLite and PostgreSQL. Times are BIGINT milliseconds since the Unix epoch, flags BIGINT
-- 0 or 1, ids of stores text, keys of clients 32 bytes. The key that signs proofs and the salt of generations are rows of
-- `secrets`.

-- One row. Whoever changes the ledger takes it first, so that changes happen one after the other in every process, and
-- nobody waits for two rows in different orders.
CREATE TABLE entitlement_runtime (
    id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
    -- The next generation to hand out.
    gen_index BIGINT NOT NULL CHECK (gen_index >= 0),
    -- Grows with every row of entitlement_revocations that comes, goes or changes.
    revocation_ticket BIGINT NOT NULL CHECK (revocation_ticket >= 0),
    -- The next number of a payment.
    payment_id BIGINT NOT NULL CHECK (payment_id > 0),
    -- The midnight up to which everything that expires has been dealt with.
    expired_until BIGINT NOT NULL,
    -- Up to when Apple's notification history has been read.
    apple_checkpoint_at BIGINT NOT NULL
);

CREATE TABLE entitlement_payments (
    id BIGINT PRIMARY KEY NOT NULL,
    -- Who has redeemed it.
    master_pkey BYTEA,
    status BIGINT NOT NULL CHECK (status IN (1, 2, 3, 4)),
    plan BIGINT NOT NULL CHECK (plan IN (1, 2, 3)),
    payment_provider BIGINT NOT NULL CHECK (payment_provider IN (1, 2, 3)),
    auto_renewing BIGINT NOT NULL CHECK (auto_renewing IN (0, 1)),
    unredeemed_at BIGINT NOT NULL,
    redeemed_at BIGINT,
    expires_at BIGINT NOT NULL,
    grace_ms BIGINT NOT NULL,
    refund_deadline_at BIGINT NOT NULL,
    revoked_at BIGINT,
    refund_requested_at BIGINT,
    apple_original_tx_id TEXT,
    apple_tx_id TEXT,
    apple_web_line_order_tx_id TEXT,
    apple_app_account_token TEXT,
    google_payment_token TEXT,
    google_order_id TEXT,
    google_account_id BYTEA,
    rangeproof_order_id TEXT,
    -- Payments of one chain renew each other: the order id before its `..`, or the original transaction.
    chain TEXT NOT NULL,
    CHECK ((master_pkey IS NULL) = (redeemed_at IS NULL)),
    CHECK (status <> 1 OR master_pkey IS NULL),
    CHECK (status <> 2 OR master_pkey IS NOT NULL),
    CHECK ((status = 4) = (revoked_at IS NOT NULL)),
    CHECK (payment_provider <> 1 OR (google_payment_token IS NOT NULL AND google_order_id IS NOT NULL)),
    CHECK (payment_provider <> 2 OR (apple_original_tx_id IS NOT NULL AND apple_tx_id IS NOT NULL
        AND apple_web_line_order_tx_id IS NOT NULL)),
    CHECK (payment_provider <> 3 OR rangeproof_order_id IS NOT NULL)
);
CREATE UNIQUE INDEX entitlement_payments_google ON entitlement_payments (google_payment_token, google_order_id)
    WHERE payment_provider = 1;
CREATE UNIQUE INDEX entitlement_payments_apple
    ON entitlement_payments (apple_original_tx_id, apple_tx_id, apple_web_line_order_tx_id) WHERE payment_provider = 2;
CREATE INDEX entitlement_payments_apple_tx ON entitlement_payments (apple_tx_id) WHERE payment_provider = 2;
CREATE UNIQUE INDEX entitlement_payments_rangeproof ON entitlement_payments (rangeproof_order_id)
    WHERE payment_provider = 3;
CREATE INDEX entitlement_payments_by_owner ON entitlement_payments (master_pkey, payment_provider, chain, id);
CREATE INDEX entitlement_payments_by_expiry ON entitlement_payments (expires_at) WHERE status IN (1, 2);

-- What all payments of a person come to.
CREATE TABLE entitlement_users (
    master_pkey BYTEA PRIMARY KEY NOT NULL,
    gen_index BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    grace_ms BIGINT NOT NULL,
    auto_renewing BIGINT NOT NULL CHECK (auto_renewing IN (0, 1)),
    refund_requested_at BIGINT,
    -- The time in the last request that noted a refund: an older one is a replay.
    refund_asked_at BIGINT NOT NULL
);

CREATE TABLE entitlement_revocations (
    gen_index BIGINT PRIMARY KEY NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX entitlement_revocations_by_expiry ON entitlement_revocations (expires_at);

-- What Apple has told already.
CREATE TABLE entitlement_apple_notifications (
    uuid TEXT PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX entitlement_apple_notifications_by_expiry ON entitlement_apple_notifications (expires_at);

-- What Google has told, and what of it is still to be dealt with.
CREATE TABLE entitlement_google_notifications (
    message_id TEXT PRIMARY KEY NOT NULL,
    handled BIGINT NOT NULL CHECK (handled IN (0, 1)),
    payload TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX entitlement_google_notifications_by_expiry ON entitlement_google_notifications (expires_at)
    WHERE handled = 1;

-- Subscriptions whose book-keeping failed: their owners are told to ask for help.
CREATE TABLE entitlement_user_errors (
    payment_provider BIGINT NOT NULL CHECK (payment_provider IN (1, 2, 3)),
    payment_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (payment_provider, payment_id)
);
