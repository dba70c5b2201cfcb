/* Shows, under valgrind, that a comparison of secrets does not depend on them: their bytes are marked
 * as undefined, and valgrind complains of every branch and every address that depends on such a byte.
 * Only the outcome is anybody's to know.
 *   usage: secrets          must pass       secrets --leak   compares with memcmp, which must not
 * Exit 2 where valgrind does not watch. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "crypto/crypto.h"

#define SECRET_SIZE 64

int main(int argc, char **argv)
{
    bool leak = argc > 1 && strcmp(argv[1], "--leak") == 0;
    uint8_t secret[SECRET_SIZE], guess[SECRET_SIZE];

    if (RUNNING_ON_VALGRIND == 0 || crypto_start() != ERR_OK)
        return 2;
    for (size_t differs = 0; differs <= SECRET_SIZE; differs++) {
        memset(secret, 7, sizeof(secret));
        memset(guess, 7, sizeof(guess));
        if (differs < SECRET_SIZE)
            guess[differs] = 8;
        (void)VALGRIND_MAKE_MEM_UNDEFINED(secret, sizeof(secret));
        bool equal = leak ? memcmp(secret, guess, SECRET_SIZE) == 0
                          : crypto_equal(secret, guess, SECRET_SIZE);
        (void)VALGRIND_MAKE_MEM_DEFINED(&equal, sizeof(equal));
        if (equal != (differs == SECRET_SIZE)) {
            printf("wrong at byte %zu\n", differs);
            return 1;
        }
    }
    return 0;
}
