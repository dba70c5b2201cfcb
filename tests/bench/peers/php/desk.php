<?php
// The exchange desk's get_calc and get_directions, as a careful PHP programmer would write them, without a framework: key and data in
// one packet, answers the same as ours. For directions without fees, tiers and steps, which those of the benchmark are.
declare(strict_types=1);

date_default_timezone_set('UTC');
require __DIR__ . '/mysqli.php';

final class DatabaseError extends Exception
{
    public function __construct(public readonly string $state, int $code, string $message)
    {
        parent::__construct($message, $code);
    }
}

const METHODS = ['get_directions' => 1 << 2, 'get_calc' => 1 << 5];

$state = include $_SERVER['TELLER_STATE'];
$method = $_SERVER['TELLER_CALL'];
$login = bin2hex($_SERVER['HTTP_API_LOGIN'] ?? '');
$key = "SELECT k.methods, k.user_id, k.networks, k.secret_hash, c.api_mode, c.maintenance FROM desk_key AS k "
    . "JOIN desk_setting AS c ON c.id = 1 WHERE k.login = X'$login' AND k.revoked_at IS NULL";

function answer(int|string $error, string $text, mixed $data): never
{
    header('Content-Type: application/json; charset=utf-8');
    exit(json_encode(['error' => $error, 'error_text' => $text, 'data' => $data]));
}

function refuse(int $error, string $text): never
{
    header('Content-Type: application/json; charset=utf-8');
    exit(json_encode(['error' => $error, 'error_text' => $text]));
}

// Checks the key's row; the system's own keys are of no user.
function check(?array $row, string $method): void
{
    if ($row === null || !hash_equals($row[3], hash('sha256', $_SERVER['HTTP_API_KEY'] ?? '', true)) || $row[4] !== 'all') {
        refuse(1, 'Api disabled');
    }
    if ($row[2] !== '' && !in_array($_SERVER['REMOTE_ADDR'], explode(',', $row[2]), true)) {
        refuse(2, 'IP blocked');
    }
    if (((int) $row[0] & METHODS[$method]) === 0) {
        refuse(3, 'Method not supported');
    }
    if ($row[5]) {
        answer('2', 'maintenance', []);
    }
}

// Smallest units as a decimal without zeros at the end.
function short(string|int $units, int $decimals): string
{
    $digits = str_pad((string) $units, $decimals + 1, '0', STR_PAD_LEFT);
    return rtrim(rtrim(substr($digits, 0, -$decimals) . '.' . substr($digits, -$decimals), '0'), '.');
}

function directions(array $state, string $key): void
{
    $give = (int) ($_POST['currency_id_give'] ?? 0);
    [$keys, $rows] = run($state, "$key; SELECT d.id, g.id, g.name, g.logo, h.id, h.name, h.logo FROM desk_direction AS d "
        . "JOIN desk_system AS g ON g.id = d.give_id AND g.give_on JOIN desk_system AS h ON h.id = d.get_id AND h.get_on "
        . "WHERE d.give_id = $give AND d.state <> 'off' AND d.access <> 'site' ORDER BY d.sort, d.id");
    check($keys[0] ?? null, 'get_directions');
    $list = [];
    foreach ($rows as [$id, $give_id, $give_name, $give_logo, $get_id, $get_name, $get_logo]) {
        $list[] = ['direction_id' => $id, 'currency_give_id' => $give_id, 'currency_give_title' => $give_name,
            'currency_give_logo' => $give_logo ?? '', 'currency_get_id' => $get_id, 'currency_get_title' => $get_name,
            'currency_get_logo' => $get_logo ?? ''];
    }
    answer(0, '', $list);
}

function calc(array $state, string $key): void
{
    $id = (int) ($_POST['direction_id'] ?? 0);
    [$keys, $rows] = run($state, "$key; SELECT r.give, r.get, g.currency_id, h.currency_id, g.decimals, h.decimals, d.min_give, d.max_give, "
        . 'd.min_get, d.max_get, (SELECT a.balance FROM account AS a WHERE a.owner_id = 1 AND a.purpose = \'reserve\' AND a.currency_id = '
        . 'h.currency_id AND a.rail = h.rail) FROM desk_direction AS d JOIN desk_rate AS r ON r.id = d.rate_id JOIN desk_system AS g '
        . "ON g.id = d.give_id JOIN desk_system AS h ON h.id = d.get_id WHERE d.id = $id AND d.state <> 'off' AND d.access <> 'site'");
    check($keys[0] ?? null, 'get_calc');
    $row = $rows[0] ?? answer('1', 'direction not found', []);
    [$give, $get, $give_currency, $get_currency, $give_decimals, $get_decimals, $min_give, $max_give, $min_get, $max_get, $reserve] = $row;
    [$from, $to] = [$state['currencies'][$give_currency], $state['currencies'][$get_currency]];
    // the rate as whole numbers of the same scale
    [$whole, $part] = explode('.', "$get.");
    $scale = 10 ** strlen($part);
    $amount = $_POST['calc_amount'] ?? '';
    if (!preg_match('/^\d{1,9}(\.\d{1,2})?$/', $amount)) {
        $amount = '1';
    }
    [$units, $cents] = explode('.', "$amount.");
    $sum1 = ((int) $units * 100 + (int) str_pad($cents, 2, '0')) * 10 ** ($from['decimals'] - 2);
    $grid = 10 ** ($to['decimals'] - (int) $get_decimals);
    $sum2 = intdiv(intdiv($sum1 * (int) "$whole$part", (int) $give * $scale), $grid) * $grid;
    $limit = fn (?string $units, array $currency) => $units === null ? 'no' : short($units, $currency['decimals']);
    answer('0', '', [
        'currency_code_give' => $from['code'],
        'currency_code_get' => $to['code'],
        'reserve' => short($reserve ?? '0', $to['decimals']),
        'course_give' => $give,
        'course_get' => $get,
        'sum_give' => short($sum1, $from['decimals']),
        'sum_give_com' => short($sum1, $from['decimals']),
        'sum_get' => short($sum2, $to['decimals']),
        'sum_get_com' => short($sum2, $to['decimals']),
        'com_give' => '',
        'com_get' => '',
        'min_give' => $limit($min_give, $from),
        'max_give' => $limit($max_give, $from),
        'min_get' => $limit($min_get, $to),
        'max_get' => $limit($max_get, $to),
        'changed' => '0',
    ]);
}

$method === 'get_calc' ? calc($state, $key) : directions($state, $key);
