/* The file of what was signed for today, and the sums over it. */
#include "tools/signer/budget.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/failpoint.h"
#include "money/decimal.h"

#define DAY_US (INT64_C(86400) * 1000000)
#define LINE_SIZE 256
#define FIRST_ROOM 64

/* --- records ------------------------------------------------------------------------------------ */

static uint32_t *chain_of(struct budget *budget, const uint8_t key[SHA256_SIZE])
{
    return &budget->chains[((unsigned)key[0] << 8 | key[1]) % BUDGET_CHAINS];
}

/* The most that the key was charged for, 0 where it was not: a later record is larger. */
static __int128 charged_before(struct budget *budget, const uint8_t key[SHA256_SIZE],
                               const char *name)
{
    for (uint32_t at = *chain_of(budget, key); at != 0; at = budget->records[at - 1].next)
        if (memcmp(budget->records[at - 1].key, key, SHA256_SIZE) == 0 &&
            strcmp(budget->records[at - 1].name, name) == 0)
            return budget->records[at - 1].units;
    return 0;
}

/* The day's sum of a limit; NULL where the names are too many. */
static __int128 *sum_of(struct budget *budget, const char *name)
{
    for (size_t i = 0; i < budget->sum_count; i++)
        if (strcmp(budget->sums[i].name, name) == 0)
            return &budget->sums[i].units;
    if (budget->sum_count == sizeof(budget->sums) / sizeof(budget->sums[0]))
        return NULL;
    struct budget_sum *sum = &budget->sums[budget->sum_count++];
    *sum = (struct budget_sum){0};
    text_copy(sum->name, sizeof(sum->name), name);
    return &sum->units;
}

static bool make_room(struct budget *budget)
{
    if (budget->count < budget->room)
        return true;
    size_t room = budget->room == 0 ? FIRST_ROOM : 2 * budget->room;
    struct budget_record *grown = realloc(budget->records, room * sizeof(*grown));
    if (grown == NULL)
        return false;
    budget->records = grown;
    budget->room = room;
    return true;
}

static enum err add_record(struct budget *budget, const struct budget_record *record)
{
    __int128 before = charged_before(budget, record->key, record->name);
    __int128 *sum = sum_of(budget, record->name);
    uint32_t *chain = chain_of(budget, record->key);

    if (sum == NULL || record->units <= before ||
        __builtin_add_overflow(*sum, record->units - before, sum))
        return ERR_CONFIG;
    if (!make_room(budget))
        return ERR_NO_MEMORY;
    budget->records[budget->count] = *record;
    budget->records[budget->count++].next = *chain;
    *chain = (uint32_t)budget->count;
    return ERR_OK;
}

/* Begins a day, unless a later one was seen. */
static void turn_day(struct budget *budget, int64_t day)
{
    if (day <= budget->day)
        return;
    budget->day = day;
    budget->stale = true;
    budget->count = budget->sum_count = 0;
    memset(budget->chains, 0, sizeof(budget->chains));
}

static int64_t today(void)
{
    return clock_now_us() / DAY_US;
}

/* --- the file ----------------------------------------------------------------------------------- */

/* Reads "DAY KEY LIMIT UNITS". */
static bool read_line(char *line, int64_t *day, struct budget_record *out)
{
    char *words[4], *rest = line;

    for (int i = 0; i < 4; i++) {
        words[i] = strsep(&rest, " ");
        if (words[i] == NULL)
            return false;
    }
    text_copy(out->name, sizeof(out->name), words[2]);
    return rest == NULL && text_to_number(words[0], 0, INT32_MAX, day) &&
           hex_decode(words[1], strlen(words[1]), out->key, sizeof(out->key)) &&
           strcmp(out->name, words[2]) == 0 &&
           int128_parse(words[3], strlen(words[3]), &out->units) && out->units > 0;
}

/* Reads all lines; `*end` is where the last whole one ends. */
static enum err read_file(struct budget *budget, FILE *file, off_t *end, struct text *problem)
{
    char line[LINE_SIZE];
    struct budget_record record;
    int64_t day;

    *end = 0;
    for (unsigned number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
        size_t len = strlen(line);
        if (len == 0 || line[len - 1] != '\n') {
            if (feof(file))
                return ERR_OK; /* cut off */
            text_addf(problem, "%s:%u: is damaged", budget->path, number);
            return ERR_CONFIG;
        }
        *end += (off_t)len;
        line[len - 1] = '\0';
        if (!read_line(line, &day, &record) || day < budget->day) {
            text_addf(problem, "%s:%u: is damaged", budget->path, number);
            return ERR_CONFIG;
        }
        turn_day(budget, day);
        budget->stale = false; /* here is a line of that day */
        enum err rc = add_record(budget, &record);
        if (rc == ERR_CONFIG)
            text_addf(problem, "%s:%u: is damaged", budget->path, number);
        if (rc != ERR_OK)
            return rc;
    }
    return ERR_OK;
}

