<?php
// The peer on PHP: the calls info, ticket/create, ticket/settle, merchant/order/create and orders as a careful PHP programmer would
// write them, without a framework. Each answer is the same as ours. Keys, currencies and settings
// come from an array that opcache keeps in shared memory; TELLER_STATE names its file,
// TELLER_DRIVER the way to the database.
declare(strict_types=1);

date_default_timezone_set('UTC');
require __DIR__ . ($_SERVER['TELLER_DRIVER'] === 'pdo' ? '/pdo.php' : '/mysqli.php');

final class Refusal extends Exception
{
}

final class DatabaseError extends Exception
{
    public function __construct(public readonly string $state, int $code, string $message)
    {
        parent::__construct($message, $code);
    }
}

// A parameter as text, "" where it is missing or no text.
function param(string $name): string
{
    return is_string($_POST[$name] ?? null) ? $_POST[$name] : '';
}

const RIGHTS = ['get_info', 'trade', 'deposit', 'withdraw', 'merchant', 'partner'];
const DENIED = 'Identification required to access private API';

$state = include $_SERVER['TELLER_STATE'];

// The key that signed this request; its nonce is left to the database.
function caller(array $state, string $body, int $right): array
{
    $key = $state['keys'][strtolower($_SERVER['HTTP_REST_KEY'] ?? '')] ?? null;
    $sign = base64_decode(preg_replace('/\s+/', '', $_SERVER['HTTP_REST_SIGN'] ?? ''), true);
    if ($key === null || ($_SERVER['HTTP_USER_AGENT'] ?? '') === '') {
        throw new Refusal('login_error_invalid_rest_key', 403);
    }
    if (!is_string($sign) || !hash_equals(hash_hmac('sha512', $body, base64_decode($key['secret']), true), $sign)) {
        throw new Refusal('login_error_invalid_rest_sign', 403);
    }
    if (!preg_match('/^\d{1,19}$/', param('nonce'))) {
        throw new Refusal('login_error_invalid_nonce', 403);
    }
    if (($key['rights'] & 1 << $right) === 0) {
        throw new Refusal('missing_right', 403);
    }
    return $key + ['request_key' => "n{$key['id']}:{$_POST['nonce']}"];
}

// A refusal by the database ends the request, a deadlock is tried again by `work`.
function attempt(callable $work): array
{
    for ($tries = 1;; $tries++) {
        try {
            return $work();
        } catch (DatabaseError $e) {
            if ($e->state === '45000' && $e->getMessage() !== 'db_contended') {
                $denied = str_starts_with($e->getMessage(), 'login_error');
                throw new Refusal($e->getMessage(), $denied ? 403 : 200);
            }
            if (($e->state !== '45000' && !in_array($e->getCode(), [1213, 1205, 1020], true)) || $tries === 5) {
                throw $e;
            }
        }
    }
}

// The rows of the last result set.
function call(array $state, string $sql): array
{
    $sets = attempt(fn () => run($state, $sql));
    return end($sets) ?: [];
}

// A change in two packets: `change` gets the result sets of what `read` asks and gives what is written, and the answer.
function change(array $state, string $front, string $read, callable $change): array
{
    return attempt(function () use ($state, &$front, $read, $change) {
        try {
            $sets = run($state, $front . $read);
            $front = ''; // the nonce is used up by now
            [$write, $answer] = $change($sets);
            run($state, $write);
            return $answer;
        } catch (Exception $e) {
            run($state, 'ROLLBACK');
            throw $e;
        }
    });
}

// One of the statements that people.mjs wrote down, filled in.
function fill(array $state, string $name, array $values): string
{
    $marks = array_map(fn ($name) => '{' . $name . '}', array_keys($values));
    return strtr($state['statements'][$name], array_combine($marks, array_values($values)));
}

function bytes(string $bytes): string
{
    return "X'" . bin2hex($bytes) . "'";
}

