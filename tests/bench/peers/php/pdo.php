<?php
// The database through PDO, whose persistent connections are used as the last request left them.
declare(strict_types=1);

// Sends the statements in one packet and gives the rows of each result set. Throws DatabaseError.
function run(array $state, string $sql): array
{
    static $db = null;
    try {
        $db ??= new PDO("mysql:unix_socket={$state['socket']};dbname={$state['database']};charset=utf8mb4",
            $state['user'], $state['password'],
            [PDO::ATTR_PERSISTENT => true, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
        $statement = $db->query($sql);
        $sets = [];
        do {
            if ($statement->columnCount() > 0) {
                $sets[] = $statement->fetchAll(PDO::FETCH_NUM);
            }
        } while ($statement->nextRowset());
        return $sets;
    } catch (PDOException $e) {
        throw new DatabaseError((string) $e->errorInfo[0], (int) $e->errorInfo[1], (string) $e->errorInfo[2]);
    }
}
