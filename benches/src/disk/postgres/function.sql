-- One answer in one call. Each client answers an invitation of their own, once one way and once the other.
\set number :number + 1
\set who :client_id + 1
\set random random(1, 9000000000000000000)
\set wanted 1 + 2 * (:number % 2)
SELECT respond(:number, :random, :who, :who, :wanted::smallint, :number);
