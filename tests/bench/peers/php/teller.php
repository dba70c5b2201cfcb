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

// Runs the statements; a refusal by a procedure ends the request, a deadlock is tried again.
function call(array $state, string $sql): array
{
    for ($tries = 1;; $tries++) {
        try {
            return run($state, $sql);
        } catch (DatabaseError $e) {
            if ($e->state === '45000') {
                $denied = str_starts_with($e->getMessage(), 'login_error');
                throw new Refusal($e->getMessage(), $denied ? 403 : 200);
            }
            if (!in_array($e->getCode(), [1213, 1205, 1020], true) || $tries === 5) {
                throw $e;
            }
        }
    }
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

function info(array $state, array $key): array
{
    $rows = call($state, use_key($key) . "CALL account_info({$key['user']})");
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
    $rows = call($state, use_key($key) . sprintf(
        "CALL ticket_create(%d, '%s', '%s', X'%s', X'%s', %s, %d, %s, NULL, NULL)",
        $key['user'], $key['request_key'], $_SERVER['REQUEST_ID'], bin2hex($bytes), hash('sha256', $ticket_key),
        hex(param('partner')), $currency['id'], $units));
    [$url] = array_values($rows[0]);
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
    $rows = call($state, use_key($key) . sprintf(
        "CALL ticket_settle(%d, '%s', '%s', X'%s', X'%s', X'%s', %s)",
        $key['user'], $key['request_key'], $_SERVER['REQUEST_ID'], $id, hash('sha256', param('key')),
        bin2hex(random_bytes(16)), hex($description)));
    [$bytes, $partner, , $status, $currency, $amount, $created, $expires, $settled, $words, $reason] =
        array_values($rows[0]);
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
        "CALL checkout_create(%d, '%s', X'%s', %d, %d, %s, %s, %s, %s, %s, %s, X'%s', 0, 0, 0, 0, 3600)",
        $key['user'], $key['request_key'], bin2hex($bytes), $key['id'], $currency['id'], $units, hex(param('description')),
        hex($success), hex($failure), hex($ipn), hex($endpoint), bin2hex(param('data'))));
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