// Balances and entries of a posting; each leg is an account, its units, type and words.
function legs(array $state, array $legs): string
{
    $accounts = array_column($legs, 0);
    sort($accounts, SORT_NUMERIC);
    $at = array_flip($accounts);
    $units = array_column($legs, 1, 0);
    $sql = fill($state, 'balances', []);
    foreach ($accounts as $place => $account) {
        $sql .= fill($state, 'balance', ['at' => $place, 'units' => $units[$account], 'account' => $account]);
    }
    $sql .= fill($state, 'numbers', []);
    foreach ($accounts as $place => $account) {
        $sql .= fill($state, 'number', ['at' => $place, 'account' => $account]);
    }
    $rows = array_map(fn ($leg) => fill($state, 'entry', ['account' => $leg[0], 'at' => $at[$leg[0]], 'units' => $leg[1],
        'type' => $leg[2] === null ? 'NULL' : hex($leg[2]), 'info' => $leg[3] === null ? 'NULL' : hex($leg[3])]), $legs);
    return $sql . fill($state, 'entries', ['accounts' => implode(', ', $accounts)]) . implode(', ', $rows) . '; ';
}

function need(array $state, mixed $account, array $values): int
{
    return (int) ($account ?? run($state, fill($state, 'open', $values))[0][0][0]);
}

// Text as SQL: hexadecimal, so that nothing in it can become SQL.
function hex(string $text): string
{
    return "_utf8mb4 X'" . bin2hex($text) . "'";
}

function money(array $currency, string $units): array
{
    $fixed = function (string $units, int $decimals) {
        $digits = str_pad($units, $decimals + 1, '0', STR_PAD_LEFT);
        return [substr($digits, 0, -$decimals), substr($digits, -$decimals)];
    };
    $display = function (array $parts) use ($currency) {
        $text = number_format((int) $parts[0]) . '.' . $parts[1];
        return $currency['after'] ? "$text\u{a0}{$currency['symbol']}" : $currency['symbol'] . $text;
    };
    $parts = $fixed($units, $currency['decimals']);
    $divisor = 10 ** ($currency['decimals'] - $currency['display_decimals']);
    $short = $fixed((string) intdiv((int) $units + intdiv($divisor, 2), $divisor), $currency['display_decimals']);
    return [
        'value' => "$parts[0].$parts[1]",
        'value_int' => $units,
        'display' => $display($parts),
        'display_short' => $display($short),
        'currency' => $currency['code'],
    ];
}

function uuid(string $bytes): string
{
    return vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex($bytes), 4));
}

// The statement in front of each call: the key is as remembered, its nonce was never seen.
function use_key(array $key): string
{
    $table = $key['id'] % 32;
    return "CALL api_key_use_$table({$key['id']}, {$key['version']}, {$_POST['nonce']}, NULL);";
}

// What the user traded in 30 days: summed up again only when entries were booked or a day is over.
function volume(array $state, array $key, array $rows): string
{
    $now = array_sum(array_column($rows, 13)) . $rows[0][17];
    $kept = apcu_fetch("volume-{$key['user']}");
    if ($kept === false || $kept[0] !== $now) {
        $sums = call($state, 'SELECT SUM(volume) FROM trader_volume ' .
            "WHERE user_id = {$key['user']} AND item_id = 1 AND day > UTC_DATE() - INTERVAL 30 DAY");
        $kept = [$now, $sums[0][0] ?? '0'];
        apcu_store("volume-{$key['user']}", $kept);
    }
    return $kept[1];
}

// What ledger_info asks for.
const ACCOUNTS = "SELECT u.id, u.uuid, u.login, u.email, u.level, u.language, u.otp_required, " .
    "u.created_at, u.last_login_at , a.currency_id, a.purpose, a.balance, a.reserved, " .
    "a.entries, w.day, w.day_amount, w.month_amount, UTC_DATE() FROM (SELECT id, uuid, " .
    "login, email, level, language, otp_required, created_at, last_login_at FROM user) AS u " .
    "LEFT JOIN account AS a ON a.owner_id = u.id LEFT JOIN limit_count AS w ON w.user_id = " .
    "u.id AND w.scope = 'withdrawal' AND w.currency_id = a.currency_id AND w.by_value = " .
    "FALSE WHERE u.id = ";

