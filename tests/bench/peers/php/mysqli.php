<?php
// The database through mysqli. Its persistent connections are reset at the begin of each request
// (COM_CHANGE_USER), with which the server forgets the procedures that it had parsed.
declare(strict_types=1);

mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);

// Sends the statements in one packet and gives the rows of each result set. Throws DatabaseError. One connection a request.
function run(array $state, string $sql): array
{
    static $db = null;
    try {
        $db ??= new mysqli('p:localhost', $state['user'], $state['password'], $state['database'], 0, $state['socket']);
        $db->multi_query($sql);
        $sets = [];
        do {
            if ($result = $db->store_result()) {
                $sets[] = $result->fetch_all(MYSQLI_NUM);
                $result->free();
            }
        } while ($db->next_result());
        return $sets;
    } catch (mysqli_sql_exception $e) {
        throw new DatabaseError($e->getSqlState(), $e->getCode(), $e->getMessage());
    }
}
