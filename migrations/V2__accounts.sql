-- Accounts and members: who somebody is, who wants in, what is searched for, and the links of changes.

-- What a person says about themselves. An account without a row here has said nothing.
CREATE TABLE profiles (
    account_id TEXT PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    given_name TEXT,
    family_name TEXT,
    call_name TEXT,
    phone TEXT,
    -- Dates are text, YYYY-MM-DD: they have no time zone.
    birth_date TEXT,
    -- Month and day of the birth date as one number (1231 is New Year's Eve), for the list of birthdays.
    birthday BIGINT,
    education TEXT,
    -- 1: other members see neither age nor birthday.
    age_privacy BIGINT NOT NULL CHECK (age_privacy IN (0, 1)),
    membership_number TEXT,
    joined_on TEXT,
    street_address TEXT,
    locality TEXT,
    region TEXT,
    postal_code TEXT,
    country TEXT,
    locale TEXT,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX profiles_by_membership_number ON profiles (membership_number);
CREATE INDEX profiles_by_birthday ON profiles (age_privacy, birthday, account_id);

-- The words that an account is found by, as UTF-8 in lower case: bytes are compared alike by every database.
CREATE TABLE account_terms (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    term BYTEA NOT NULL,
    PRIMARY KEY (account_id, term)
);
CREATE INDEX account_terms_by_term ON account_terms (term, account_id);

-- People with a confirmed or invited address who have no account yet.
CREATE TABLE applicants (
    id TEXT PRIMARY KEY NOT NULL,
    identifier BYTEA NOT NULL UNIQUE,
    email TEXT NOT NULL,
    -- 'waiting' for an administrator, or 'admitted': the registration mail is out.
    stage TEXT NOT NULL CHECK (stage IN ('waiting', 'admitted')),
    given_name TEXT,
    family_name TEXT,
    phone TEXT,
    locale TEXT,
    membership_number TEXT UNIQUE,
    joined_on TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX applicants_by_stage ON applicants (stage, created_at, id);
CREATE INDEX applicants_by_expiry ON applicants (expires_at);

-- Addresses that a mail server refused for good, until a mail gets through.
CREATE TABLE mail_troubles (
    identifier BYTEA PRIMARY KEY NOT NULL,
    reason TEXT NOT NULL,
    happened_at BIGINT NOT NULL
);
CREATE INDEX mail_troubles_by_time ON mail_troubles (happened_at);

-- Rules over many rows ("an administrator is left") are decided one at a time: whoever decides one updates its row here.
CREATE TABLE guards (
    name TEXT PRIMARY KEY NOT NULL,
    turn BIGINT NOT NULL
);
INSERT INTO guards (name, turn) VALUES ('administrators', 0);

CREATE INDEX accounts_by_email ON accounts (email, id);
CREATE INDEX account_scopes_by_scope ON account_scopes (scope, account_id);

-- The browser's own name for itself, cut short: what the account page shows beside a session.
ALTER TABLE sessions ADD COLUMN agent TEXT;

-- Links get more purposes, which the server knows and the schema need not, and carry what was said at sign-up as JSON.
CREATE TABLE links_of_v2 (
    token_hash BYTEA PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL,
    identifier BYTEA NOT NULL,
    email TEXT NOT NULL,
    account_id TEXT REFERENCES accounts (id) ON DELETE CASCADE,
    details TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT
);
INSERT INTO links_of_v2 (token_hash, purpose, identifier, email, account_id, created_at, expires_at, spent_at)
    SELECT token_hash, purpose, identifier, email, account_id, created_at, expires_at, spent_at FROM links;
DROP TABLE links;
ALTER TABLE links_of_v2 RENAME TO links;
CREATE INDEX links_by_identifier ON links (identifier);
CREATE INDEX links_by_account ON links (account_id);
CREATE INDEX links_by_expiry ON links (expires_at);
