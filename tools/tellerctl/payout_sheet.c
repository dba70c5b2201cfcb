/* payout export | import: the sheet of a rail that is worked by hand, out and back in. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "payout/operate.h"
#include "tools/tellerctl/csv.h"
#include "tools/tellerctl/payout.h"

#define LINE_MAX_BYTES 8192
#define SHEET_MAX (8 << 20) /* bytes */

enum column { ID, RAIL, CURRENCY, AMOUNT, ADDRESS, MEMO, STATE, REFERENCE, NOTE, COLUMNS };

static const char *const column_names[COLUMNS] = {"id",   "rail",  "currency",  "amount", "address",
                                                  "memo", "state", "reference", "note"};

/* A sheet that is written. */
struct sheet {
    struct text text;
    int64_t count;
};

static void begin_sheet(struct sheet *sheet)
{
    *sheet = (struct sheet){.text = TEXT(SHEET_MAX)};
    for (int i = 0; i < COLUMNS; i++)
        csv_add(&sheet->text, column_names[i]);
    csv_end(&sheet->text);
}

static void add_row(void *arg, const struct payout *payout)
{
    struct sheet *sheet = arg;
    char id[24], amount[AMOUNT_TEXT_SIZE];

    snprintf(id, sizeof(id), "%lld", (long long)payout->id);
    amount_format(payout->amount, amount);
    const char *const cells[COLUMNS] = {id,
                                        payout->rail,
                                        payout->amount.currency->code,
                                        amount,
                                        payout->address,
                                        payout->memo,
                                        "",
                                        "",
                                        ""};
    for (int i = 0; i < COLUMNS; i++)
        csv_add(&sheet->text, cells[i]);
    csv_end(&sheet->text);
    sheet->count++;
}

static bool write_file(const char *name, const struct text *text)
{
    FILE *file = fopen(name, "wxe"); /* never over one that is there */

    if (file == NULL)
        return false;
    bool written = fwrite(text_string(text), 1, text->len, file) == text->len;
    return fclose(file) == 0 && written;
}

int payout_export(struct ctl *ctl)
{
    struct sheet sheet;

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    begin_sheet(&sheet);
    enum err rc = payout_sheet(ctl->db, ctl_operator(), ctl->args[0], add_row, &sheet);
    if (rc == ERR_OK && sheet.text.full)
        rc = ERR_TOO_LARGE;
    int status = rc == ERR_OK ? CTL_DONE : ctl_fail(ctl, rc, ctl->args[0]);
    if (status == CTL_DONE && !write_file(ctl->args[1], &sheet.text))
        status = ctl_fail_words(ctl, ERR_IO, strerror(errno));
    text_free(&sheet.text);
    if (status != CTL_DONE)
        return status;
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "rail", ctl->args[0]);
    writer_int(json, "payouts", sheet.count);
    writer_text(json, "file", ctl->args[1]);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

/* A sheet that is read: its rows point into its lines. */
struct reading {
    struct ctl *ctl;
    char *lines[PAYOUT_SHEET_MAX];
    size_t numbers[PAYOUT_SHEET_MAX]; /* of the lines in the file */
    struct payout_settled rows[PAYOUT_SHEET_MAX];
    size_t count, number;
    int64_t waiting; /* rows without a state: not settled yet */
};

static int fail_line(struct reading *reading, size_t number, const char *column, enum err rc)
{
    char words[256];

    snprintf(words, sizeof(words), "line %zu%s%s: %s", number, column[0] == '\0' ? "" : ", ",
             column, err_text(rc));
    return ctl_fail_words(reading->ctl, rc, words);
}

