<?php
// The database through mysqli. Its persistent connections are reset at the begin of each request
// (COM_CHANGE_USER), with which the server forgets the procedures that it had parsed.
declare(strict_types=1);

mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);

// Sends the statements in one packet and gives the rows of the last result set. Throws DatabaseError.
function run(array $state, string $sql): array
{
    try {
        $db = new mysqli('p:localhost', $state['user'], $state['password'], $state['database'], 0, $state['socket']);
        $db->multi_query($sql);
        $rows = [];
        do {
            if ($result = $db->store_result()) {
                $rows = $result->fetch_all(MYSQLI_NUM);
                $result->free();
            }
        } while ($db->next_result());
        return $rows;
    } catch (mysqli_sql_exception $e) {
        throw new DatabaseError($e->getSqlState(), $e->getCode(), $e->getMessage());
    }
}
