/* archive: rows that nothing happens to any more move to compressed tables, step by step beside the load. */
#include "db/archive.h"

#include "base/clock.h"
#include "base/wait.h"
#include "identity/request.h"
#include "tools/tellerctl/database.h"

#define DAY_S 86400
#define DAYS_MAX 36500
#define SECONDS_MAX 86400
#define REST_MS 5 /* between two steps, at least: as long as the step took */

/* A whole number that an option gives; `*out` stays as it is where it is not given. */
static enum err read_number(struct ctl *ctl, const char *option, int64_t least, int64_t most,
                            int64_t *out)
{
    const char *text = ctl_option(ctl, option);

    if (text == NULL || text_to_number(text, least, most, out))
        return ERR_OK;
    ctl_fail(ctl, ERR_INVALID, option);
    return ERR_INVALID;
}

/* All steps of one archive, up to a moment of the clock that only goes forward (0: none). */
static enum err run_steps(struct db *db, const struct archive *archive, int64_t until_us,
                          struct archive_step *step)
{
    enum err rc = ERR_OK;

    step->more = true;
    while (rc == ERR_OK && step->more && (until_us == 0 || clock_mono_us() < until_us)) {
        int64_t begin_us = clock_mono_us();
        uint64_t before = step->moved;
        rc = archive_step(db, archive, step);
        if (step->moved > before)
            wait_ms((int)((clock_mono_us() - begin_us) / 1000) + REST_MS);
    }
    return rc;
}

int ctl_archive(struct ctl *ctl)
{
    struct writer *json = ctl_result(ctl);
    int64_t days = REQUEST_KEPT_DAYS, seconds = 0;
    size_t count;
    const struct archive *const *list = archives(&count);

    if (read_number(ctl, "older", REQUEST_KEPT_DAYS, DAYS_MAX, &days) != ERR_OK ||
        read_number(ctl, "for", 1, SECONDS_MAX, &seconds) != ERR_OK)
        return CTL_USAGE;
    enum err rc = db_open_config(&ctl->config, true, &ctl->db);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->config.database_owner_password_file);
    int64_t until_us = seconds == 0 ? 0 : clock_mono_us() + seconds * 1000000;
    writer_object(json, NULL);
    for (size_t i = 0; rc == ERR_OK && i < count; i++) {
        struct archive_step step = {.before_s = clock_now_us() / 1000000 - days * DAY_S};
        rc = run_steps(ctl->db, list[i], until_us, &step);
        writer_int(json, list[i]->name, (int64_t)step.moved);
    }
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    ctl_print(ctl);
    return CTL_DONE;
}