function info(array $state, array $key): array
{
    $rows = call($state, use_key($key) . ACCOUNTS . $key['user']);
    [$id, $uuid, $login, , $level, $language, , $created, $last_login] = $rows[0];
    $wallets = [];
    usort($rows, fn ($a, $b) => $a[9] <=> $b[9]);
    foreach ($rows as $row) {
        if ($row[10] === 'available') {
            $currency = $state['currencies'][$row[9]];
            $wallets[$currency['code']] = wallet($currency, $state['limits'][$row[9]][$level], array_slice($row, 11));
        }
    }
    $rights = [];
    foreach (RIGHTS as $bit => $name) {
        if ($key['rights'] & 1 << $bit) {
            $rights[] = $name;
        }
    }
    return [
        'Login' => $login,
        'Index' => (string) $id,
        'Id' => uuid($uuid),
        'Rights' => $rights,
        'Language' => $language,
        'Created' => substr($created, 0, 19),
        'Last_Login' => $last_login === null ? null : substr($last_login, 0, 19),
        'Wallets' => $wallets ?: new stdClass(),
        'Monthly_Volume' => money($state['currencies'][1], volume($state, $key, $rows)),
        'Trade_Fee' => $state['trade_fee'],
    ];
}

function wallet(array $currency, array $limits, array $row): array
{
    [$balance, $reserved, $entries, $day, $day_amount, $month_amount, $today] = $row;
    [$single, $daily, $monthly] = $limits;
    $used_today = $day === $today ? (int) $day_amount : 0;
    $used_this_month = $day !== null && substr($day, 0, 7) === substr($today, 0, 7) ? (int) $month_amount : 0;
    $left = fn (?string $max, int $used) => $max === null ? null : max(0, (int) $max - $used);
    $all = [$left($single, 0), $left($daily, $used_today), $left($monthly, $used_this_month)];
    $limits = array_filter($all, fn ($limit) => $limit !== null);
    $limit = fn (?string $units) => $units === null ? null : money($currency, $units);
    return [
        'Balance' => money($currency, $balance),
        'Operations' => (int) $entries,
        'Daily_Withdraw_Limit' => $limit($daily),
        'Monthly_Withdraw_Limit' => $limit($monthly),
        'Max_Withdraw' => $limits === [] ? null : money($currency, (string) min($limits)),
        'Open_Orders' => money($currency, $reserved),
    ];
}

// The parameters currency and amount_int.
function amount(array $state): array
{
    $currency = null;
    foreach ($state['currencies'] as $candidate) {
        if ($candidate['code'] === param('currency')) {
            $currency = $candidate;
        }
    }
    $units = param('amount_int');
    if ($currency === null || !preg_match('/^[1-9]\d{0,17}$/', $units)) {
        throw new Refusal('invalid_parameter', 200);
    }
    return [$currency, $units];
}

// A uuid of version 7.
function uuid7(): string
{
    $bytes = substr(pack('J', (int) (microtime(true) * 1000)), 2) . random_bytes(10);
    $bytes[6] = chr(ord($bytes[6]) & 0x0f | 0x70);
    $bytes[8] = chr(ord($bytes[8]) & 0x3f | 0x80);
    return $bytes;
}

