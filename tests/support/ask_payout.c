/* ask_payout: asks for a payout out of a user's account, as services do, and prints its id.
 *   usage: ask_payout LOGIN RAIL CURRENCY TOTAL ADDRESS [REF [PURPOSE [COUNT]]]
 * PURPOSE is the account's, "available"; COUNT of them are named REF-1, REF-2 ...
 * The configuration is TELLER_CONFIG's. An error is printed as "error ID", with exit status 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "house/house.h"
#include "identity/user.h"
#include "ledger/ledger.h"
#include "payout/payout.h"

static enum err ask(struct db *db, char **words, const char *ref, const char *purpose,
                    struct payout *out)
{
    const struct currency *currency = currency_by_code(words[2], strlen(words[2]));
    char key[UUID_TEXT_SIZE];
    struct uuid id = crypto_uuid4();
    struct user user;
    struct amount total;

    if (currency == NULL)
        return ERR_CURRENCY_UNKNOWN;
    enum err rc = amount_parse(words[3], strlen(words[3]), currency, &total);
    if (rc == ERR_OK)
        rc = user_by_login(db, words[0], &user);
    if (rc != ERR_OK)
        return rc;
    uuid_format(&id, key);
    const struct actor actor = {.user_id = user.id, .request_key = key, .trace = "test"};
    const struct payout_request request = {.service = "test",
                                           .ref = ref == NULL ? key : ref,
                                           .actor = &actor,
                                           .purpose = purpose,
                                           .rail = words[1],
                                           .total = total,
                                           .address = words[4]};
    return payout_request(db, &request, out, NULL);
}

int main(int argc, char **argv)
{
    struct config config;
    struct text problem = TEXT(1024);
    struct payout payout;
    struct db *db = NULL;
    int64_t count = 1;
    char ref[PAYOUT_REF_MAX + 1];

    if (argc < 6 || argc > 9 || (argc == 9 && !text_to_number(argv[8], 1, 100000, &count))) {
        fputs("usage: see the head of tests/support/ask_payout.c\n", stderr);
        return 2;
    }
    house_register();
    enum err rc = config_load(NULL, &config, &problem);
    if (rc == ERR_OK)
        rc = crypto_start();
    if (rc == ERR_OK)
        rc = db_open_config(&config, false, &db);
    if (rc == ERR_OK)
        rc = ledger_load(db);
    for (int64_t i = 1; rc == ERR_OK && i <= count; i++) {
        if (argc == 9)
            snprintf(ref, sizeof(ref), "%.40s-%lld", argv[6], (long long)i);
        else
            text_copy(ref, sizeof(ref), argc > 6 ? argv[6] : "");
        rc = ask(db, argv + 1, argc > 6 ? ref : NULL, argc > 7 ? argv[7] : "available", &payout);
        if (rc == ERR_OK)
            printf("%lld\n", (long long)payout.id);
    }
    if (rc != ERR_OK)
        printf("error %s\n", err_id(rc));
    db_close(db);
    config_free(&config);
    text_free(&problem);
    return rc == ERR_OK ? 0 : 1;
}
