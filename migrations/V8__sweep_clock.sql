-- The latest wall time at which somebody was about to sweep: a server that starts far ahead of it does not trust its clock.

CREATE TABLE sweep_clock (
    id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
    believed_at BIGINT NOT NULL
);
