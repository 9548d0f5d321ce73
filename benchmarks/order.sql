-- The statements of one placed order with an exact quota, in their order, as passes/sale sends them, limits of tries
-- and all. `python -m benchmarks` counts those of a real order and stops when this file has another number.
-- (No colon before a letter or figure in a text, because pgbench would take it for a variable.)
\set n :n + 1
\set buyer :client_id * 10000000 + :n
BEGIN;
INSERT INTO rate_limit (key, free_at) VALUES ('order 10 ' || :buyer, now() + interval '0.5 s') ON CONFLICT (key) DO UPDATE SET free_at = greatest(rate_limit.free_at, now()) + interval '0.5 s' WHERE greatest(rate_limit.free_at, now()) + interval '0.5 s' <= now() + interval '600 s' RETURNING key;
INSERT INTO rate_limit (key, free_at) VALUES ('order +86 ' || :buyer, now() + interval '10 s') ON CONFLICT (key) DO UPDATE SET free_at = greatest(rate_limit.free_at, now()) + interval '10 s' WHERE greatest(rate_limit.free_at, now()) + interval '10 s' <= now() + interval '600 s' RETURNING key;
COMMIT;
BEGIN;
SELECT id, product_id, opens_at, closes_at, quota, held, sold FROM sale_window WHERE product_id = 'PASS-ADULT' ORDER BY product_id, opens_at;
INSERT INTO orders (public_id, number, form_key, livemode, state, currency, total_fen, hold_expires_at, hold_state, placed_at, email, locale, terms_accepted_at, terms_version, terms_locale, privacy_version, guardian_consent, version) VALUES (gen_random_uuid(), 'T-' || :buyer, sha256(('form ' || :buyer)::bytea), false, 'pending', 'cny', 19900, now() + interval '35 min', 'held', now(), NULL, 'zh', now(), 1, 'zh', '2026-11-27', false, 1) ON CONFLICT DO NOTHING RETURNING id AS order_id \gset
SELECT nextval('pass_serial_seq') AS serial \gset
SELECT number FROM product_row WHERE product_id = 'PASS-ADULT' AND version = 1;
INSERT INTO order_line (order_id, position, product_id, product_name, terms_version, product_number, validity_days, activation_days, holder_class, amount_fen, serial, id_tag, holder_name, holder_phone, holder_email, birth_on, document_type, document_hmac, document_last4) VALUES (:order_id, 1, 'PASS-ADULT', '{"zh": "悠游兰州年卡·成人", "en": "Youyou Lanzhou Annual Pass (Adult)"}', 1, 1, 365, 90, 'adult', 19900, :serial, 7, '王小明', '+86' || :buyer, NULL, '1990-05-17', 'PASSPORT', sha256(('E' || :buyer)::bytea), '5678') RETURNING id AS line_id \gset
INSERT INTO outbox (event_id, topic, type, key, traceparent, event) VALUES (gen_random_uuid(), 'youyou.orders', 'order.placed.v1', (:order_id)::text, NULL, jsonb_build_object('specversion', '1.0', 'id', '01a21ac0-9407-7924-9532-70733a92b14e', 'source', '/youyou/sale', 'type', 'order.placed.v1', 'subject', 'order/2', 'time', '2026-11-27T02.05.58.151Z', 'datacontenttype', 'application/json', 'dataschema', 'urn.youyou.events.order.placed.1-0', 'partitionkey', '2', 'data', '{"order_id": 2, "total_fen": 19900, "passes": 1, "livemode": false}'::jsonb)) RETURNING id;
INSERT INTO payment_event (at, order_id, payment_id, refund_id, actor, fact, from_state, to_state, amount_fen, moved_fen, account, currency, request_id) VALUES (now(), :order_id, NULL, NULL, 'visitor', 'placed', NULL, 'pending', 19900, 0, 'provider', 'cny', NULL) RETURNING id;
WITH moved AS (UPDATE sale_window SET held = held + 1, sold = sold + 0 WHERE id = 1 AND held + sold + 1 <= quota RETURNING id, quota) INSERT INTO stock_move (at, window_id, order_line_id, kind, held_by, sold_by, quota) SELECT now(), moved.id, :line_id, 'hold', 1, 0, moved.quota FROM moved RETURNING id;
COMMIT;