static enum err io_problem(const struct budget *budget, struct text *problem)
{
    text_addf(problem, "%s: %s", budget->path, strerror(errno));
    return errno == ENOENT ? ERR_CONFIG : ERR_IO;
}

enum err budget_open(const char *path, struct budget *out, struct text *problem)
{
    off_t end;

    *out = (struct budget){.path = path, .fd = open(path, O_RDWR | O_CLOEXEC)};
    if (out->fd < 0)
        return io_problem(out, problem);
    if (flock(out->fd, LOCK_EX | LOCK_NB) != 0) {
        text_addf(problem, "%s: another signer uses it", path);
        return ERR_CONFIG;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return io_problem(out, problem);
    enum err rc = read_file(out, file, &end, problem);
    fclose(file);
    if (rc == ERR_OK &&
        (ftruncate(out->fd, end) != 0 || lseek(out->fd, 0, SEEK_END) != end || fsync(out->fd) != 0))
        rc = io_problem(out, problem);
    turn_day(out, today());
    return rc;
}

void budget_close(struct budget *budget)
{
    if (budget->fd >= 0)
        close(budget->fd);
    budget->fd = -1;
    free(budget->records);
    budget->records = NULL;
    budget->count = budget->room = 0;
}

static void add_line(const struct budget *budget, const struct budget_record *record,
                     struct text *lines)
{
    char units[DECIMAL_TEXT_SIZE];

    int128_format(record->units, units);
    text_addf(lines, "%" PRId64 " ", budget->day);
    text_hex(lines, record->key, sizeof(record->key));
    text_addf(lines, " %s %s\n", record->name, units);
}

/* Lines of days that are over are of no use any more: the first of a day takes their place. */
static bool begin_file(struct budget *budget)
{
    if (budget->stale && (ftruncate(budget->fd, 0) != 0 || lseek(budget->fd, 0, SEEK_SET) != 0))
        return false;
    budget->stale = false;
    return true;
}

/* Appends; where that fails it is not known any more how the file ends, and nothing may follow. */
static enum err append(struct budget *budget, const struct text *lines)
{
    if (budget->fd < 0)
        return ERR_IO;
    if (lines->full)
        return ERR_NO_MEMORY;
    failpoint();
    if (!begin_file(budget) || write(budget->fd, lines->data, lines->len) != (ssize_t)lines->len ||
        fdatasync(budget->fd) != 0) {
        budget_close(budget);
        return ERR_IO;
    }
    failpoint();
    return ERR_OK;
}

/* Whether a charge fits, and the record for it; `units` 0 where it was paid for before. */
static enum err check_charge(struct budget *budget, const uint8_t key[SHA256_SIZE],
                             const struct budget_charge *charge, struct budget_record *out)
{
    const struct policy_limit *limit = charge->limit;
    __int128 before = charged_before(budget, key, limit->name), sum;
    const __int128 *so_far = sum_of(budget, limit->name);

    *out = (struct budget_record){0};
    if (charge->units <= before)
        return ERR_OK;
    if (so_far == NULL || budget->count + BUDGET_CHARGES_MAX > BUDGET_RECORDS_MAX ||
        __builtin_add_overflow(*so_far, charge->units - before, &sum) || sum > limit->per_day)
        return ERR_OVER_DAILY_LIMIT;
    out->units = charge->units;
    memcpy(out->key, key, SHA256_SIZE);
    text_copy(out->name, sizeof(out->name), limit->name);
    return ERR_OK;
}

enum err budget_charge(struct budget *budget, const uint8_t key[SHA256_SIZE],
                       const struct budget_charge *charges, size_t count)
{
    struct budget_record records[BUDGET_CHARGES_MAX];
    struct text lines = TEXT(BUDGET_CHARGES_MAX * LINE_SIZE);
    enum err rc = budget->fd < 0 ? ERR_IO : ERR_OK;

    turn_day(budget, today());
    for (size_t i = 0; i < count && rc == ERR_OK; i++) {
        rc = check_charge(budget, key, &charges[i], &records[i]);
        if (rc == ERR_OK && records[i].units > 0)
            add_line(budget, &records[i], &lines);
    }
    if (rc == ERR_OK && lines.len > 0)
        rc = append(budget, &lines);
    for (size_t i = 0; i < count && rc == ERR_OK; i++)
        if (records[i].units > 0)
            rc = add_record(budget, &records[i]);
    text_free(&lines);
    return rc;
}