/* What a line says; its cells stay. */
static int take_cells(struct reading *reading, char *cells[COLUMNS])
{
    struct payout_settled *row = &reading->rows[reading->count];
    const struct currency *currency = currency_by_code(cells[CURRENCY], strlen(cells[CURRENCY]));

    *row = (struct payout_settled){.rail = cells[RAIL],
                                   .address = cells[ADDRESS],
                                   .memo = cells[MEMO],
                                   .reference = cells[REFERENCE],
                                   .note = cells[NOTE]};
    if (!text_to_number(cells[ID], 1, INT64_MAX, &row->id))
        return fail_line(reading, reading->number, "id", ERR_INVALID);
    if (currency == NULL)
        return fail_line(reading, reading->number, "currency", ERR_CURRENCY_UNKNOWN);
    enum err rc = amount_parse(cells[AMOUNT], strlen(cells[AMOUNT]), currency, &row->amount);
    if (rc != ERR_OK)
        return fail_line(reading, reading->number, "amount", rc);
    if (!payout_state_find(cells[STATE], &row->to))
        return fail_line(reading, reading->number, "state", ERR_INVALID);
    reading->numbers[reading->count++] = reading->number;
    return CTL_DONE;
}

static int take_line(struct reading *reading, const char *text)
{
    char *cells[COLUMNS + 1];

    reading->number++;
    if (text[strspn(text, " \r\n")] == '\0')
        return CTL_DONE;
    if (reading->count == PAYOUT_SHEET_MAX)
        return ctl_fail_words(reading->ctl, ERR_OUT_OF_RANGE, "the sheet has too many rows");
    char *line = strdup(text);
    if (line == NULL)
        return ctl_fail(reading->ctl, ERR_NO_MEMORY, NULL);
    reading->lines[reading->count] = line;
    int status = CTL_DONE;
    if (csv_cut(line, cells, COLUMNS + 1) != COLUMNS)
        status = fail_line(reading, reading->number, "", ERR_INVALID);
    else if (reading->number == 1) {
        for (int i = 0; status == CTL_DONE && i < COLUMNS; i++)
            if (strcmp(cells[i], column_names[i]) != 0)
                status = fail_line(reading, 1, column_names[i], ERR_INVALID);
    } else if (cells[STATE][0] == '\0') {
        reading->waiting++;
    } else {
        size_t before = reading->count;
        status = take_cells(reading, cells);
        if (reading->count > before)
            line = NULL; /* kept */
    }
    free(line);
    return status;
}

static int read_file(struct reading *reading, FILE *file)
{
    char text[LINE_MAX_BYTES];
    int status = CTL_DONE;

    while (status == CTL_DONE && fgets(text, sizeof(text), file) != NULL) {
        if (strchr(text, '\n') == NULL && !feof(file))
            return fail_line(reading, reading->number + 1, "", ERR_TOO_LONG);
        status = take_line(reading, text);
    }
    if (status == CTL_DONE && reading->number == 0)
        status = ctl_fail_words(reading->ctl, ERR_EMPTY, "the file is empty");
    return status;
}

static int settle_rows(struct reading *reading)
{
    struct ctl *ctl = reading->ctl;
    size_t place = 0;

    enum err rc = payout_settle_all(ctl->db, ctl_operator(), reading->rows, reading->count, &place);
    if (rc != ERR_OK)
        return fail_line(reading, reading->count == 0 ? 0 : reading->numbers[place], "", rc);
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_int(json, "settled", (int64_t)reading->count);
    writer_int(json, "waiting", reading->waiting);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

int payout_import(struct ctl *ctl)
{
    struct reading *reading = calloc(1, sizeof(*reading));
    FILE *file = fopen(ctl->args[0], "re");
    int status = CTL_FAILED;

    if (file == NULL || reading == NULL) {
        status = ctl_fail(ctl, ERR_IO, ctl->args[0]);
    } else if (ctl_connect(ctl) == ERR_OK) {
        reading->ctl = ctl;
        status = read_file(reading, file);
        if (status == CTL_DONE)
            status = settle_rows(reading);
    }
    for (size_t i = 0; reading != NULL && i < reading->count; i++)
        free(reading->lines[i]);
    free(reading);
    if (file != NULL)
        fclose(file);
    return status;
}
