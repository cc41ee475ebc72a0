-- What the invitations service keeps, as someone would lay it out in PostgreSQL who knows both: the same facts, the same ways to
-- find them. What the service keeps besides (the organizer's list of the last answers) is left out, in PostgreSQL's favour.

CREATE TABLE users (
    id bigint PRIMARY KEY,
    name text NOT NULL UNIQUE
);

CREATE TABLE events (
    id bigint PRIMARY KEY,
    organizer bigint NOT NULL REFERENCES users,
    title text NOT NULL,
    location text NOT NULL,
    starts timestamptz NOT NULL,
    ends timestamptz NOT NULL,
    public boolean NOT NULL DEFAULT false,
    cancelled boolean NOT NULL DEFAULT false,
    capacity integer
);

-- 0 pending, 1 going, 2 maybe, 3 declined.
CREATE TABLE invitations (
    event bigint NOT NULL REFERENCES events,
    invitee bigint NOT NULL REFERENCES users,
    inviter bigint NOT NULL REFERENCES users,
    arrived bigint NOT NULL,
    status smallint NOT NULL DEFAULT 0,
    session bigint,
    sequence bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (event, invitee)
);
CREATE INDEX invitations_by_status ON invitations (event, status, invitee);
CREATE INDEX invitations_inbox ON invitations (invitee, arrived);
CREATE INDEX invitations_by_inviter ON invitations (inviter, event);

CREATE TABLE counts (
    event bigint PRIMARY KEY REFERENCES events,
    going bigint NOT NULL DEFAULT 0,
    maybe bigint NOT NULL DEFAULT 0,
    pending bigint NOT NULL DEFAULT 0,
    declined bigint NOT NULL DEFAULT 0
);

-- What others follow. (A sequence gives positions in no order of commits: a real follower would need more than this.)
CREATE TABLE changes (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event bigint NOT NULL,
    invitee bigint NOT NULL,
    status smallint NOT NULL
);

-- A key is 16 bytes that grow with the time, as those of UUIDv7 do.
CREATE TABLE commands (
    key_time bigint NOT NULL,
    key_random bigint NOT NULL,
    actor bigint NOT NULL,
    method text NOT NULL,
    fingerprint bytea NOT NULL,
    outcome bytea NOT NULL,
    PRIMARY KEY (key_time, key_random, actor, method)
);

INSERT INTO users SELECT id, 'user-' || id FROM generate_series(1, 2 * :people) AS id;
INSERT INTO events
    SELECT id, :people + id, 'Review of the plans', 'Room 12', '2027-03-10 09:00Z', '2027-03-10 10:00Z'
    FROM generate_series(1, :people) AS id;
INSERT INTO invitations SELECT id, id, :people + id, id FROM generate_series(1, :people) AS id;
INSERT INTO counts (event, pending) SELECT id, 1 FROM generate_series(1, :people) AS id;

-- The whole transaction in one call: what an application does that keeps its rules in the database.
CREATE FUNCTION respond(time_of_key bigint, random_of_key bigint, who bigint, what bigint, wanted smallint, number bigint)
RETURNS smallint LANGUAGE plpgsql AS $$
DECLARE
    known bytea;
    called_off boolean;
    last smallint;
BEGIN
    SELECT c.fingerprint INTO known FROM commands c
        WHERE c.key_time = time_of_key AND c.key_random = random_of_key AND c.actor = who AND c.method = 'respond';
    IF FOUND THEN
        RETURN wanted;
    END IF;
    SELECT i.status, e.cancelled INTO last, called_off
        FROM invitations i JOIN events e ON e.id = i.event
        WHERE i.event = what AND i.invitee = who FOR UPDATE OF i;
    IF NOT FOUND OR called_off THEN
        RAISE EXCEPTION 'this invitation cannot be answered';
    END IF;
    UPDATE invitations SET status = wanted, session = who, sequence = number WHERE event = what AND invitee = who;
    UPDATE counts SET
        going = going - (last = 1)::int + (wanted = 1)::int,
        pending = pending - (last = 0)::int,
        declined = declined - (last = 3)::int + (wanted = 3)::int
        WHERE event = what;
    INSERT INTO changes (event, invitee, status) VALUES (what, who, wanted);
    INSERT INTO commands VALUES (time_of_key, random_of_key, who, 'respond', sha256(int8send(what)), '\x');
    RETURN wanted;
END $$;

VACUUM ANALYZE;