function create(array $state, array $key): array
{
    [$currency, $units] = amount($state);
    $bytes = uuid7();
    $mac = hash_hmac('sha256', "ticket-key$bytes", hex2bin($state['master']), true);
    $ticket_key = rtrim(strtr(base64_encode($mac), '+/', '-_'), '=');
    $values = ['user' => $key['user'], 'currency' => $currency['id'], 'units' => $units, 'ticket' => bytes($bytes),
        'scope' => hex('withdrawal'), 'kind' => hex('ticket'), 'partner' => hex(param('partner')), 'why' => hex('ticket_create'),
        'request_key' => bytes($key['request_key']), 'trace' => hex($_SERVER['REQUEST_ID']),
        'key_hash' => bytes(hash('sha256', $ticket_key, true))];
    $url = change($state, use_key($key), fill($state, 'offer', $values), function (array $sets) use ($state, $values, $units, $key) {
        [$counts, $rules, $offers] = $sets;
        [$partner_user, $name, $url, $verified_only, $ttl, $level, , $enabled, $posted, $available, $held, $free, $now] =
            $offers[0] ?? throw new Refusal('unknown_partner', 200);
        $today = $rules[0][2];
        [$day, $day_used, $month_used] = $counts[0] ?? [null, 0, 0];
        $used = ['single' => 0, 'day' => $day === $today ? (int) $day_used : 0,
            'month' => substr($day ?? '', 0, 7) === substr($today, 0, 7) ? (int) $month_used : 0];
        if ($posted || !$enabled || ($verified_only && $level === 'none') || (int) $free < (int) $units) {
            throw new Refusal('insufficient_funds', 200);
        }
        foreach ($rules as [$period, $maximum]) {
            if ($maximum !== null && $used[$period] + (int) $units > (int) $maximum) {
                throw new Refusal('over_limit', 200);
            }
        }
        $held = need($state, $held, ['owner' => $key['user'], 'currency' => $values['currency'], 'purpose' => hex('held')]);
        $values += ['partner_user' => $partner_user, 'now' => hex($now), 'ttl' => $ttl, 'today' => hex($today), 'held' => $held,
            'day_used' => $used['day'] + (int) $units, 'month_used' => $used['month'] + (int) $units];
        $values += ['count' => fill($state, $day === null ? 'count_first' : 'count_again', $values),
            'journal' => fill($state, 'journal', $values),
            'legs' => legs($state, [[(int) $available, "-$units", 'withdraw', "Withdrawal through $name"], [$held, $units, null, null]])];
        return [fill($state, 'create', $values), [$url]];
    })[0];
    $id = uuid($bytes);
    return [
        'ticket' => $id,
        'key' => $ticket_key,
        'partner_url' => $url === null ? null : $url . (str_contains($url, '?') ? '&' : '?') . "ticket=$id",
        'amount' => money($currency, $units),
    ];
}

function settle(array $state, array $key): array
{
    $id = str_replace('-', '', param('ticket'));
    $description = param('description');
    if (!preg_match('/^[0-9a-f]{32}$/i', $id) || !preg_match('/^.{1,255}$/su', $description)) {
        throw new Refusal('invalid_parameter', 200);
    }
    $values = ['user' => $key['user'], 'ticket' => "X'$id'", 'kind' => hex('ticket'), 'why' => hex('ticket_settle'),
        'request_key' => bytes($key['request_key']), 'trace' => hex($_SERVER['REQUEST_ID']), 'description' => hex($description),
        'open' => hex('open'), 'captured' => hex('captured')];
    $row = change($state, use_key($key), fill($state, 'look', $values), function (array $sets) use ($state, $values, $key, $description) {
        $row = $sets[0][0] ?? throw new Refusal('ticket_not_found', 200);
        [14 => $login, 15 => $partner_user, 16 => $hash, 19 => $held, 20 => $available, 21 => $to, 22 => $now, 23 => $now_s] = $row;
        if ((int) $partner_user !== $key['user'] || !hash_equals($hash, hash('sha256', param('key'), true)) || $row[4] !== 'open') {
            throw new Refusal('ticket_wrong_key', 200);
        }
        $to = need($state, $to, ['owner' => $key['user'], 'currency' => $row[5], 'purpose' => hex('available')]);
        $values += ['now' => hex($now), 'held' => $held, 'units' => $row[6]];
        $values += ['journal' => fill($state, 'journal', $values),
            'legs' => legs($state, [[(int) $held, "-$row[6]", null, null], [$to, $row[6], 'deposit', "Ticket of $login: $description"],
                [(int) $available, '0', 'withdraw', "$row[2]: $description"]])];
        return [fill($state, 'settle', $values), [4 => 'settled', 9 => $now_s, 10 => $description] + $row];
    });
    [$bytes, $partner, $status, $currency, $amount, $created, $expires, $settled, $words, $reason] =
        [$row[0], $row[1], $row[4], $row[5], $row[6], $row[7], $row[8], $row[9], $row[10], $row[11]];
    return [
        'ticket' => uuid($bytes),
        'partner' => $partner,
        'status' => $status,
        'amount' => money($state['currencies'][$currency], $amount),
        'created' => (int) $created,
        'expires' => (int) $expires,
        'settled' => $settled === null ? null : (int) $settled,
        'description' => $words,
        'reason' => $reason,
        'updates' => [],
    ];
}

