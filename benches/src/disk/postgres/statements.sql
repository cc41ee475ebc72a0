-- One answer, statement by statement. Each client answers an invitation of their own, once one way and once the other.
\set number :number + 1
\set who :client_id + 1
\set random random(1, 9000000000000000000)
\set wanted 1 + 2 * (:number % 2)
BEGIN;
SELECT fingerprint FROM commands WHERE key_time = :number AND key_random = :random AND actor = :who AND method = 'respond';
SELECT i.status AS last, i.sequence, e.cancelled, e.capacity, e.title, e.organizer FROM invitations i JOIN events e ON e.id = i.event WHERE i.event = :who AND i.invitee = :who FOR UPDATE OF i \gset
UPDATE invitations SET status = :wanted, session = :who, sequence = :number WHERE event = :who AND invitee = :who;
UPDATE counts SET going = going - (:last = 1)::int + (:wanted = 1)::int, pending = pending - (:last = 0)::int, declined = declined - (:last = 3)::int + (:wanted = 3)::int WHERE event = :who;
INSERT INTO changes (event, invitee, status) VALUES (:who, :who, :wanted);
INSERT INTO commands VALUES (:number, :random, :who, 'respond', sha256(int8send(:who)), '\x');
COMMIT;