// A URL of the merchant's: http or https with a host.
function url(string $name): string
{
    $url = param($name);
    if (strlen($url) > 2000 || !preg_match('~^https?://[^/\\\\?#@:][^\s\x7f]*$~i', $url)) {
        throw new Refusal('invalid_parameter', 200);
    }
    return $url;
}

function order(array $state, array $key): array
{
    [$currency, $units] = amount($state);
    [$success, $failure, $ipn] = [url('return_success'), url('return_failure'), url('ipn')];
    $parts = parse_url($ipn);
    $endpoint = strtolower($parts['host']) . ':' . ($parts['port'] ?? ($parts['scheme'] === 'https' ? 443 : 80));
    $bytes = uuid7();
    call($state, use_key($key) . sprintf(
        'INSERT INTO checkout_order (id, merchant_id, api_key_id, request_key, currency_id, amount, description, ' .
        'return_success, return_failure, ipn_url, ipn_endpoint, data, wants_mail, autosell, instant_only, multipay, ' .
        "created_at, expires_at) SELECT X'%s', %d, %d, '%s', %d, %s, IF(%s = '', CONCAT('Payment to ', " .
        "(SELECT login FROM user WHERE id = %d)), %s), %s, %s, %s, %s, X'%s', 0, 0, 0, 0, NOW(6), " .
        'NOW(6) + INTERVAL 3600 SECOND FROM DUAL WHERE (SELECT enabled FROM currency WHERE id = %d)',
        bin2hex($bytes), $key['user'], $key['id'], $key['request_key'], $currency['id'], $units, hex(param('description')),
        $key['user'], hex(param('description')), hex($success), hex($failure), hex($ipn), hex($endpoint),
        bin2hex(param('data')), $currency['id']));
    $id = uuid($bytes);
    return ['transaction' => $id, 'payment_url' => "{$state['base_url']}/pay/$id"];
}

// At most 10,000 orders, the oldest first.
function orders(array $state, array $key): array
{
    $rows = call($state, use_key($key) . 'SELECT oid, market_id, side, status, amount, remaining, funded, price, '
        . 'stop_price, created_at FROM market_order '
        . "WHERE user_id = {$key['user']} AND ended_at IS NULL ORDER BY id LIMIT 10000");
    $list = [];
    foreach ($rows as [$oid, $market, $side, $status, , $remaining, $funded, $price, $stop, $created]) {
        [$item, $currency] = array_map(fn ($id) => $state['currencies'][$id], $state['markets'][$market]);
        $date = strtotime($created);
        $order = [
            'oid' => uuid($oid),
            'currency' => $currency['code'],
            'item' => $item['code'],
            'type' => $side,
            'amount' => money($item, $remaining),
            'effective_amount' => money($item, $funded),
        ];
        if ($price !== null) {
            $order['price'] = money($currency, $price);
        }
        if ($stop !== null) {
            $order['stop'] = money($currency, $stop);
        }
        $list[] = $order + [
            'status' => $status,
            'date' => $date,
            'priority' => $date . substr($created, 20),
            'actions' => [],
        ];
    }
    return $list;
}

$calls = [
    'info' => ['info', 0],
    'ticket/create' => ['create', 3],
    'ticket/settle' => ['settle', 5],
    'merchant/order/create' => ['order', 4],
    'orders' => ['orders', 0],
];

try {
    [$function, $right] = $calls[$_SERVER['TELLER_CALL']] ?? throw new Refusal('unknown_method', 404);
    $key = caller($state, file_get_contents('php://input'), $right);
    $answer = ['result' => 'success', 'return' => $function($state, $key)];
} catch (Refusal $refusal) {
    http_response_code($refusal->getCode());
    $answer = ['result' => 'error', 'error' => DENIED, 'token' => $refusal->getMessage()];
} catch (DatabaseError $e) {
    error_log($e->getMessage());
    http_response_code(500);
    $answer = ['result' => 'error', 'error' => 'database error', 'token' => 'db'];
}
header('Content-Type: application/json');
echo json_encode($answer);
